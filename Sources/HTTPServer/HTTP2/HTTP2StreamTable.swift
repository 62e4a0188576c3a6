/// The streams of one HTTP/2 connection as nghttp2 reports them: requests that arrive, requests
/// that are complete, and the contents of answers that are being sent.
///
/// Callbacks only write down here what happened; what to do about it is decided after the call into
/// nghttp2 has returned.
struct HTTP2StreamTable: ~Copyable {
  let context: ServerContext
  private let connection: ConnectionInfo
  let place: Int
  var streams = HTTP2Streams()
  /// The place that is used next, and from it on each that is free; -1 for none.
  private var firstFree = -1

  /// Streams whose requests became complete, in that order.
  var complete: [Int] = []
  /// Streams whose clients wait for a word before they send their content.
  var expectant: [Int32] = []
  /// Monotonic nanoseconds of the call into nghttp2 that is under way.
  var now: Int64
  /// When the last request was complete or the last stream closed, in monotonic nanoseconds.
  private(set) var lastActivity: Int64
  private(set) var openStreams = 0
  private(set) var receivingStreams = 0
  /// Streams whose answers come piece by piece and have not come to their last piece.
  var openSources = 0
  /// Streams whose content nghttp2 has not yet taken to its end.
  var unsentContents = 0
  /// Bytes of content that nghttp2 has not taken yet.
  var unsentBytes = 0
  /// When content last went out as fast as it must, in monotonic nanoseconds.
  var contentProgressed: Int64
  var contentSinceProgress = 0

  /// Streams that shall be reset when their answers were sent.
  var resetsToCome = 0

  /// Whether the client has sent its settings, with which its side begins.
  private(set) var hasBegun = false
  private(set) var settingsAcknowledged = false
  private(set) var pingAcknowledged = false
  /// Why the connection has to end at once.
  private(set) var failure: Refusal?
  /// Whether this side has reset more streams than it may (CVE-2025-8671).
  private(set) var resetsTooOften = false
  private var ownResets: TokenBucket
  /// Whether the client has sent more frames that ask for nothing than it may.
  private(set) var isNoisy = false
  private var controlFrames: TokenBucket

  /// The place of the stream whose header list is arriving; nil where it is not wanted.
  private(set) var collecting: Int?
  private var headerListBytes = 0
  private var headerFields = 0
  private var hasAuthority = false

  init(context: ServerContext, connection: ConnectionInfo, place: Int, now: Int64) {
    self.context = context
    self.connection = connection
    self.place = place
    self.now = now
    lastActivity = now
    contentProgressed = now
    ownResets = TokenBucket(
      burst: context.limits.resetBurst, perSecond: context.limits.resetsPerSecond, now: now)
    controlFrames = TokenBucket(
      burst: context.limits.controlFrameBurst,
      perSecond: context.limits.controlFramesPerSecond, now: now)
  }

  // MARK: - Requests

  /// A request's header list begins; returns the stream's place in the table.
  mutating func begin(_ id: Int32) -> Int {
    let index = open(id)
    streams[index].phase = .receiving
    streams[index].head.began = now
    receivingStreams += 1
    beginFields(of: index)
    return index
  }

  /// A request is there that came in HTTP/1.1; returns the stream's place in the table.
  ///
  /// It is answered when the client has begun to speak HTTP/2: curl 7.88 fails if much of the
  /// answer comes before that.
  mutating func begin(_ id: Int32, with head: RequestHead) -> Int {
    let index = open(id)
    streams[index].phase = .complete
    streams[index].hasHeaders = true
    streams[index].head = head
    streams[index].head.version = .http2
    if !keepHead(index) { streams[index].head.refusal = .tooMuchContent }
    complete.append(index)
    // The settings in the request were reported as well.
    hasBegun = false
    return index
  }

  private mutating func open(_ id: Int32) -> Int {
    let index: Int
    if firstFree >= 0 {
      index = firstFree
      firstFree = streams[index].nextFree
    } else {
      index = streams.count
      streams.append(HTTP2Stream(of: connection))
    }
    streams[index].id = id
    streams[index].began = now
    openStreams += 1
    return index
  }

  /// A header list begins whose fields are not wanted: a trailer.
  mutating func beginTrailer() {
    beginFields(of: nil)
  }

  private mutating func beginFields(of index: Int?) {
    collecting = index
    headerListBytes = 0
    headerFields = 0
    hasAuthority = false
  }

  /// A field of the header list that is arriving.
  ///
  /// nghttp2 advertises the bound on the list but does not keep it; a list that is too large ends
  /// the connection, because decoding only the rest of it is the harm (CVE-2016-1544).
  @inline(__always)
  mutating func field(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>)
    -> Bool
  {
    headerListBytes += name.count + value.count + 32
    headerFields += 1
    guard headerListBytes <= context.limits.headerListBytes,
      headerFields <= context.limits.headerFields
    else {
      failure = .headerListTooLarge
      return false
    }
    guard let collecting else { return true }
    // SAFETY: nghttp2's buffers are valid for the time of its callback, and this is called in it.
    if name.count > 1, unsafe name[0] == UInt8(ascii: ":") {
      unsafe pseudoField(name, value, of: collecting)
      return true
    }
    let range = unsafe streams[collecting].head.addField(name, value)
    if name.count == 4, unsafe ASCII.equal(Span(_unsafeElements: name), "host") {
      host(range, of: collecting)
    }
    return true
  }

