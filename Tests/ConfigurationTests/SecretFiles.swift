import Foundation

/// A directory with files of secrets, removed after the test.
struct SecretFiles: ~Copyable {
  let directory: URL

  init(_ files: [String: String]) throws {
    directory = FileManager.default.temporaryDirectory.appending(path: "vole-\(UUID())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    for (name, content) in files { try write(name, content) }
  }

  func path(_ name: String) -> String { directory.appending(path: name).path }

  /// Writes a file, or writes it anew.
  func write(_ name: String, _ content: String) throws {
    try Data(content.utf8).write(to: directory.appending(path: name))
  }

  deinit {
    try? FileManager.default.removeItem(at: directory)
  }
}
