/// What came of one world or of many.
package struct Tally: Sendable {
  /// Restarts of pods that consumed all they could.
  package var innocentRestarts = 0
  /// Restarts of pods that hung.
  package var justRestarts = 0
  /// Restarts of pods because of a record that nobody can process.
  package var poisonRestarts = 0
  /// Partitions that a consumer hung with.
  package var hangs = 0
  /// Those that hung for longer than half an hour.
  package var missedHangs = 0
  /// Seconds for which a partition was not consumed that could have been, all partitions together.
  package var stoppedSeconds = 0
  /// Virtual hours.
  package var hours = 0

  /// Nothing happened.
  package init() {}

  /// Adds another world.
  package mutating func add(_ other: Tally) {
    innocentRestarts += other.innocentRestarts
    justRestarts += other.justRestarts
    poisonRestarts += other.poisonRestarts
    hangs += other.hangs
    missedHangs += other.missedHangs
    stoppedSeconds += other.stoppedSeconds
    hours += other.hours
  }
}

/// An invariant that did not hold.
package struct Violation: Sendable, CustomStringConvertible {
  /// The seed of the world.
  package let seed: UInt64
  /// When, in seconds since the world began.
  package let at: Int
  /// What.
  package let what: String

  package var description: String {
    "seed \(seed) at \(at / 3600):\(at / 60 % 60):\(at % 60): \(what)"
  }
}

/// What happened in a world, line by line.
package final class Story {
  /// The lines.
  package private(set) var lines: [String] = []

  func add(_ time: Int, _ text: String) {
    lines.append("\(time / 3600):\(time / 60 % 60):\(time % 60) \(text)")
  }
}
