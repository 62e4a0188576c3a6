import Foundation

/// A file of the project, as the rules look at it.
struct SourceFile: Sendable {
  /// The path from the top of the project, with `/`.
  let path: String
  /// The lines as written.
  let lines: [String]
  /// The lines of a Swift file with comments and the contents of strings blanked out.
  let code: [String]

  /// The name of the file's target: `Sources/<target>/…` or `Tests/<target>/…`.
  var target: String {
    let parts = path.split(separator: "/")
    return parts.count > 2 ? String(parts[1]) : ""
  }

  /// The end of the name from its last `.` on; empty without one.
  var suffix: String { path.lastIndex(of: ".").map { String(path[$0...]) } ?? "" }
  var isSwift: Bool { suffix == ".swift" }
  var isSource: Bool { path.hasPrefix("Sources/") }
}

/// The files of the project, read once.
enum SourceTree {
  /// The top of the project.
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Every text file that people write, sorted by path; captured data and other people's text are
  /// none.
  static let files: [SourceFile] = {
    let hidden = [".ci", ".gitignore", ".swift-format"]
    let kinds = [
      "swift", "h", "c", "cpp", "modulemap", "md", "py", "proto", "yaml", "yml", "toml", "txt",
      "html", "css", "js", "sh", "",
    ]
    var found: [URL] = []
    let enumerator = FileManager.default.enumerator(
      at: root, includingPropertiesForKeys: [.isRegularFileKey])
    while let url = enumerator?.nextObject() as? URL {
      let name = url.lastPathComponent
      if (name.hasPrefix(".") && !hidden.contains(name)) || name == "LICENSE" {
        enumerator?.skipDescendants()
        continue
      }
      let isFile = try? url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile
      if isFile == true, kinds.contains(url.pathExtension) { found.append(url) }
    }
    return found.compactMap(read).sorted { $0.path < $1.path }
  }()

  /// The Swift files below `Sources`.
  static let sources = files.filter { $0.isSource && $0.isSwift }

  private static func read(_ url: URL) -> SourceFile? {
    guard let text = try? String(contentsOf: url, encoding: .utf8) else { return nil }
    let prefix = root.standardizedFileURL.path
    let path = String(url.standardizedFileURL.path.dropFirst(prefix.count))
      .trimmingPrefix("/")
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let isSwift = url.pathExtension == "swift"
    return SourceFile(
      path: String(path), lines: lines, code: isSwift ? SwiftCode.stripped(text) : lines)
  }
}

/// Takes comments and the contents of strings out of Swift, line for line.
enum SwiftCode {
  private enum State: Equatable {
    case code
    case lineComment
    case blockComment(depth: Int)
    case string(pounds: Int, isMultiLine: Bool)
  }

  static func stripped(_ text: String) -> [String] {
    let bytes = Array(text.utf8)
    var output: [UInt8] = []
    var state = State.code
    var index = 0
    func starts(_ word: String, _ at: Int) -> Bool {
      bytes[min(at, bytes.count)...].starts(with: word.utf8)
    }
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\n") {
        if state == .lineComment { state = .code }
        output.append(byte)
        index += 1
        continue
      }
      switch state {
      case .code:
        let (next, length) = opening(bytes, index, starts)
        if next != .code {
          state = next
        } else {
          output.append(byte)
        }
        index += length
      case .lineComment:
        index += 1
      case .blockComment(let depth):
        if starts("*/", index) {
          state = depth == 1 ? .code : .blockComment(depth: depth - 1)
          index += 2
        } else if starts("/*", index) {
          state = .blockComment(depth: depth + 1)
          index += 2
        } else {
          index += 1
        }
      case .string(let pounds, let isMultiLine):
        let end = (isMultiLine ? "\"\"\"" : "\"") + String(repeating: "#", count: pounds)
        let escape = "\\" + String(repeating: "#", count: pounds)
        if starts(end, index) {
          state = .code
          output.append(UInt8(ascii: "\""))
          index += end.utf8.count
        } else if starts(escape, index) {
          index += escape.utf8.count + (starts("\n", index + escape.utf8.count) ? 0 : 1)
        } else {
          index += 1
        }
      }
    }
    return String(decoding: output, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// The state that begins at a place in code, and how many bytes its beginning has.
  private static func opening(
    _ bytes: [UInt8], _ index: Int, _ starts: (String, Int) -> Bool
  ) -> (State, Int) {
    if starts("//", index) { return (.lineComment, 2) }
    if starts("/*", index) { return (.blockComment(depth: 1), 2) }
    var pounds = 0
    while starts("#", index + pounds) { pounds += 1 }
    guard starts("\"", index + pounds) else { return (.code, 1) }
    let isMultiLine = starts("\"\"\"", index + pounds)
    return (
      .string(pounds: pounds, isMultiLine: isMultiLine), pounds + (isMultiLine ? 3 : 1)
    )
  }
}
