import HTTPServer

/// What a request asked for, as metrics tell requests apart.
enum RouteClass: Int, CaseIterable {
  case probe
  case consumer
  case burrow
  case metrics
  case rpc
  case other

  /// Classes a request by its first segment.
  init(_ request: borrowing Request) {
    if request.segment(0, equals: "consumer") {
      self = .consumer
    } else if request.segment(0, equals: "livez") || request.segment(0, equals: "readyz")
      || request.segment(0, equals: "startupz")
    {
      self = .probe
    } else if request.segment(0, equals: "v3") || request.segment(0, equals: "burrow") {
      self = .burrow
    } else if request.segment(0, equals: "metrics") {
      self = .metrics
    } else if request.segment(0, equals: "vole.v1.ConsumerGroupService")
      || request.segment(0, equals: "grpc.health.v1.Health")
    {
      self = .rpc
    } else {
      self = .other
    }
  }

  /// The label in metrics.
  var label: String {
    switch self {
    case .probe: "probe"
    case .consumer: "consumer"
    case .burrow: "burrow"
    case .metrics: "metrics"
    case .rpc: "rpc"
    case .other: "other"
    }
  }
}

/// How many responses were given, by what was asked for and status.
final class RequestCounters {
  private static let statuses = 600
  private var counts = [UInt64](repeating: 0, count: RouteClass.allCases.count * statuses)

  /// Counts a response.
  func count(_ route: RouteClass, _ status: Status) {
    counts[route.rawValue * Self.statuses + Int(status.code)] &+= 1
  }

  /// Calls `body` with each class and status that was given at least once.
  func forEach(_ body: (RouteClass, Int, UInt64) -> Void) {
    for route in RouteClass.allCases {
      for status in 0..<Self.statuses {
        let count = counts[route.rawValue * Self.statuses + status]
        if count > 0 { body(route, status, count) }
      }
    }
  }
}
