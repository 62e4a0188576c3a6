package import Configuration
package import HTTPServer

/// Where the RPC interface finds what it answers from; everything is called on the loop's thread.
package protocol RPCHost: AnyObject {
  /// Lends the agent as it is now.
  func withAgent<Result, Failure: Error>(
    _ body: (borrowing Agent) throws(Failure) -> Result
  ) throws(Failure) -> Result

  /// The time on both clocks.
  var now: Moment { get }

  /// The monotonic clock in nanoseconds.
  var nanoseconds: Int64 { get }

  /// The program that runs, as far as it is known.
  var program: ProgramInfo? { get }

  /// The name of this machine.
  var hostName: String { get }

  /// Whether the agent was told to end.
  var isEnding: Bool { get }

  /// The least urgent level that is logged.
  var level: Configuration.LogLevel { get set }

  /// Pauses liveness of a group for this pod until a time in milliseconds since 1970; nil ends it.
  func pause(group: String, cluster: String, until: Int64?, because reason: String)

  /// Who asks.
  func caller(of request: borrowing Request) -> Caller
}
