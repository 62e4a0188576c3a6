/// One stream of an HTTP/2 connection: a request and its answer; reused from stream to stream.
struct HTTP2Stream {
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

  var phase = Phase.free
  var id: Int32 = 0
  /// Cleared as soon as the request is answered, for the next one.
  var head = RequestHead()
  var hasHeaders = false
  /// Monotonic nanoseconds when its first frame came.
  var began: Int64 = 0
  /// Bytes of the head that are counted among those that are kept.
  var keptHeadBytes = 0
  /// Bytes of content that came.
  var received = 0
  /// The content of the answer or the piece of it that is being sent, and how much of it nghttp2
  /// has taken.
  var content: [UInt8] = []
  var contentSent = 0
  /// Where the content comes from that comes piece by piece, until its last piece.
  var source: (any ResponseStream)?
  var signal: ResponseSignal?
  /// Whether the client shall be told to stop sending once it has the answer.
  var resetsWhenAnswered = false
  /// While it is free: the next place that is, -1 for none.
  var nextFree = -1

  /// A place for the streams of a connection.
  init(of connection: ConnectionInfo) {
    head.version = .http2
    head.connection = connection
  }

  /// Forgets the stream; the head's memory stays for the next one.
  mutating func reset() {
    phase = .free
    hasHeaders = false
    received = 0
    resetsWhenAnswered = false
  }
}
