/// How the number of replicas of a group is worked out.
package struct ScaleParameters: Sendable, Equatable {
  /// In how many seconds a backlog shall be gone, 1 to 86,400.
  package var drainTarget: Int64
  /// The share of a replica's capacity that is kept free, 0 to 0.9.
  package var headroom: Double
  /// The fewest replicas that are asked for, 1 or more: an agent that is gone wakes nobody.
  package var minimum: Int
  /// The most replicas that are asked for, beside those that would be of use.
  package var maximum: Int
  /// Over how many minutes rates are taken, 1 to 15; so long an agent must have watched.
  package var history: Int
  /// For how many minutes fewer replicas must have sufficed before fewer are asked for, 1 to 1440.
  package var decayAfter: Int
  /// For how many seconds members must not have changed before anything is concluded from what
  /// they do: a rebalance makes a lag by itself.
  package var settle: Int64

  /// Creates parameters; by default a backlog is drained in 5 min, a fifth of the capacity is kept
  /// free, rates are those of 15 min, and so long fewer must suffice.
  package init(
    drainTarget: Int64 = 300, headroom: Double = 0.2, minimum: Int = 1, maximum: Int = .max,
    history: Int = 15, decayAfter: Int = 15, settle: Int64 = 120
  ) {
    self.drainTarget = min(max(drainTarget, 1), 86_400)
    self.headroom = min(max(headroom, 0), 0.9)
    self.minimum = max(minimum, 1)
    self.maximum = max(maximum, max(minimum, 1))
    self.history = min(max(history, 1), Self.longestHistory)
    self.decayAfter = min(max(decayAfter, 1), 1440)
    self.settle = max(settle, 0)
  }

  /// The longest history in minutes.
  package static let longestHistory = 15
  /// The longest time that a backlog may take, in seconds.
  package static let longestDrainTarget: Int64 = 86_400
  /// The longest time that fewer replicas must suffice, in minutes.
  package static let longestDecay = 1440
  /// The largest share of the capacity that can be kept free.
  package static let largestHeadroom = 0.9
}
