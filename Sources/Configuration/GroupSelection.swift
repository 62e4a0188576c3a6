/// Which consumer groups a consumer watches.
package struct GroupSelection {
  /// The groups that are let in, before the denylist.
  package enum Admitted {
    /// `groups = ["*"]`: every group of the cluster.
    case all
    /// `groups = [...]`: exact names, each once, in the order given.
    case named([String])
    /// `group-allowlist`: every group whose name the pattern matches.
    case matching(GroupPattern)
  }

  /// The groups that are let in, before the denylist.
  package let admitted: Admitted
  /// `group-denylist`: groups that are left out all the same.
  package let denied: GroupPattern?

  /// Selects groups.
  package init(admitted: Admitted, denied: GroupPattern? = nil) {
    self.admitted = admitted
    self.denied = denied
  }

  /// Whether another selection is written with the same names and patterns, and thus admits the
  /// same groups.
  package func isSame(as other: GroupSelection) -> Bool {
    guard denied?.source == other.denied?.source else { return false }
    return switch (admitted, other.admitted) {
    case (.all, .all): true
    case (.named(let names), .named(let others)): Set(names) == Set(others)
    case (.matching(let pattern), .matching(let known)): pattern.source == known.source
    default: false
    }
  }

  /// Whether a group is watched.
  ///
  /// - Parameter name: The group's name as it stands in a record, UTF-8.
  /// - Returns: `.limitExceeded` where a pattern was given up: the group is not watched, and the
  ///   caller reports it.
  package func outcome(_ name: Span<UInt8>) -> GroupPattern.Outcome {
    let allowed: GroupPattern.Outcome =
      switch admitted {
      case .all: .match
      case .named(let names): names.contains { Self.equal($0, name) } ? .match : .noMatch
      case .matching(let pattern): pattern.outcome(name)
      }
    guard allowed == .match, let denied else { return allowed }
    return switch denied.outcome(name) {
    case .match: .noMatch
    case .noMatch: .match
    case .limitExceeded: .limitExceeded
    }
  }

  private static func equal(_ name: String, _ bytes: Span<UInt8>) -> Bool {
    guard name.utf8.count == bytes.count else { return false }
    var index = 0
    for byte in name.utf8 {
      if byte != bytes[index] { return false }
      index += 1
    }
    return true
  }
}
