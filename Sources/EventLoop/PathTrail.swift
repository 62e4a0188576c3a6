import Glibc

/// The directory entries on the way of a path, links followed: one of them changes whenever the
/// path comes to lead to another file.
///
/// Kubernetes mounts `vole.toml` as a link to `..data/vole.toml`, and `..data` as a link to a
/// directory that it replaces; the trail of that path is `vole.toml` and `..data` in the mounted
/// directory, and `vole.toml` in the one that `..data` names.
struct PathTrail: Equatable {
  /// A name in a directory.
  struct Entry: Hashable {
    let directory: String
    let name: String
  }

  /// The links on the way and the file at its end, or the first name that is not there.
  private(set) var entries: [Entry] = []
  /// The file itself; nil while it is not there.
  private(set) var file: String?

  /// The most links that are followed, as many as the kernel follows.
  static let maximumLinks = 40

  /// Follows a path as it leads now.
  init(_ path: String) {
    var directory = path.hasPrefix("/") ? "/" : "."
    var left = Self.reversedComponents(path)
    var links = 0
    while let name = left.popLast() {
      let step = directory == "/" ? "/\(name)" : "\(directory)/\(name)"
      if let link = Self.target(of: step) {
        entries.append(Entry(directory: directory, name: name))
        links += 1
        guard links <= Self.maximumLinks else { return }
        if link.hasPrefix("/") { directory = "/" }
        left += Self.reversedComponents(link)
        continue
      }
      // SAFETY: access copies the path.
      let exists = unsafe access(step, F_OK) == 0
      if left.isEmpty || !exists {
        entries.append(Entry(directory: directory, name: name))
        file = exists ? step : nil
        return
      }
      directory = step
    }
  }

  private static func reversedComponents(_ path: String) -> [String] {
    path.split(separator: "/").filter { $0 != "." }.reversed().map(String.init)
  }

  /// Where a link leads; nil for everything that is none.
  private static func target(of path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    // SAFETY: the buffer is as long as is said; the path is copied.
    let length = unsafe readlink(path, &buffer, buffer.count)
    guard length > 0 else { return nil }
    return String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
