import Glibc

/// The streams of one HTTP/2 connection as nghttp2 reports them: requests that arrive, requests
/// that are complete, and the contents of answers that are being sent.
///
/// Callbacks only write down here what happened; what to do about it is decided after the call into
/// nghttp2 has returned.
final class HTTP2StreamTable {
  /// Where a stream stands.
  enum Phase {
    case free
    /// Its header list or its content is arriving.
    case receiving
    /// The request is complete and waits for its answer.
    case complete
    /// The answer was submitted.
    case answered
  }

  struct Stream {
    var phase = Phase.free
    var id: Int32 = 0
    var head: RequestHead?
    var hasHeaders = false
    /// Monotonic nanoseconds when its first frame came.
    var began: Int64 = 0
    /// Bytes of content that came.
    var received = 0
    /// The content of the answer, and how much of it nghttp2 has taken.
    var content: [UInt8] = []
    var contentSent = 0
    /// Whether the client shall be told to stop sending once it has the answer.
    var resetsWhenAnswered = false
  }

  let context: ServerContext
  private(set) var streams: [Stream] = []
  private var freeStreams: [Int] = []

  /// Streams whose requests became complete, in that order.
  var complete: [Int] = []
  /// Monotonic nanoseconds of the call into nghttp2 that is under way.
  var now: Int64
  /// When the last request was complete or the last stream closed, in monotonic nanoseconds.
  private(set) var lastActivity: Int64
  private(set) var openStreams = 0
  private(set) var receivingStreams = 0
  /// Streams whose content nghttp2 has not yet taken to its end.
  private(set) var unsentContents = 0
  /// When content last went out as fast as it must, in monotonic nanoseconds.
  private(set) var contentProgressed: Int64
  private var contentSinceProgress = 0

  private(set) var settingsAcknowledged = false
  private(set) var pingAcknowledged = false
  /// Why the connection has to end at once.
  private(set) var failure: Refusal?
  /// Whether this side has reset more streams than it may (CVE-2025-8671).
  private(set) var resetsTooOften = false
  private var ownResets: TokenBucket

  private var collecting: Int?
  private var headerListBytes = 0
  private var headerFields = 0
  private var hasAuthority = false

  init(context: ServerContext, now: Int64) {
    self.context = context
    self.now = now
    lastActivity = now
    contentProgressed = now
    ownResets = TokenBucket(
      burst: context.limits.resetBurst, perSecond: context.limits.resetsPerSecond, now: now)
  }

  deinit {
    for stream in streams {
      if let head = stream.head { context.heads.give(head) }
    }
  }

  // MARK: - Requests

  /// A request's header list begins; returns the stream's place in the table.
  func begin(_ id: Int32) -> Int {
    let index: Int
    if let free = freeStreams.popLast() {
      index = free
    } else {
      index = streams.count
      streams.append(Stream())
    }
    let head = context.heads.take()
    head.version = .http2
    streams[index].phase = .receiving
    streams[index].id = id
    streams[index].head = head
    streams[index].began = now
    openStreams += 1
    receivingStreams += 1
    beginFields(of: index)
    return index
  }

  /// A header list begins whose fields are not wanted: a trailer.
  func beginTrailer() {
    beginFields(of: nil)
  }

  private func beginFields(of index: Int?) {
    collecting = index
    headerListBytes = 0
    headerFields = 0
    hasAuthority = false
  }

