import EventLoop

/// What one server takes from its peers; every bound has its unit in its name or beside it.
package struct Limits: Sendable {
  /// Connections open at once.
  package var connections = 1_024
  /// Bytes of an HTTP/1.1 request line.
  package var requestLineBytes = 4_096
  /// Bytes of an HTTP/1.1 head, request line included.
  package var headBytes = 8_192
  /// Bytes of an HTTP/2 header list: names, values and 32 for each field (RFC 9113, 6.5.2).
  package var headerListBytes = 16_384
  /// Fields of a head.
  package var headerFields = 64
  /// Bytes of a request's content.
  package var bodyBytes = 65_536
  /// Bytes of content kept for all requests that are arriving, over all connections.
  package var keptContentBytes = 4_194_304
  /// Bytes of HTTP/2 heads kept for requests that are not answered, over all connections.
  package var keptHeadBytes = 4_194_304
  /// Bytes of answers that wait for their clients, over all connections; while there are more, and
  /// not all for one client, the connection that has taken nothing for longest ends.
  package var unsentBytes = 16_777_216
  /// Bytes of answers that wait in one HTTP/2 connection before its next request is answered.
  package var unsentBytesOfConnection = 262_144
  /// Bytes that may arrive behind a request whose streamed answer is not over yet, in HTTP/1.1.
  package var pipelinedBytes = 65_536
  /// Responses with streamed content, over all connections.
  package var streams = 1_024
  /// Bytes of output made before they are written.
  package var outputBytes = 65_536
  /// HTTP/2 streams open at once in one connection.
  package var concurrentStreams = 100
  /// HTTP/2 frames queued for one connection.
  package var queuedFrames = 1_000
  /// HTTP/2 streams that either side may reset at once, and per second after that.
  package var resetBurst = 100
  /// See `resetBurst`.
  package var resetsPerSecond = 10
  /// HTTP/2 frames at once that ask for nothing, and per second after that.
  ///
  /// Whoever is sent much may send more of them. Those of unknown types cost nothing and are not
  /// counted.
  package var controlFrameBurst = 10_000
  /// See `controlFrameBurst`.
  package var controlFramesPerSecond = 10_000
  /// PING and SETTINGS acknowledgements queued for one HTTP/2 connection.
  package var queuedAcknowledgements = 100
  /// Whether an HTTP/1.1 client may change to HTTP/2 (`Upgrade: h2c`).
  package var allowsUpgrade = true
  /// Bytes that are read and thrown away after a refusal, so that the peer can read it.
  package var lingeringBytes = 65_536

  /// Nanoseconds from the start of a connection to the end of its TLS handshake.
  package var handshakeTime = 10 * nanosecondsPerSecond
  /// Nanoseconds from a request's first byte to the end of its head, and again to its content's.
  package var requestTime = 10 * nanosecondsPerSecond
  /// Nanoseconds that an HTTP/1.1 connection may wait for its next request.
  package var idleTimeHTTP1 = 75 * nanosecondsPerSecond
  /// Nanoseconds that an HTTP/2 connection may wait for its next request.
  package var idleTimeHTTP2 = 300 * nanosecondsPerSecond
  /// Nanoseconds in which a peer must take `progressBytes` or all there is.
  package var writeTime = 30 * nanosecondsPerSecond
  /// See `writeTime`.
  package var progressBytes = 16_384
  /// Nanoseconds after which a connection whose client takes nothing gives way to a new one.
  package var stallTime = 1 * nanosecondsPerSecond
  /// Nanoseconds in which an HTTP/2 peer must acknowledge the settings (RFC 9113, 6.5.3).
  package var settingsTime = 10 * nanosecondsPerSecond
  /// Nanoseconds to wait for the peer's end after a refusal.
  package var lingeringTime = 2 * nanosecondsPerSecond
  /// Nanoseconds between the two GOAWAY frames of a drain, if the peer does not answer the first.
  package var goAwayTime = 1 * nanosecondsPerSecond

  /// The limits of the agent.
  package init() {}
}
