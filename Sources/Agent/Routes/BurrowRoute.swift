import Answers

/// One of the paths of Burrow's API, with the names that stand in it.
enum BurrowRoute: Equatable {
  case admin
  case ready
  case logLevel
  case clusters
  case cluster(String)
  case topics(cluster: String)
  case topic(cluster: String, topic: String)
  case consumersOfTopic(cluster: String, topic: String)
  case consumers(cluster: String)
  case consumer(cluster: String, group: String)
  case status(cluster: String, group: String, BurrowAnswers.Listing)
  /// A topic of a group, which Burrow can only forget.
  case topicOfConsumer
  case configuration
  case modules(BurrowAnswers.Coordinator)
  case module(BurrowAnswers.Coordinator, String)

  /// Recognises a path; nil for one that Burrow does not have.
  ///
  /// - Parameter segments: the path's segments, decoded.
  init?(_ segments: [String]) {
    guard !segments.dropFirst().contains(""), let route = Self.match(segments) else { return nil }
    self = route
  }

  private static func match(_ segments: [String]) -> BurrowRoute? {
    switch segments.first {
    case "burrow":
      if segments == ["burrow", "admin"] { return .admin }
      return segments == ["burrow", "admin", "ready"] ? .ready : nil
    case "v3" where segments.count > 1:
      let rest = segments.dropFirst(2)
      switch segments[1] {
      case "admin": return rest.elementsEqual(["loglevel"]) ? .logLevel : nil
      case "config": return configuration(Array(rest))
      case "kafka": return kafka(Array(rest))
      default: return nil
      }
    default: return nil
    }
  }

  private static func configuration(_ rest: [String]) -> BurrowRoute? {
    guard let first = rest.first else { return .configuration }
    guard let coordinator = BurrowAnswers.Coordinator(rawValue: first) else { return nil }
    switch rest.count {
    case 1: return .modules(coordinator)
    case 2: return .module(coordinator, rest[1])
    default: return nil
    }
  }

  private static func kafka(_ rest: [String]) -> BurrowRoute? {
    guard let cluster = rest.first else { return .clusters }
    guard rest.count > 1 else { return .cluster(cluster) }
    switch (rest[1], rest.count) {
    case ("topic", 2): return .topics(cluster: cluster)
    case ("topic", 3): return .topic(cluster: cluster, topic: rest[2])
    case ("topic", 4) where rest[3] == "consumers":
      return .consumersOfTopic(cluster: cluster, topic: rest[2])
    case ("consumer", 2): return .consumers(cluster: cluster)
    case ("consumer", 3): return .consumer(cluster: cluster, group: rest[2])
    case ("consumer", 4) where rest[3] == "status":
      return .status(cluster: cluster, group: rest[2], .troubled)
    case ("consumer", 4) where rest[3] == "lag":
      return .status(cluster: cluster, group: rest[2], .all)
    case ("consumer", 5) where rest[3] == "topic": return .topicOfConsumer
    default: return nil
    }
  }

  // MARK: Other spellings

  /// The path that was meant, where it is one of Burrow's with slashes too many or in other case.
  ///
  /// Burrow's router (httprouter, `RedirectTrailingSlash` and `RedirectFixedPath`) sends clients
  /// there. Names keep their case.
  ///
  /// - Parameter segments: the path's segments, decoded.
  /// - Returns: the segments of the right path; nil where there is none, or it is this one.
  static func corrected(_ segments: [String]) -> [String]? {
    var fixed = segments.filter { !$0.isEmpty }
    // Those that are no names: all but a cluster, what follows "topic" and "consumer", and the
    // name of a module.
    for index in fixed.indices {
      let isName =
        switch (fixed[1 < fixed.count ? 1 : 0], index) {
        case ("kafka", 2), ("kafka", 4), ("kafka", 6), ("config", 3): true
        default: false
        }
      if !isName { fixed[index] = fixed[index].lowercased() }
    }
    return fixed != segments && BurrowRoute(fixed) != nil ? fixed : nil
  }
}
