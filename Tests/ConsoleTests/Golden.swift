import Console
import Foundation
import Testing

/// Lines as a terminal shows them, compared with files that a person has looked at.
enum Golden {
  /// Compares lines with `Golden/NAME.txt`, and none may be wider than the terminal.
  ///
  /// With `UPDATE_GOLDEN` in the environment the files beside this one are written instead.
  static func expect(
    _ lines: [String], _ name: String, width: Int,
    _ location: SourceLocation = #_sourceLocation
  ) throws {
    let plain = lines.map { $0.replacing(/\u{1B}\[[0-9;]*m/, with: "") }
    for line in plain {
      #expect(TerminalText.width(line) <= width, "\(line)", sourceLocation: location)
      #expect(!line.hasSuffix(" "), "\(line)|", sourceLocation: location)
    }
    let text = lines.map { $0.replacing("\u{1B}", with: "␛") + "\n" }.joined()
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
      let folder = URL(filePath: #filePath).deletingLastPathComponent()
      try text.write(
        to: folder.appending(path: "Golden/\(name).txt"), atomically: true, encoding: .utf8)
      return
    }
    let file = try #require(
      Bundle.module.url(forResource: name, withExtension: "txt", subdirectory: "Golden"))
    #expect(try String(contentsOf: file, encoding: .utf8) == text, sourceLocation: location)
  }
}
