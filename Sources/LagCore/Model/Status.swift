/// The status of one partition of a consumer group, in Burrow's words and order of severity.
///
/// Raw values are those of Burrow's `protocol.StatusConstant`, which its metrics export.
package enum PartitionStatus: UInt8, Sendable, CaseIterable {
  /// The consumer keeps up, or nothing can be said against it.
  case ok = 1
  /// The consumer commits and moves, but its lag has not decreased in the whole window.
  case warning = 2
  /// The consumer has not committed for longer than its window spans, and lag stands.
  case stop = 4
  /// The consumer commits the same offset over and over, and lag stands.
  case stall = 5
  /// The consumer went back to an earlier offset and has not caught up with it again.
  case rewind = 6

  /// The status as Burrow's JSON spells it.
  package var name: StaticString {
    switch self {
    case .ok: "OK"
    case .warning: "WARN"
    case .stop: "STOP"
    case .stall: "STALL"
    case .rewind: "REWIND"
    }
  }
}

/// The verdict on a whole consumer group, as Burrow's `/v3` answers it.
///
/// Raw values are those of Burrow's `protocol.StatusConstant`.
package enum GroupStatus: UInt8, Sendable, Comparable, CaseIterable {
  /// Nothing is known of the group.
  case notFound = 0
  /// Every partition is OK.
  case ok = 1
  /// At least one partition is WARN, and none is worse.
  case warning = 2
  /// At least one partition is STOP, STALL or REWIND.
  case error = 3

  /// Returns the group verdict that a single partition with `status` causes.
  ///
  /// Everything above WARN counts as ERR (Burrow, `caching.go`, `evaluateConsumerStatus`).
  package init(causedBy status: PartitionStatus) {
    switch status {
    case .ok: self = .ok
    case .warning: self = .warning
    case .stop, .stall, .rewind: self = .error
    }
  }

  /// The status as Burrow's JSON spells it.
  package var name: StaticString {
    switch self {
    case .notFound: "NOTFOUND"
    case .ok: "OK"
    case .warning: "WARN"
    case .error: "ERR"
    }
  }

  package static func < (left: GroupStatus, right: GroupStatus) -> Bool {
    left.rawValue < right.rawValue
  }
}
