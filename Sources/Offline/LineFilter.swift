package import JSON

/// Answers a stream of lines, one after the other.
package protocol LineFilter {
  /// Answers a line.
  ///
  /// - Parameters:
  ///   - bytes: Where the line stands; other lines stand there too.
  ///   - range: The line, without its end.
  ///   - place: Where the line stands in the whole text.
  ///   - output: Where the answer goes, whole lines of it, possibly none.
  /// - Returns: What is wrong with the line, if anything is.
  mutating func answer(
    _ bytes: [UInt8], _ range: Range<Int>, at place: LinePlace, into output: inout JSONWriter
  ) -> LineProblem?

  /// Answers a line that was too long to be kept.
  mutating func answerTooLong(at place: LinePlace, into output: inout JSONWriter) -> LineProblem?

  /// Adds a part of what can be said only when all lines were read.
  ///
  /// - Returns: Whether there is more to say.
  mutating func conclude(into output: inout JSONWriter) -> Bool
}

extension LineFilter {
  /// Says that the line was too long, without an answer.
  package mutating func answerTooLong(at place: LinePlace, into output: inout JSONWriter)
    -> LineProblem?
  {
    .tooLong
  }

  /// Says nothing.
  package mutating func conclude(into output: inout JSONWriter) -> Bool { false }
}

/// Where a line stands in a text.
package struct LinePlace: Equatable, Sendable {
  /// The number of the line, counted from 1.
  package let number: Int
  /// The offset of its first byte.
  package let position: Int64

  /// Makes a place.
  package init(number: Int, position: Int64) {
    self.number = number
    self.position = position
  }
}

/// What is wrong with a line: a clause to stand behind `line 12: `.
package struct LineProblem: Error, Equatable, Sendable {
  /// The clause.
  package let text: String

  /// Makes a problem of a clause.
  package init(_ text: String) { self.text = text }

  static let tooLong = LineProblem("longer than \(LineSplitter.maximumLineBytes) bytes")
}

/// Feeds a filter from chunks of bytes and gathers its answers and complaints.
///
/// Bytes in, bytes out: the caller reads a chunk, hands it in, writes out `output` and `errors`
/// and clears them with `drain()`. What is held is at most one line, one chunk and its answers.
package struct LineFilterRun<Filter: LineFilter>: ~Copyable {
  /// What answers the lines.
  private var filter: Filter
  /// How many lines had something wrong with them.
  package private(set) var badLines = 0
  private var splitter: LineSplitter
  private var writer = JSONWriter(capacity: 2 * LineSplitter.chunkBytes)
  private var complaints: [UInt8] = []
  private let errorPrefix: String

  /// Makes a run without input.
  ///
  /// - Parameters:
  ///   - filter: What answers the lines.
  ///   - errorPrefix: What each complaint begins with, such as `vole evaluate: `.
  ///   - limit: The longest line in bytes.
  package init(
    _ filter: Filter, errorPrefix: String, limit: Int = LineSplitter.maximumLineBytes
  ) {
    self.filter = filter
    self.errorPrefix = errorPrefix
    splitter = LineSplitter(limit: limit)
  }

  /// The answers since the last `drain()`.
  package var output: [UInt8] { writer.bytes }
  /// The complaints since the last `drain()`, a line each.
  package var errors: [UInt8] { complaints }

  /// Forgets answers and complaints that were written out.
  package mutating func drain() {
    writer.clear()
    complaints.removeAll(keepingCapacity: true)
  }

  /// Answers the lines that end in a chunk.
  package mutating func consume(_ chunk: Span<UInt8>) {
    splitter.append(chunk)
    while let line = splitter.next() { answer(line) }
  }

  /// Answers the last line if it has no end of its own.
  package mutating func finish() {
    if let line = splitter.finish() { answer(line) }
  }

  /// Adds a part of the conclusion to `output`; returns whether there is more of it.
  package mutating func conclude() -> Bool { filter.conclude(into: &writer) }

  /// Ends the run and gives the filter back with what it has gathered.
  package consuming func end() -> Filter { filter }

  private mutating func answer(_ line: LineSplitter.Line) {
    switch line {
    case .bytes(let range):
      answer(splitter.buffer, range, at: splitter.place)
    case .tooLong:
      complain(filter.answerTooLong(at: splitter.place, into: &writer), splitter.place)
    }
  }

  /// Answers one line out of the order of the stream.
  ///
  /// - Parameters:
  ///   - bytes: Where the line stands.
  ///   - range: The line, without its end.
  ///   - place: Where the line stands in the whole text.
  package mutating func answer(_ bytes: [UInt8], _ range: Range<Int>, at place: LinePlace) {
    complain(filter.answer(bytes, range, at: place, into: &writer), place)
  }

  private mutating func complain(_ problem: LineProblem?, _ place: LinePlace) {
    guard let problem else { return }
    badLines += 1
    complaints += Array("\(errorPrefix)line \(place.number): \(problem.text)\n".utf8)
  }
}
