package import Configuration
import Glibc

/// The directory of what must survive the agent, on disk.
///
/// A file is replaced as a whole or not at all: it is written beside the old one, brought to the
/// disk, and renamed.
package struct StateDirectory: Sendable {
  /// Why a file cannot be kept, in words.
  package struct Problem: Error, CustomStringConvertible {
    /// What was tried, and what the system said.
    package let description: String

    init(_ action: String, _ path: String, _ code: Int32) {
      // SAFETY: strerror's text is copied at once.
      let text = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
      description = "cannot \(action) \(path): \(text)"
    }
  }

  /// The path of the directory.
  package let path: String

  /// The file of restarts counted, poison and pauses.
  package static let stateFile = "state.json"
  /// The file of the last good configuration.
  package static let configurationFile = "vole.toml"

  /// Names a directory; nothing is opened.
  package init(path: String) { self.path = path }

  /// The path of a file in it.
  package func path(of file: String) -> String { "\(path)/\(file)" }

  /// Reads a file; nil when there is none.
  package func read(_ file: String, limit: Int) throws(FileError) -> [UInt8]? {
    do throws(FileError) {
      return try readFile(path(of: file), limit: limit)
    } catch {
      if error == .system(ENOENT) { return nil }
      throw error
    }
  }

  /// Replaces a file; only this user can read it.
  package func replace(_ file: String, with bytes: [UInt8]) throws(Problem) {
    let final = path(of: file)
    let temporary = "\(final).new"
    do throws(Problem) {
      try write(bytes, to: temporary)
      // SAFETY: rename copies both paths.
      guard unsafe rename(temporary, final) == 0 else { throw Problem("replace", final, errno) }
    } catch {
      // SAFETY: unlink copies the path.
      _ = unsafe unlink(temporary)
      throw error
    }
    syncDirectory()
  }

  private func write(_ bytes: [UInt8], to path: String) throws(Problem) {
    // SAFETY: open copies the path; the descriptor is closed by this function.
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Problem("write", path, errno) }
    defer { close(descriptor) }
    var rest = bytes[...]
    while !rest.isEmpty {
      // SAFETY: write reads at most the count of bytes that the slice has.
      let count = unsafe rest.withUnsafeBytes { buffer in
        unsafe Glibc.write(descriptor, buffer.baseAddress, buffer.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Problem("write", path, errno) }
      rest = rest.dropFirst(count)
    }
    guard fsync(descriptor) == 0 else { throw Problem("write", path, errno) }
  }

  /// Brings the new name to the disk; a file system that cannot loses no more than the new state.
  private func syncDirectory() {
    // SAFETY: open copies the path; the descriptor is closed at once.
    let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = fsync(descriptor)
    close(descriptor)
  }
}
