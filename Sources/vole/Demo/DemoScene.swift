import LagCore

/// A consumer of the demo and what the agent must find out about it.
struct DemoRole: Sendable {
  /// The consumer's name, which is its group's too.
  let name: String
  /// What it does, in a few words.
  let does: String
  /// How it does it.
  var habit: Habit
  /// Milliseconds between its commits.
  var commitInterval: Int64 = 1000
  /// The verdict that the agent must come to.
  let expected: Verdict
  /// The status of its worst partition.
  let expectedStatus: PartitionStatus
}

/// What is played.
struct DemoScene: Sendable {
  /// The name, as `--scene` takes it.
  let name: String
  /// One sentence.
  let summary: String
  /// The consumers.
  var roles: [DemoRole]
  /// Whether the first consumer must have been ERR in between.
  var mustHaveFailed = false

  /// Five consumers, one for each verdict.
  static let verdicts = DemoScene(
    name: "verdicts", summary: "five consumers, one for each verdict",
    roles: [
      // Not a divisor of the second between heads: no constant phase gives equal lags for ever.
      DemoRole(
        name: "healthy", does: "processes everything", habit: .healthy, commitInterval: 700,
        expected: .ok, expectedStatus: .ok),
      // Two seconds between commits and one between heads: each commit sees a newer head.
      DemoRole(
        name: "slow", does: "processes a third of what comes", habit: .slow,
        commitInterval: 2000, expected: .warning, expectedStatus: .warning),
      DemoRole(
        name: "stalled", does: "commits the same offset again and again",
        habit: .stalls(afterCommits: 2), expected: .error, expectedStatus: .stall),
      DemoRole(
        name: "stopped", does: "commits no more", habit: .stops(afterCommits: 6),
        expected: .error, expectedStatus: .stop),
      DemoRole(
        name: "rewinding", does: "goes back to earlier offsets",
        habit: .rewinds(afterCommits: 3), expected: .error, expectedStatus: .rewind),
    ])

  /// One consumer that stalls and recovers.
  static let recovery = DemoScene(
    name: "recovery", summary: "one consumer that stalls from second 12 to 30 and recovers",
    roles: [
      DemoRole(
        name: "recovering", does: "stalls for 18 seconds, then goes on",
        habit: .pauses(from: 12, to: 30), expected: .ok, expectedStatus: .ok)
    ], mustHaveFailed: true)

  /// All scenes.
  static let all = [verdicts, recovery]

  /// Returns the scene with one consumer that behaves otherwise, nil when it has none of that name.
  func sabotaging(_ name: String) -> DemoScene? {
    guard let index = roles.firstIndex(where: { $0.name == name }) else { return nil }
    var scene = self
    scene.roles[index].habit =
      roles[index].habit == .healthy ? .stalls(afterCommits: 2) : .healthy
    return scene
  }
}
