import Glibc

/// A file that the configuration names, with what it held when that was read.
package struct NamedFile: Equatable, Sendable {
  /// The path as written.
  package let path: String
  /// What tells the content from another within this process; nil where it could not be read.
  private let content: Int?
  /// Whether it can be read as often as one likes, which a pipe cannot.
  package let isRegular: Bool

  /// Looks at a file now; one that is no regular file is left alone.
  package init(_ path: String) {
    self.path = path
    var status = stat()
    // SAFETY: stat copies the path and fills the structure.
    isRegular = unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    guard isRegular else {
      content = nil
      return
    }
    // Twice the longest file that is taken: one that is too long differs from a missing one.
    let bytes = try? readFile(path, limit: 2 * maxFileBytes)
    content = bytes?.hashValue
  }
}

/// Throws why a file or directory cannot be read.
func checkReadable(_ path: String) throws(FileError) {
  // SAFETY: access copies the path.
  guard unsafe access(path, R_OK) == 0 else { throw .system(errno) }
}
