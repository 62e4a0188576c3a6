/// Content of a response that comes piece by piece, for as long as the client stays.
///
/// The server asks for the next piece only when the one before has left for the kernel, so what a
/// slow client does not take is never made: a source that keeps its newest state alone sends that.
/// Everything is called on the loop's thread.
package protocol ResponseStream: AnyObject {
  /// The response has begun.
  ///
  /// - Parameter signal: to be raised when there is something to send after `wait`.
  func begin(_ signal: ResponseSignal)

  /// Gives what is to be sent next; called when the connection has room for it.
  ///
  /// It must not call the server; raising the signal is allowed.
  func next() -> StreamStep

  /// The server ends and waits only a few seconds: the content should come to its end soon.
  func drain()

  /// The response is over: sent whole, reset by the client, or the connection is gone.
  ///
  /// Called once, and nothing is asked afterwards.
  func close()
}

/// What a stream wants to be done next.
package enum StreamStep: Sendable {
  /// These bytes are sent at once; HTTP/1.1 makes them a chunk of their own. Empty ones are not.
  case piece([UInt8])
  /// These bytes, possibly none, are the end of the content.
  case last([UInt8])
  /// There is nothing to send until the signal is raised.
  case wait
  /// The content cannot be completed: the client must see that it is broken off.
  case abort
}

/// Tells a server that a stream which waited has something to send.
package final class ResponseSignal {
  /// Where raised signals are collected; they outlive no server.
  private weak var context: ServerContext?
  /// The place of the connection in the server's table.
  let connection: Int
  /// The place of the stream in its connection; 0 in HTTP/1.1.
  let stream: Int
  private var isRaised = false
  /// Whether the response is over, so that raising has no effect.
  private(set) var isOver = false

  init(context: ServerContext, connection: Int, stream: Int) {
    self.context = context
    self.connection = connection
    self.stream = stream
  }

  /// Has the stream asked for its next piece soon; may be called at any time, any number of times.
  package func raise() {
    guard !isRaised, !isOver else { return }
    isRaised = true
    context?.collect(self)
  }

  /// Takes the signal down, because the stream is asked now.
  func lower() { isRaised = false }

  /// The response is over.
  func end() { isOver = true }
}
