/// Who may be restarted while a common cause lasts: one pod at a time, so that an outage of which
/// the consumers do not recover by themselves ends all the same.
///
/// It is computed from the log alone, so that the agents agree without talking: the pods that stand
/// take turns of one `fail-for` each, in the order of their hosts, along the brokers' clock. A turn
/// ends with the first rebalance in it: then somebody was restarted, and the order is another one.
/// One that begins less than half a turn after a rebalance is left out: whoever was restarted late
/// in the turn before must come back first. It is for whoever begins to fail in its first half:
/// kubelet takes its time to act, and the next pod must not fail right after.
/// While it eases, nobody is restarted: whoever comes back late is only slow.
package struct CommonCauseTurn: Sendable, Equatable {
  /// How long a common cause must last before the first turn, in milliseconds (15 min).
  package static let patience: Int64 = 900_000

  /// This pod's place among those that stand, from 0 on.
  package var place: Int
  /// How many stand.
  package var of: Int
  /// Whether this pod's turn is now.
  package var isNow: Bool

  /// Computes whose turn it is.
  ///
  /// - Parameters:
  ///   - standing: the ranks of all units that stand.
  ///   - own: the ranks of this pod's units that stand.
  ///   - causeSince: since when the common cause lasts, in milliseconds since 1970 by the brokers'
  ///     clock, and later by what does not count.
  ///   - rebalancedAt: when the group rebalanced last, likewise; nil when it never did.
  ///   - failingFor: for how long this pod has been failing already, in milliseconds; nil when it
  ///     is not.
  ///   - brokerClock: the brokers' clock in milliseconds since 1970.
  ///   - turn: how long a turn is, in milliseconds.
  /// - Returns: nil while it is too early, or when this pod does not stand.
  init?(
    standing: Set<Int>, own: Set<Int>, causeSince: Int64, rebalancedAt: Int64?,
    failingFor: Int64? = nil, brokerClock: Int64, turn: Int64
  ) {
    let turn = max(1, turn)
    let number = brokerClock / turn
    // A turn that is cut short would bring two pods down one right after the other.
    guard number &* turn &- causeSince >= Self.patience, let first = own.min(),
      standing.contains(first)
    else { return nil }
    place = standing.count { $0 < first }
    of = standing.count
    isNow =
      Int(truncatingIfNeeded: number) % of == place
      && rebalancedAt ?? .min < number &* turn &- turn / 2
      && brokerClock &- (failingFor ?? 0) < number &* turn &+ turn / 2
  }
}
