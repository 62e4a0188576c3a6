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
///
/// One for all who count and tell of them: every request counts.
@safe final class RequestCounters {
  private static let statuses = 600
  private static let cells = RouteClass.allCases.count * statuses

  // Plain memory and no array, because every request counts: nothing is checked but the index.
  private let counts: UnsafeMutableBufferPointer<UInt64>

  init() {
    // SAFETY: allocated and initialised here for this object alone, which frees it.
    unsafe counts = .allocate(capacity: Self.cells)
    unsafe counts.initialize(repeating: 0)
  }

  deinit {
    // SAFETY: nobody else has the pointer.
    unsafe counts.deallocate()
  }

  private static func cell(_ route: RouteClass, _ status: Int) -> Int {
    precondition(status >= 0 && status < statuses)
    return route.rawValue * statuses + status
  }

  /// Counts a response.
  func count(_ route: RouteClass, _ status: Status) {
    // SAFETY: every class and every status below `statuses` has its cell.
    unsafe counts[Self.cell(route, Int(status.code))] &+= 1
  }

  /// Calls `body` with each class and status that was given at least once.
  func forEach(_ body: (RouteClass, Int, UInt64) -> Void) {
    for route in RouteClass.allCases {
      for status in 0..<Self.statuses {
        // SAFETY: as above.
        let count = unsafe counts[Self.cell(route, status)]
        if count > 0 { body(route, status, count) }
      }
    }
  }
}
