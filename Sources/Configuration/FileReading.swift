import Glibc

/// Why a file could not be read.
package enum FileError: Error, Equatable, Sendable {
  /// A system call failed with this `errno`.
  case system(Int32)
  /// The file is longer than this many bytes.
  case tooLong(Int)
}

extension FileError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .system(let code):
      // SAFETY: strerror's text is copied at once; the agent reads files on one thread only.
      unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    case .tooLong(let limit): "longer than \(limit) bytes"
    }
  }
}

/// Reads a whole file.
///
/// - Parameters:
///   - path: The path; what it names may be a pipe.
///   - limit: Bytes that are accepted.
/// - Returns: The bytes of the file.
/// - Throws: Why it cannot be read, or that it is longer than the limit.
package func readFile(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
  // SAFETY: open copies the path; the descriptor is closed by this function.
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw .system(errno) }
  defer { close(descriptor) }
  var content: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 16_384)
  while true {
    // SAFETY: read writes at most the count of bytes that the chunk has.
    let count = unsafe chunk.withUnsafeMutableBytes { buffer in
      unsafe read(descriptor, buffer.baseAddress, buffer.count)
    }
    if count < 0 && errno == EINTR { continue }
    guard count >= 0 else { throw .system(errno) }
    if count == 0 { return content }
    content += chunk.prefix(count)
    guard content.count <= limit else { throw .tooLong(limit) }
  }
}

/// The environment that this process was started with.
///
/// It is read from `/proc`, so nothing another thread does to the environment can interfere.
package func processEnvironment() -> [String: String] {
  var variables: [String: String] = [:]
  guard let bytes = try? readFile("/proc/self/environ", limit: 16 << 20) else { return variables }
  for variable in bytes.split(separator: 0) {
    guard let equals = variable.firstIndex(of: UInt8(ascii: "=")) else { continue }
    let name = String(decoding: variable[..<equals], as: UTF8.self)
    variables[name] = String(decoding: variable[(equals + 1)...], as: UTF8.self)
  }
  return variables
}
