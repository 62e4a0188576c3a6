/// Cuts a stream of bytes into lines, wherever the chunks it comes in happen to end.
///
/// Lines end with a line feed; a carriage return before it does not count. A line longer than
/// `maximumLineBytes` is announced once and passed over, so that memory stays bounded whatever
/// comes in.
package struct LineSplitter {
  /// The longest line, its end not counted, in bytes.
  ///
  /// Four times what a broker takes as one record by default (`message.max.bytes`, 1 MiB), which in
  /// hexadecimal with its decoded form beside it is the longest line of a capture.
  package static let maximumLineBytes = 4 << 20

  /// The largest chunk that callers hand in at once, in bytes.
  package static let chunkBytes = 64 << 10

  /// A line, or what is left of one that is too long.
  package enum Line: Equatable, Sendable {
    /// Where the line stands in `buffer`, without its end.
    case bytes(Range<Int>)
    /// The line was longer than `maximumLineBytes` and is not kept.
    case tooLong
  }

  /// The bytes that the last line's range points into.
  package private(set) var buffer: [UInt8] = []
  /// Where the last line handed out stands in the stream; number 0 before the first.
  package private(set) var place = LinePlace(number: 0, position: 0)
  private let limit: Int
  /// Where the next line begins.
  private var start = 0
  /// Up to where no line feed was found.
  private var scanned = 0
  /// The offset in the stream of the buffer's first byte.
  private var origin: Int64 = 0
  /// Whether what comes next belongs to a line already announced as too long.
  private var isPassingOver = false

  /// Makes a splitter without input.
  ///
  /// - Parameter limit: The longest line in bytes.
  package init(limit: Int = LineSplitter.maximumLineBytes) {
    self.limit = limit
  }

  /// Takes the next bytes of the stream; ranges handed out before become void.
  package mutating func append(_ chunk: Span<UInt8>) {
    buffer.removeSubrange(0..<start)
    scanned &-= start
    origin &+= Int64(start)
    start = 0
    // SAFETY: the pointer does not leave the closure.
    unsafe chunk.withUnsafeBufferPointer { unsafe buffer.append(contentsOf: $0) }
  }

  /// The next whole line; nil when more bytes are needed.
  package mutating func next() -> Line? {
    while let end = lineFeed() {
      let range = start..<end
      start = end &+ 1
      scanned = start
      if isPassingOver {
        isPassingOver = false
        continue
      }
      step(from: range.lowerBound)
      return range.count > limit ? .tooLong : .bytes(withoutCarriageReturn(range))
    }
    scanned = buffer.count
    guard isPassingOver || buffer.count &- start > limit else { return nil }
    let first = start
    start = buffer.count
    if isPassingOver { return nil }
    isPassingOver = true
    step(from: first)
    return .tooLong
  }

  /// The last line, when the stream ended without a line feed; nil otherwise.
  package mutating func finish() -> Line? {
    if let line = next() { return line }
    guard !isPassingOver, start < buffer.count else { return nil }
    let range = start..<buffer.count
    step(from: start)
    start = buffer.count
    scanned = start
    return .bytes(withoutCarriageReturn(range))
  }

  private mutating func step(from first: Int) {
    place = LinePlace(number: place.number + 1, position: origin &+ Int64(first))
  }

  private func lineFeed() -> Int? {
    let bytes = buffer.span
    var index = scanned
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "\n") { return index }
      index &+= 1
    }
    return nil
  }

  private func withoutCarriageReturn(_ range: Range<Int>) -> Range<Int> {
    guard let last = range.last, buffer[last] == UInt8(ascii: "\r") else { return range }
    return range.lowerBound..<last
  }
}
