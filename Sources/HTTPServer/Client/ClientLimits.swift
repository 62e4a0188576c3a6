/// What a client takes from a server; every bound has its unit in its name.
package struct ClientLimits: Sendable {
  /// Bytes of a head, status line included.
  package var headBytes = 16_384
  /// Fields of a head.
  package var headerFields = 100
  /// Bytes of content that are kept at once.
  package var contentBytes = 33_554_432
  /// Answers of the kind 1xx before the one that counts.
  package var interimResponses = 8

  /// The limits of the command line.
  package init() {}
}
