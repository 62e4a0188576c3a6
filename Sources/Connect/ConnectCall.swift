package import HTTPServer

/// What Connect knows of a call besides its message.
///
/// The request itself is lent to the method as well: fields by `Request.header`, a secret by
/// `Request.bearerToken`, who calls by `Request.connection`.
package struct ConnectCall {
  /// When the request was complete, in monotonic nanoseconds.
  package let now: Int64
  /// When the client stops waiting, in monotonic nanoseconds; nil if it never does.
  package let deadline: Int64?
  /// What the client said of its patience in `connect-timeout-ms`, >= 0; nil if nothing.
  package let timeoutMilliseconds: Int64?
  /// Whether the call came by GET.
  package let isGet: Bool
  /// Whether the client reads gzip.
  package let acceptsGzip: Bool
  /// The JSON text of the request, out of its envelope and decompressed.
  package let message: ArraySlice<UInt8>

  /// Where the call came from, with the subject of the client's certificate.
  package let connection: ConnectionInfo

  /// Describes a call.
  package init(
    now: Int64, timeoutMilliseconds: Int64? = nil, isGet: Bool = false, acceptsGzip: Bool = false,
    message: ArraySlice<UInt8> = [], connection: ConnectionInfo = .unknown
  ) {
    self.now = now
    self.timeoutMilliseconds = timeoutMilliseconds
    // A timeout has at most ten digits: some 115 days.
    deadline = timeoutMilliseconds.map { now &+ $0 &* 1_000_000 }
    self.isGet = isGet
    self.acceptsGzip = acceptsGzip
    self.message = message
    self.connection = connection
  }
}
