import HTTPServer

/// A text that is compressed piece by piece while it is sent, so that a large one keeps no probe
/// waiting.
final class CompressedText: ResponseStream {
  /// What is compressed at once, in bytes.
  static let pieceBytes = 65_536

  private let text: [UInt8]
  private let compressor = Gzip.Compressor()
  private var position = 0

  /// Takes a text that is not empty.
  init(_ text: [UInt8]) { self.text = text }

  func begin(_ signal: ResponseSignal) {}

  func next() -> StreamStep {
    let end = min(text.count, position + Self.pieceBytes)
    let isLast = end == text.count
    guard let compressor else { return .abort }
    let text = text
    let piece = compressor.compressed(text.span.extracting(position..<end), isLast: isLast)
    guard let piece else { return .abort }
    position = end
    return isLast ? .last(piece) : .piece(piece)
  }

  func drain() {}

  func close() {}
}
