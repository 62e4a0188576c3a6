import Answers
import Configuration
import HTTPServer
import LagCore

/// `/v3/…` and `/burrow/…`: Burrow's API, read-only.
extension Routes {
  /// Answers what begins with `/v3` or `/burrow`, and all that nobody else answers.
  func burrowRoute(
    _ request: RouteRequest, agent: borrowing Agent, now: Moment
  ) -> Response {
    guard let route = BurrowRoute(request.segments) else {
      guard request.method == .get, let right = BurrowRoute.corrected(request.segments) else {
        return Self.unknownPath
      }
      return Self.redirect(to: right, query: request.query)
    }
    switch request.method {
    case .get where route != .topicOfConsumer: return answer(route, request, agent: agent, now: now)
    case .options: return Response(.ok, .text, headers: [Self.allowed(route)])
    case .get, .head, .post, .put, .delete, .patch:
      return Response(
        .methodNotAllowed, .text, body: Array("Method Not Allowed\n".utf8),
        headers: [Self.allowed(route), Self.noSniff])
    }
  }

  /// Nothing can be deleted or set: Burrow itself has DELETE and POST here and there.
  private static func allowed(_ route: BurrowRoute) -> Header {
    if case .topicOfConsumer = route { return Header("allow", "OPTIONS") }
    return Header("allow", "GET, OPTIONS")
  }

  private func answer(
    _ route: BurrowRoute, _ request: RouteRequest, agent: borrowing Agent, now: Moment
  ) -> Response {
    let info = BurrowAnswers.RequestInfo(url: request.path, host: host)
    switch route {
    case .admin: return text(.ok, "GOOD")
    case .ready:
      return agent.isReady ? text(.ok, "READY") : text(.serviceUnavailable, "STARTING")
    case .logLevel:
      return json(BurrowAnswers.logLevel(logLevel.rawValue, request: info))
    case .clusters:
      return json(BurrowAnswers.list(.clusters, agent.clusterNames, request: info))
    case .cluster(let name):
      return module(.cluster, name, agent: agent, info)
    case .topics(let cluster), .topic(let cluster, _), .consumersOfTopic(let cluster, _),
      .consumers(let cluster), .consumer(let cluster, _):
      guard let found = Self.find(cluster, agent.cluster(named:)) else {
        return notFound(route, info)
      }
      return answer(route, cluster: found, request, info, agent: agent, now: now)
    case .status(let cluster, let group, let listing):
      return status(
        cluster: cluster, group: group, listing, request, info, agent: agent, now: now)
    case .topicOfConsumer: return Self.unknownPath
    case .configuration, .modules, .module:
      guard request.scope == .all else { return Self.unknownPath }
      return configuration(route, agent: agent, info)
    }
  }

  /// Answers a route of a cluster that is there.
  private func answer(
    _ route: BurrowRoute, cluster: Int, _ request: RouteRequest,
    _ info: BurrowAnswers.RequestInfo, agent: borrowing Agent, now: Moment
  ) -> Response {
    let scope = request.scope
    switch route {
    case .topics:
      let names = agent.topicNames(cluster: cluster, scope: scope)
      return json(BurrowAnswers.list(.topics, names, request: info))
    case .topic(_, let topic):
      guard
        let heads = Self.find(
          topic, { agent.newestHeads(ofTopic: $0, cluster: cluster, scope: scope) })
      else { return notFound(route, info) }
      return json(BurrowAnswers.topicOffsets(heads, request: info))
    case .consumersOfTopic(_, let topic):
      let names = Self.find(topic) { name -> [String]? in
        let found = agent.groups(ofTopic: name, cluster: cluster, scope: scope)
        return found.isEmpty ? nil : found
      }
      return json(BurrowAnswers.list(.consumersOfTopic, names ?? [], request: info))
    case .consumers:
      let names = agent.groupsWithData(cluster: cluster, scope: scope)
      return json(BurrowAnswers.list(.consumers, names, request: info))
    case .consumer(_, let name):
      guard
        let group = Self.find(
          name, { agent.group(named: $0, cluster: cluster, scope: scope) }),
        let windows = agent.windows(ofGroup: group, cluster: cluster, now: now)
      else { return notFound(route, info) }
      return json(BurrowAnswers.consumer(windows, request: info))
    default: return Self.unknownPath
    }
  }

