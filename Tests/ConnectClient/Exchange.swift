package import HTTPServer

/// One connection with one request in it.
package final class Exchange {
  private let context: ServerContext
  private var machine: HTTP1Connection
  private var received: [UInt8] = []

  /// A connection to a server whose handler is in the context.
  package init(_ context: ServerContext) {
    self.context = context
    machine = HTTP1Connection(context: context)
  }

  /// Sends bytes and takes what comes back at once.
  package func send(_ bytes: [UInt8]) {
    var output: [UInt8] = []
    machine.receive(bytes.span, into: &output)
    received += output
    take()
  }

  private func take() {
    while machine.hasMoreOutput {
      var output: [UInt8] = []
      machine.fill(&output)
      if output.isEmpty { return }
      received += output
    }
  }

  /// Lets the stream go on if its signal was raised.
  package func wake() {
    if !context.takeRaisedStreams().isEmpty { resume() }
  }

  /// Lets the stream go on, whether or not a signal was raised: a server with many connections
  /// takes the signals of all at once.
  package func resume() {
    machine.resume()
    take()
  }

  /// The server drains.
  package func drain() {
    machine.drain()
    take()
  }

  /// The client is gone.
  package func close() { machine.close() }

  /// What has come back so far.
  package var reply: Reply { Reply(received) }

  /// The status code so far, 0 without one.
  package var status: Int { reply.status }

  /// The content so far, as text.
  package var body: String { reply.text }

  /// The messages of a stream so far, without their envelopes.
  package var messages: [String] { reply.envelopes.map(\.text) }
}
