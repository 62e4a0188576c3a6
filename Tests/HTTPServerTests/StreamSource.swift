import HTTPServer

/// A source of streamed content that the test fills.
final class StreamSource: ResponseStream {
  /// What is given next; `wait` when it is empty.
  var steps: [StreamStep] = []
  private(set) var signal: ResponseSignal?
  private(set) var asked = 0
  private(set) var drained = 0
  private(set) var closed = 0

  init(_ steps: StreamStep...) { self.steps = steps }

  /// A source that gives pieces of text and then its end.
  static func texts(_ texts: String...) -> StreamSource {
    let source = StreamSource()
    source.steps = texts.map { .piece(Array($0.utf8)) } + [.last([])]
    return source
  }

  func begin(_ signal: ResponseSignal) { self.signal = signal }

  func next() -> StreamStep {
    asked += 1
    return steps.isEmpty ? .wait : steps.removeFirst()
  }

  /// Adds what is given next, and tells the server.
  func give(_ added: StreamStep...) {
    steps += added
    signal?.raise()
  }

  func drain() {
    drained += 1
    steps = [.last(Array("bye".utf8))]
  }

  func close() { closed += 1 }
}

extension StreamStep {
  /// A piece of text.
  static func text(_ text: String) -> StreamStep { .piece(Array(text.utf8)) }
}

extension Response {
  /// An answer with streamed content.
  static func streaming(_ source: StreamSource) -> Response {
    Response(.ok, .text, stream: source)
  }
}