  private func status(
    cluster name: String, group: String, _ listing: BurrowAnswers.Listing,
    _ request: RouteRequest, _ info: BurrowAnswers.RequestInfo, agent: borrowing Agent, now: Moment
  ) -> Response {
    let cluster = Self.find(name, agent.cluster(named:))
    let found = cluster.flatMap { cluster in
      Self.find(group) { agent.group(named: $0, cluster: cluster, scope: request.scope) }
    }
    guard let cluster, let found,
      let evaluation = agent.evaluate(group: found, cluster: cluster, now: now)
    else {
      return json(
        BurrowAnswers.status(nil, cluster: name, group: group, listing: listing, request: info),
        .notFound)
    }
    return json(
      BurrowAnswers.status(
        evaluation, cluster: agent.clusterNames[cluster], group: evaluation.group,
        listing: listing, request: info))
  }

  private func notFound(_ route: BurrowRoute, _ info: BurrowAnswers.RequestInfo) -> Response {
    let message: StaticString =
      switch route {
      case .topic: "cluster or topic not found"
      case .consumer: "cluster or consumer not found"
      default: "cluster not found"
      }
    return json(BurrowAnswers.error(message, request: info), .notFound)
  }

  // MARK: The configuration

  private func configuration(
    _ route: BurrowRoute, agent: borrowing Agent, _ info: BurrowAnswers.RequestInfo
  ) -> Response {
    switch route {
    case .modules(let coordinator):
      let names = agent.modules(of: coordinator).map(\.name)
      return json(BurrowAnswers.modules(of: coordinator, names, request: info))
    case .module(let coordinator, let name):
      return module(coordinator, name, agent: agent, info)
    default:
      guard let main = agent.mainConfiguration(logLevel: logLevel) else { return Self.unknownPath }
      return json(BurrowAnswers.main(main, request: info))
    }
  }

  /// Burrow finds modules whatever the case of their names.
  private func module(
    _ coordinator: BurrowAnswers.Coordinator, _ name: String, agent: borrowing Agent,
    _ info: BurrowAnswers.RequestInfo
  ) -> Response {
    let modules = agent.modules(of: coordinator)
    let found = Self.find(name) { name in
      modules.first { $0.name == name }
        ?? modules.first { $0.name.lowercased() == name.lowercased() }
    }
    guard let found else {
      return json(BurrowAnswers.noModule(of: coordinator, request: info), .notFound)
    }
    return json(BurrowAnswers.module(found.module, request: info))
  }

  // MARK: What all have in common

  /// Finds something by a name as it stands in the path, or decoded once more where there is none:
  /// some clients escape names twice.
  private static func find<Found>(_ name: String, _ body: (String) -> Found?) -> Found? {
    if let found = body(name) { return found }
    let decoded = PercentEncoding.decoded(name)
    return decoded == name ? nil : body(decoded)
  }

  private func json(_ body: [UInt8], _ status: Status = .ok) -> Response {
    Response(status, .json, body: body, headers: allowOrigin.map { [$0] } ?? [])
  }

  private func text(_ status: Status, _ body: String) -> Response {
    Response(status, .text, body: Array(body.utf8), headers: allowOrigin.map { [$0] } ?? [])
  }

  /// Sends a client to another path, in the words of Go's `http.Redirect`.
  private static func redirect(to segments: [String], query: String?) -> Response {
    var place = segments.map { "/" + PercentEncoding.encoded(segment: $0) }.joined()
    if let query { place += "?" + query }
    var escaped = ""
    for character in place.unicodeScalars {
      switch character {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&#34;"
      case "'": escaped += "&#39;"
      default: escaped.unicodeScalars.append(character)
      }
    }
    let body = "<a href=\"\(escaped)\">Moved Permanently</a>.\n\n"
    return Response(
      .movedPermanently, .html, body: Array(body.utf8),
      headers: Header("location", Array(place.utf8)).map { [$0] } ?? [])
  }
}
