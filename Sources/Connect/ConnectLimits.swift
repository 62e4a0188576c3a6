/// What Connect takes from its clients.
package struct ConnectLimits: Sendable {
  /// Bytes of a request's message, decompressed; below the server's `Limits.bodyBytes`, so that
  /// what is too large is usually told in Connect's own words.
  package var messageBytes = 32_768

  /// Bytes from which an answer is compressed for a client that reads gzip.
  static let compressedBytes = 1_024

  /// The limits of the agent.
  package init() {}
}
