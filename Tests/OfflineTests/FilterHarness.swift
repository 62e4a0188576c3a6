import Foundation
import JSON
import Offline

/// What a filter says to a whole text.
struct FilterAnswer: Equatable {
  var output: String
  var errors: String
  var badLines: Int

  /// The lines of the output.
  var lines: [String] { output.split(separator: "\n").map(String.init) }
}

/// Hands a text to a filter, cut into chunks that end at the given places.
func answer(
  of filter: some LineFilter, to text: [UInt8], cutAt cuts: [Int] = [],
  limit: Int = LineSplitter.maximumLineBytes
) -> FilterAnswer {
  var run = LineFilterRun(filter, errorPrefix: "vole test: ", limit: limit)
  var output: [UInt8] = []
  var errors: [UInt8] = []
  func drain(_ run: inout LineFilterRun<some LineFilter>) {
    output += run.output
    errors += run.errors
    run.drain()
  }
  var start = 0
  for cut in cuts + [text.count] {
    run.consume(text.span.extracting(start..<cut))
    drain(&run)
    start = cut
  }
  run.finish()
  drain(&run)
  while run.conclude() { drain(&run) }
  drain(&run)
  return FilterAnswer(
    output: String(decoding: output, as: UTF8.self),
    errors: String(decoding: errors, as: UTF8.self), badLines: run.badLines)
}

func answer(of filter: some LineFilter, to text: String) -> FilterAnswer {
  answer(of: filter, to: Array(text.utf8))
}

/// The records captured from real brokers, as the lines of the file.
enum Capture {
  static let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "ConsumerOffsetsTests/Fixtures/consumer_offsets_capture.jsonl")

  static func text() throws -> [UInt8] { Array(try Data(contentsOf: url)) }

  static func lines() throws -> [Substring] {
    String(decoding: try text(), as: UTF8.self).split(separator: "\n")
  }
}

/// An object that Foundation read.
func object(_ text: some StringProtocol) throws -> NSDictionary {
  let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
  return value as? NSDictionary ?? [:]
}