  /// A field of the header list that is arriving.
  ///
  /// nghttp2 advertises the bound on the list but does not keep it; a list that is too large ends
  /// the connection, because decoding only the rest of it is the harm (CVE-2016-1544).
  func field(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Bool {
    headerListBytes += name.count + value.count + 32
    headerFields += 1
    guard headerListBytes <= context.limits.headerListBytes,
      headerFields <= context.limits.headerFields
    else {
      failure = .headerListTooLarge
      return false
    }
    guard let collecting, let head = streams[collecting].head else { return true }
    if unsafe name.first == UInt8(ascii: ":") {
      unsafe pseudoField(name, value, head)
    } else {
      let nameStart = head.bytes.count
      unsafe head.bytes.append(contentsOf: name)
      let valueStart = head.bytes.count
      unsafe head.bytes.append(contentsOf: value)
      let range = valueStart..<head.bytes.count
      head.fields.append(RequestHead.Field(name: nameStart..<valueStart, value: range))
      if unsafe ASCII.equal(Span(_unsafeElements: name), "host") { host(range, head) }
    }
    return true
  }

  private func pseudoField(
    _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>, _ head: RequestHead
  ) {
    // SAFETY: the spans live as long as nghttp2's buffers, which is the callback.
    let name = unsafe Span(_unsafeElements: name)
    if ASCII.equal(name, ":method") {
      head.method = unsafe RequestMethod(Span(_unsafeElements: value))
      return
    }
    let isPath = ASCII.equal(name, ":path")
    guard isPath || ASCII.equal(name, ":authority") else { return }
    let start = head.bytes.count
    unsafe head.bytes.append(contentsOf: value)
    let range = start..<head.bytes.count
    if isPath {
      head.target = range
    } else {
      hasAuthority = true
      authority(range, head)
    }
  }

  private func host(_ range: Range<Int>, _ head: RequestHead) {
    guard hasAuthority else {
      hasAuthority = true
      return authority(range, head)
    }
    // A proxy may have judged one of them and we the other (RFC 9113 section 8.3.1).
    let given = head.bytes[head.authority]
    let other = head.bytes[range]
    if !given.elementsEqual(other) { head.refusal = head.refusal ?? .conflictingHost }
  }

  private func authority(_ range: Range<Int>, _ head: RequestHead) {
    head.authority = range
    let run = head.bytes
    if !RequestTarget.isHost(run.span, range) { head.refusal = head.refusal ?? .malformedHost }
  }

  /// A header list is complete.
  ///
  /// - Parameter endsStream: whether no content follows.
  func endHeaders(_ index: Int, endsStream: Bool) {
    collecting = nil
    guard streams[index].phase == .receiving, let head = streams[index].head else { return }
    if !streams[index].hasHeaders {
      streams[index].hasHeaders = true
      if case .handled = head.method, !isOriginForm(head) || !head.readTarget() {
        head.refusal = head.refusal ?? .malformedTarget
      }
    }
    if endsStream {
      completeRequest(index)
    } else if Request(head, method: .get).header("expect") != nil {
      // The client waits for a word before it sends its content, and nothing needs the content.
      streams[index].resetsWhenAnswered = true
      completeRequest(index)
    }
  }

  private func isOriginForm(_ head: RequestHead) -> Bool {
    !head.target.isEmpty && head.bytes[head.target.lowerBound] == UInt8(ascii: "/")
  }

  /// Content arrived and is thrown away.
  func data(_ index: Int, count: Int) {
    streams[index].received += count
    guard streams[index].phase == .receiving,
      streams[index].received > context.limits.bodyBytes
    else { return }
    streams[index].head?.refusal = .bodyTooLarge
    streams[index].resetsWhenAnswered = true
    completeRequest(index)
  }

  /// The request's last frame arrived.
  func endStream(_ index: Int) {
    if streams[index].phase == .receiving { completeRequest(index) }
  }

  private func completeRequest(_ index: Int) {
    streams[index].phase = .complete
    receivingStreams -= 1
    lastActivity = now
    complete.append(index)
  }

  /// The streams that have been receiving since `time` or longer, and whether one of them has not
  /// even its header list complete.
  func slowStreams(since time: Int64) -> (ids: [Int32], inHeaders: Bool) {
    var ids: [Int32] = []
    var inHeaders = false
    for stream in streams where stream.phase == .receiving && stream.began <= time {
      ids.append(stream.id)
      if !stream.hasHeaders { inHeaders = true }
    }
    return (ids, inHeaders)
  }

  /// When the oldest request that is still arriving began.
  var oldestReceiving: Int64? {
    guard receivingStreams > 0 else { return nil }
    return streams.lazy.filter { $0.phase == .receiving }.map(\.began).min()
  }

  // MARK: - Answers

  /// Takes the head of a complete request; nil if its stream was closed meanwhile.
  func takeHead(_ index: Int) -> RequestHead? {
    guard streams[index].phase == .complete, let head = streams[index].head else { return nil }
    streams[index].head = nil
    streams[index].phase = .answered
    return head
  }

  /// Keeps the content of an answer until nghttp2 has taken it.
  func answer(_ index: Int, content: [UInt8]) {
    guard !content.isEmpty else { return }
    streams[index].content = content
    streams[index].contentSent = 0
    if unsentContents == 0 {
      contentProgressed = now
      contentSinceProgress = 0
    }
    unsentContents += 1
  }

  /// Copies content into a frame; true in `isLast` when that was the end of it.
  func read(_ index: Int, into buffer: UnsafeMutableBufferPointer<UInt8>) -> (Int, isLast: Bool) {
    guard streams.indices.contains(index) else { return (0, true) }
    let start = streams[index].contentSent
    let count = min(buffer.count, streams[index].content.count - start)
    // SAFETY: `count` bytes from `start` lie in the content, and `count` fit into the buffer.
    unsafe streams[index].content.withUnsafeBufferPointer { content in
      if let from = content.baseAddress, let to = buffer.baseAddress {
        unsafe to.update(from: from + start, count: count)
      }
    }
    streams[index].contentSent = start + count
    contentSinceProgress += count
    let isLast = streams[index].contentSent == streams[index].content.count
    if isLast { dropContent(index) }
    if isLast || contentSinceProgress >= context.limits.progressBytes {
      contentProgressed = now
      contentSinceProgress = 0
    }
    return (count, isLast)
  }

  private func dropContent(_ index: Int) {
    guard !streams[index].content.isEmpty else { return }
    streams[index].content = []
    streams[index].contentSent = 0
    unsentContents -= 1
  }

  /// Whether a stream whose answer was sent whole shall be reset; says so once.
  func takeReset(_ index: Int) -> Bool {
    guard streams[index].resetsWhenAnswered else { return false }
    streams[index].resetsWhenAnswered = false
    return true
  }

  // MARK: - The connection

  /// nghttp2 has closed a stream and will not speak of it again.
  func close(_ index: Int) {
    guard streams.indices.contains(index), streams[index].phase != .free else { return }
    if let head = streams[index].head { context.heads.give(head) }
    if streams[index].phase == .receiving { receivingStreams -= 1 }
    if collecting == index { collecting = nil }
    dropContent(index)
    streams[index] = Stream()
    freeStreams.append(index)
    openStreams -= 1
    lastActivity = now
  }

  func acknowledgeSettings() {
    settingsAcknowledged = true
  }

  func acknowledgePing() {
    pingAcknowledged = true
  }

  /// This side has reset a stream because of the peer's mistake.
  func countReset() {
    if !ownResets.take(now: now) { resetsTooOften = true }
  }
}
