import Foundation
import FuzzTargets
import Testing

/// The inputs that fuzzing has found or begins with, each run once.
@Suite struct ReplayTests {
  private static let corpus = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Corpus")

  @Test(arguments: FuzzTarget.allCases)
  func everyInputIsTaken(_ target: FuzzTarget) throws {
    let folder = Self.corpus.appending(path: target.rawValue)
    let files = try FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    #expect(!files.isEmpty)
    for file in files.sorted(by: { $0.path < $1.path }) {
      let input = Array(try Data(contentsOf: file))
      target.run(input)
      // Cut short, each is an input of its own.
      for length in stride(from: 0, to: input.count, by: 7) { target.run(Array(input[..<length])) }
    }
  }
}
