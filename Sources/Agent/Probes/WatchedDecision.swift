import Configuration
import LagCore

/// What the agent keeps of a watched group for its probes and its scale.
struct WatchedDecision: Sendable {
  /// The number by which the decisions know the group; nil before its first second.
  var number: Int?
  /// How its verdicts become answers, and how the number of its replicas is worked out.
  var settings = Configuration.Decisions()
  var scaling = ScaleParameters()
  /// The partitions that were not OK at the last verdict.
  var troubled: [TroubledPartition] = []
  /// What was observed of it each minute.
  var advisor = ScaleAdvisor()
  /// What the log was told last.
  var told = Told()

  /// What is told when it changes.
  struct Told: Sendable, Equatable {
    var fails = false
    var isReady = false
    var poisoned = 0
    var isCommonCause = false
    var isBudgetUsed = false
    var isPaused = false
  }
}

extension WatchedDecision.Told {
  /// What is to be told of a decision.
  init(_ decision: GroupDecision) {
    fails = decision.liveness.fails
    isReady = decision.readiness.isReady
    poisoned = decision.poisoned
    for finding in decision.liveness.findings {
      switch finding.evidence {
      case .commonCause: isCommonCause = true
      case .governor(.budgetUsed): isBudgetUsed = true
      case .paused: isPaused = true
      default: break
      }
    }
  }
}

extension DecisionTime {
  /// The time as decisions need it.
  init(_ moment: Moment) { self.init(wall: moment.wall, monotonic: moment.monotonic) }
}
