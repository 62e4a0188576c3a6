/// The answers of an HTTP/2 connection, until nghttp2 has taken their content.
extension HTTP2StreamTable {
  /// Asks for the answer to a complete request, and clears its head for the next one.
  mutating func respond(_ index: Int) -> Response {
    streams[index].phase = .answered
    releaseHead(index)
    return context.respond(to: &streams[index].head)
  }

  /// Keeps the content of an answer until nghttp2 has taken it.
  mutating func answer(_ index: Int, content: consuming [UInt8]) {
    let count = content.count
    guard count > 0 else { return }
    streams[index].content = consume content
    streams[index].contentSent = 0
    if unsentContents == 0 {
      contentProgressed = now
      contentSinceProgress = 0
    }
    unsentContents += 1
    changeUnsent(by: count)
  }

  private mutating func changeUnsent(by bytes: Int) {
    unsentBytes += bytes
    context.changeUnsent(by: bytes)
  }

  /// Keeps the source of an answer whose content comes piece by piece.
  mutating func answer(_ index: Int, source: any ResponseStream) {
    let signal = ResponseSignal(context: context, connection: place, stream: index)
    streams[index].source = source
    streams[index].signal = signal
    openSources += 1
    context.beginStream()
    source.begin(signal)
    if context.isDraining { source.drain() }
  }

  /// What was done to fill a frame with content.
  enum Reading {
    /// So many bytes were copied, at least one unless these are the last.
    case copied(Int, isLast: Bool)
    /// There is nothing until the source raises its signal.
    case wait
    /// The source cannot go on.
    case abort
  }

  /// Copies content into a frame, asking its source for more where it has one.
  mutating func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<UInt8>) -> Reading {
    guard streams.indices.contains(index) else { return .copied(0, isLast: true) }
    if streams[index].contentSent == streams[index].content.count,
      let source = streams[index].source
    {
      switch next(index, of: source) {
      case .copied: break
      case let other: return other
      }
    }
    // SAFETY: the buffer is nghttp2's, which lends it for the time of this call.
    let (count, isLast) = unsafe copy(index, into: buffer)
    return .copied(count, isLast: isLast && streams[index].source == nil)
  }

  /// Empty pieces in a row after which a source has to wait for its signal.
  private static let emptyPieces = 16

  /// Takes the next piece of a source.
  private mutating func next(_ index: Int, of source: any ResponseStream) -> Reading {
    for _ in 0..<Self.emptyPieces {
      switch source.next() {
      case .piece(let bytes):
        guard !bytes.isEmpty else { continue }
        answer(index, content: bytes)
        return .copied(0, isLast: false)
      case .last(let bytes):
        endSource(index)
        answer(index, content: bytes)
        return .copied(0, isLast: true)
      case .wait: return .wait
      case .abort: return .abort
      }
    }
    return .wait
  }

  mutating func endSource(_ index: Int) {
    guard let source = streams[index].source else { return }
    streams[index].source = nil
    streams[index].signal?.end()
    streams[index].signal = nil
    openSources -= 1
    context.endStream()
    source.close()
  }

  /// The source of an answer may go on; the stream's number, nil when the answer is over.
  mutating func resume(_ index: Int) -> Int32? {
    guard streams.indices.contains(index), let signal = streams[index].signal else { return nil }
    signal.lower()
    return streams[index].id
  }

  /// Tells all sources that the server ends; the numbers of their streams.
  mutating func drainSources() -> [Int32] {
    var ids: [Int32] = []
    for index in streams.indices {
      guard let source = streams[index].source else { continue }
      source.drain()
      ids.append(streams[index].id)
    }
    return ids
  }

  /// The connection is gone: nothing is kept for it any more.
  mutating func end() {
    for index in streams.indices {
      endSource(index)
      dropContent(index)
      releaseHead(index)
      streams[index].head.clear()
    }
  }

  private mutating func copy(
    _ index: Int, into buffer: UnsafeMutableBufferPointer<UInt8>
  ) -> (Int, isLast: Bool) {
    let start = streams[index].contentSent
    let count = min(buffer.count, streams[index].content.count - start)
    // SAFETY: `count` bytes from `start` lie in the content, and `count` fit into the buffer.
    unsafe streams[index].content.span.withUnsafeBufferPointer { content in
      if let from = content.baseAddress, let to = buffer.baseAddress {
        unsafe to.update(from: from + start, count: count)
      }
    }
    streams[index].contentSent = start + count
    contentSinceProgress += count
    changeUnsent(by: -count)
    let isLast = streams[index].contentSent == streams[index].content.count
    if isLast { dropContent(index) }
    if isLast || contentSinceProgress >= context.limits.progressBytes {
      contentProgressed = now
      contentSinceProgress = 0
    }
    return (count, isLast)
  }

  mutating func dropContent(_ index: Int) {
    guard !streams[index].content.isEmpty else { return }
    let left = streams[index].content.count - streams[index].contentSent
    if left > 0 { changeUnsent(by: -left) }
    streams[index].content = []
    streams[index].contentSent = 0
    unsentContents -= 1
  }

  /// Whether a stream whose answer was sent whole shall be reset; says so once.
  mutating func takeReset(_ index: Int) -> Bool {
    guard streams[index].resetsWhenAnswered else { return false }
    streams[index].resetsWhenAnswered = false
    resetsToCome -= 1
    return true
  }
}
