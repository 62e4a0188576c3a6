/// Whether the coordinator has been asked if a group is stable, and what it said.
struct StabilityQuestion {
  /// When it was asked last and has not answered yet, on the monotonic clock in milliseconds.
  private var askedAt: Int64?
  private var answer: StabilityAnswer?
  private var answeredAt: Int64 = 0

  /// How long a refusal stands, in milliseconds (10 min).
  private static let refusalLasts: Int64 = 600_000
  /// How long after an answer that does not allow a restart it is asked again, in milliseconds
  /// (10 s).
  private static let askAgainAfter: Int64 = 10_000
  /// How long an answer is waited for, in milliseconds (30 s).
  private static let patience: Int64 = 30_000

  /// Takes note of an answer.
  mutating func answered(_ answer: StabilityAnswer, now: Int64) {
    askedAt = nil
    self.answer = answer
    answeredAt = now
  }

  /// Forgets what was said, because it is not about to be acted upon any more.
  mutating func expire(now: Int64) {
    if answer == .refused, now - answeredAt < Self.refusalLasts { return }
    answer = nil
  }

  /// Whether the coordinator may not be asked.
  var isRefused: Bool { answer == .refused }

  /// What is known; a group is stable only by an answer since the last `expire`.
  var finding: ClauseFinding {
    switch answer {
    case .state(let state):
      ClauseFinding(.stability, holds: state == .stable, .described(state))
    case .refused: ClauseFinding(.stability, holds: true, .mayNotDescribe)
    case .failed, nil: ClauseFinding(.stability, holds: false, .awaitsDescription)
    }
  }

  /// Returns whether the coordinator is to be asked now, and takes note that it is.
  mutating func isDue(now: Int64) -> Bool {
    if let askedAt, now - askedAt < Self.patience { return false }
    if answer != nil, now - answeredAt < Self.askAgainAfter { return false }
    askedAt = now
    return true
  }
}
