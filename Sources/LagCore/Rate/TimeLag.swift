/// How long the first record that a group has not consumed has been waiting.
package struct TimeLag: Sendable, Equatable {
  /// How well it is known.
  package enum Accuracy: UInt8, Sendable, CaseIterable {
    /// It lies within the time that the kept heads span.
    case measured
    /// It lies before them, and is what the rate of the kept heads makes of it.
    case estimated
    /// It lies before them, and nothing was produced since that would tell how far: at least this.
    case atLeast

    /// The word for it.
    package var name: StaticString {
      switch self {
      case .measured: "measured"
      case .estimated: "estimated"
      case .atLeast: "at-least"
      }
    }
  }

  /// The time in seconds, 0 without lag.
  package var seconds: Double
  /// How well it is known.
  package var accuracy: Accuracy

  /// Creates a time lag from its parts.
  package init(seconds: Double, accuracy: Accuracy) {
    self.seconds = seconds
    self.accuracy = accuracy
  }
}

extension TimeLag {
  /// Finds the time at which the log ended where a group stands now.
  ///
  /// Heads are sampled at equal distances; between two of them the log is taken to grow evenly.
  ///
  /// - Parameters:
  ///   - committed: the committed offset: the next record to be consumed.
  ///   - heads: the kept heads, oldest first.
  ///   - sampledAt: when the newest of them was sampled, in milliseconds since 1970.
  ///   - interval: the distance of two samples in milliseconds, above 0.
  ///   - behindSince: since when a head above the newest commit was seen, in milliseconds since
  ///     1970; nil while that is not known.
  ///   - now: the wall clock in milliseconds since 1970.
  /// - Returns: nil without heads.
  package static func of(
    committed: Int64, heads: [Int64], sampledAt: Int64, interval: Int64, behindSince: Int64?,
    now: Int64
  ) -> TimeLag? {
    guard let newest = heads.last, let oldest = heads.first else { return nil }
    guard newest > committed else { return TimeLag(seconds: 0, accuracy: .measured) }
    let start = Double(sampledAt &- Int64(heads.count - 1) &* interval)
    func lag(since time: Double, _ accuracy: Accuracy) -> TimeLag {
      TimeLag(seconds: max(0, Double(now) - time) / 1000, accuracy: accuracy)
    }
    if let place = heads.lastIndex(where: { $0 <= committed }) {
      let grown = Double(lagBetween(committed: heads[place], head: heads[place + 1]))
      let share = grown > 0 ? Double(committed &- heads[place]) / grown : 0
      return lag(since: start + (Double(place) + share) * Double(interval), .measured)
    }
    let missing = Double(lagBetween(committed: committed, head: oldest))
    let grown = Double(lagBetween(committed: oldest, head: newest))
    let span = Double(heads.count - 1) * Double(interval)
    let first = behindSince.map { min(start, Double($0)) } ?? start
    guard grown > 0, span > 0 else { return lag(since: first, .atLeast) }
    return lag(since: min(first, start - missing * span / grown), .estimated)
  }
}
