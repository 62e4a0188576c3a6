import Answers
package import Configuration
package import HTTPServer

/// The paths that the agent answers.
///
/// | path | answer |
/// |---|---|
/// | `/livez` `/readyz` `/startupz` | the agent itself; `/readyz/NAME` is one check of it |
/// | `/consumer/livez` `…/readyz` `…/startupz` | all watched groups |
/// | `/consumer/{group}/livez` … | one group |
/// | `/consumer/{group}/scale` | how many replicas it should have |
/// | `/metrics` | Prometheus' text format |
/// | `/v3/…` `/burrow/…` | Burrow's API; see `BurrowRoute` |
package struct Routes {
  /// The name of this machine, which Burrow's answers repeat.
  let host: String
  /// The value of the CORS header of JSON answers, none when nil.
  private(set) var allowOrigin: Header?
  /// What the server and the program around the agent have to say.
  var server = ServerReport()
  /// How long the text of `/metrics` was the last time, in bytes.
  var lastMetricsBytes = 0
  /// The least urgent level that is logged, which Burrow's API shows.
  package var logLevel = Configuration.LogLevel.info
  /// Whether the agent was told to end.
  package var isDraining = false
  /// Names of groups that were asked for and are not watched, told once each.
  var unknownGroups: Set<String> = []

  /// The most unknown names that are remembered; further ones are not told.
  static let maximumUnknownGroups = 100

  /// Creates the routes.
  ///
  /// - Parameters:
  ///   - host: the name of this machine.
  ///   - allowOrigin: the value of `access-control-allow-origin`, nil for none.
  package init(host: String, allowOrigin: String?) {
    self.host = host
    setAllowOrigin(allowOrigin)
  }

  /// Changes the value of `access-control-allow-origin`; nil for none.
  mutating func setAllowOrigin(_ value: String?) {
    allowOrigin = value.flatMap { Header("access-control-allow-origin", Array($0.utf8)) }
  }

  /// What a request gets: the response, and a line for the log where somebody should know.
  package struct Answered {
    /// The response.
    package var response: Response
    /// What is to be logged.
    package var log: LogRecord?
    /// The probe that this answers, which the agent has to be told of.
    package var probe: Agent.AskedProbe?

    /// Whether the answer stands until the agent learns something or time passes.
    ///
    /// A failing answer of liveness and every one of start-up begin something: they are given anew
    /// each time.
    package var stands: Bool {
      switch probe?.question {
      case nil, .readiness: true
      case .liveness: response.status == .ok
      case .startup: false
      }
    }
  }

  /// Answers a request from what the agent knows.
  package mutating func answer(
    _ request: RouteRequest, agent: borrowing Agent, now: Moment
  ) -> Answered {
    switch request.segments.first {
    case "livez", "readyz", "startupz":
      guard request.isRead else { return Answered(response: Self.readOnly) }
      return Answered(response: agentProbe(request, agent: agent, now: now))
    case "consumer":
      guard request.isRead else { return Answered(response: Self.readOnly) }
      return consumerRoute(request, agent: agent, now: now)
    case "metrics" where request.segments.count == 1:
      guard request.isRead else { return Answered(response: Self.readOnly) }
      return Answered(response: metrics(request, agent: agent, now: now))
    case "" where request.segments.count == 1:
      guard request.isRead else { return Answered(response: Self.readOnly) }
      return Answered(response: Self.page)
    default:
      // Also where it is none of Burrow's: other spellings of those are led to them.
      return Answered(response: burrowRoute(request, agent: agent, now: now))
    }
  }

  /// The answer to a method that changes things, where nothing can be changed.
  private static var readOnly: Response { .methodNotAllowed("GET, HEAD") }

  /// Burrow's answer to a path that it does not know.
  static var unknownPath: Response {
    Response(
      .notFound, .text, body: BurrowAnswers.unknownPath,
      headers: [noSniff])
  }

  static let noSniff = Header("x-content-type-options", "nosniff")

  static func plain(_ status: Status, _ body: [UInt8]) -> Response {
    Response(
      status, .text, body: body,
      headers: [
        Header("cache-control", "no-cache, no-store"),
        noSniff,
      ])
  }
}
