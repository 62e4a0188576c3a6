import HTTPServer
package import JSON

/// A message of a stream in its envelope, made once for all who get it.
package final class StreamMessage {
  private let envelope: [UInt8]
  private lazy var compressed: [UInt8]? = compress()

  /// Frames JSON text of an object.
  package init(json: Span<UInt8>) {
    envelope = Envelope.framed(json)
  }

  /// Frames what is written, without a copy.
  package init(writing write: (inout JSONWriter) -> Void) {
    var writer = JSONWriter(appendingTo: [UInt8](repeating: 0, count: Envelope.prefixBytes))
    write(&writer)
    var bytes = writer.finish()
    Envelope.complete(&bytes, flags: 0)
    envelope = bytes
  }

  /// The JSON text.
  package var json: ArraySlice<UInt8> { envelope[Envelope.prefixBytes...] }

  /// The envelope as it is sent.
  ///
  /// - Parameter acceptsGzip: whether the client reads gzip; short messages stay as they are.
  func bytes(acceptsGzip: Bool) -> [UInt8] {
    guard acceptsGzip, json.count >= ConnectLimits.compressedBytes else { return envelope }
    return compressed ?? envelope
  }

  private func compress() -> [UInt8]? {
    Gzip.compressed(json.span).map { Envelope.framed($0.span, flags: Envelope.compressed) }
  }
}