  /// A pseudo-field; nghttp2 has let through only those that a request has, each once.
  @inline(__always)
  private mutating func pseudoField(
    _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>, of index: Int
  ) {
    switch unsafe name[1] {
    case UInt8(ascii: "m"):
      // SAFETY: the span lives as long as nghttp2's buffer, which is the callback.
      streams[index].head.method = unsafe RequestMethod(Span(_unsafeElements: value))
    case UInt8(ascii: "p"):
      streams[index].head.target = unsafe streams[index].head.addBytes(value)
    case UInt8(ascii: "a"):
      hasAuthority = true
      streams[index].head.authority = unsafe streams[index].head.addBytes(value)
    default:
      break
    }
  }

  private mutating func host(_ range: Range<Int>, of index: Int) {
    guard hasAuthority else {
      hasAuthority = true
      streams[index].head.authority = range
      return
    }
    // A proxy may have judged one of them and we the other (RFC 9113 section 8.3.1).
    streams[index].head.checkHost(range)
  }

  /// A header list is complete.
  ///
  /// - Parameter endsStream: whether no content follows.
  mutating func endHeaders(_ index: Int, endsStream: Bool) {
    collecting = nil
    guard streams[index].phase == .receiving else { return }
    if !streams[index].hasHeaders {
      streams[index].hasHeaders = true
      streams[index].head.readOriginForm()
      guard keepHead(index) else { return refuse(index, .tooMuchContent) }
    }
    guard !endsStream else { return completeRequest(index) }
    let keepsContent = streams[index].head.method.keepsContent
    if keepsContent { streams[index].head.content = RequestContent(context: context) }
    guard streams[index].head.has("expect") else { return }
    if keepsContent {
      expectant.append(streams[index].id)
    } else {
      // The client waits for a word before it sends its content, and nothing needs the content.
      resetWhenAnswered(index)
      completeRequest(index)
    }
  }

  /// Counts a head that is complete; false if too many are kept already.
  private mutating func keepHead(_ index: Int) -> Bool {
    let bytes = streams[index].head.bytes.count
    guard context.keptHeadBytes + bytes <= context.limits.keptHeadBytes else { return false }
    context.keptHeadBytes += bytes
    streams[index].keptHeadBytes = bytes
    return true
  }

  mutating func releaseHead(_ index: Int) {
    context.keptHeadBytes -= streams[index].keptHeadBytes
    streams[index].keptHeadBytes = 0
  }

  /// Content arrived; what its method does not want is thrown away.
  mutating func data(_ index: Int, _ bytes: Span<UInt8>) {
    streams[index].received += bytes.count
    guard streams[index].phase == .receiving else { return }
    let refusal =
      streams[index].received > context.limits.bodyBytes
      ? Refusal.bodyTooLarge : streams[index].head.content?.append(bytes)
    if let refusal { refuse(index, refusal) }
  }

  /// Completes a request whose rest is not wanted.
  private mutating func refuse(_ index: Int, _ refusal: Refusal) {
    streams[index].head.content = nil
    streams[index].head.refusal = refusal
    resetWhenAnswered(index)
    completeRequest(index)
  }

  /// The request's last frame arrived.
  mutating func endStream(_ index: Int) {
    if streams[index].phase == .receiving { completeRequest(index) }
  }

  private mutating func resetWhenAnswered(_ index: Int) {
    streams[index].resetsWhenAnswered = true
    resetsToCome += 1
  }

  private mutating func completeRequest(_ index: Int) {
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
    for index in streams.indices
    where streams[index].phase == .receiving && streams[index].began <= time {
      ids.append(streams[index].id)
      if !streams[index].hasHeaders { inHeaders = true }
    }
    return (ids, inHeaders)
  }

  /// When the oldest request that is still arriving began.
  var oldestReceiving: Int64? {
    guard receivingStreams > 0 else { return nil }
    var oldest: Int64?
    for index in streams.indices where streams[index].phase == .receiving {
      oldest = min(oldest ?? .max, streams[index].began)
    }
    return oldest
  }

  // MARK: - The connection

  /// nghttp2 has closed a stream and will not speak of it again.
  mutating func close(_ index: Int) {
    guard streams.indices.contains(index), streams[index].phase != .free else { return }
    if streams[index].phase == .receiving { receivingStreams -= 1 }
    if streams[index].phase == .complete { complete.removeAll { $0 == index } }
    if collecting == index { collecting = nil }
    releaseHead(index)
    dropContent(index)
    endSource(index)
    if streams[index].phase != .answered { streams[index].head.clear() }
    if streams[index].resetsWhenAnswered { resetsToCome -= 1 }
    streams[index].reset()
    streams[index].nextFree = firstFree
    firstFree = index
    openStreams -= 1
    lastActivity = now
    if openStreams == 0 && streams.count > Self.keptStreams { shrink() }
  }

  /// Places of streams that stay in memory while no stream is open.
  private static let keptStreams = 16

  private mutating func shrink() {
    streams.shrink(to: Self.keptStreams)
    firstFree = -1
    for index in streams.indices {
      streams[index].nextFree = firstFree
      firstFree = index
    }
  }

  mutating func receiveSettings() {
    hasBegun = true
  }

  mutating func acknowledgeSettings() {
    settingsAcknowledged = true
  }

  mutating func acknowledgePing() {
    pingAcknowledged = true
  }

  /// A frame begins that is neither a request nor content.
  mutating func countControlFrame() {
    if !controlFrames.take(now: now) { isNoisy = true }
  }

  /// A frame of content went out, for which the client may open two windows again.
  mutating func allowControlFrames() {
    controlFrames.give(2)
  }

  /// This side has reset a stream because of the peer's mistake.
  mutating func countReset() {
    if !ownResets.take(now: now) { resetsTooOften = true }
  }
}
