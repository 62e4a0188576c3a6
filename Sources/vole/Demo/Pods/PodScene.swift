/// A pod of the demo: what its consumer does, and what must become of it.
struct PodRole: Sendable {
  /// The pod's name, which is its consumer's client id too.
  let name: String
  /// What its consumer does, in a few words.
  let does: String
  /// How it does it.
  var habit: PodHabit
  /// What its agent must say.
  let expected: PodExpectation
}

/// How the consumer of a pod behaves; seconds count from the beginning of the demo.
enum PodHabit: Sendable, Equatable {
  /// Processes everything at once.
  case healthy
  /// Processes nothing more of its first partition.
  case hangs(at: Int64)
  /// Processes nothing more at all.
  case stands(at: Int64)
  /// Cannot get over a record of its first partition, whichever container tries.
  case poison(at: Int64)
  /// Is replaced by a new container that processes everything.
  case replaced(at: Int64)
  /// Is replaced by a new container that processes nothing.
  case replacedByBad(at: Int64)
}

/// What the agent of a pod must have said when the demo ends.
struct PodExpectation: Sendable, Equatable {
  /// Whether liveness must have failed at some time; otherwise it never may.
  var failsLiveness = false
  /// Whether liveness must pass at the end.
  var isAliveAtEnd = true
  /// Whether readiness must pass at the end.
  var isReadyAtEnd = true
  /// A word that the answer to liveness must have at the end.
  var word: String?
}

/// What is played with several pods of one group, each with an agent of its own.
struct PodScene: Sendable {
  /// The name, as `--scene` takes it.
  let name: String
  /// One sentence.
  let summary: String
  /// The pods.
  var pods: [PodRole]
  /// Whether the demo's kubelet restarts a container whose liveness fails.
  var restarts = false
  /// The key `hold` of the agents, in seconds.
  var hold = 5

  /// The group, and the topic that it reads.
  static let group = "orders"

  /// One of three pods hangs with one partition.
  static let stuckPartition = PodScene(
    name: "stuck-partition",
    summary: "three pods of one group, one hangs with one partition: only its liveness fails",
    pods: [
      PodRole(
        name: "orders-a", does: "processes everything", habit: .healthy,
        expected: PodExpectation()),
      PodRole(
        name: "orders-b", does: "hangs with one partition from second 8", habit: .hangs(at: 8),
        expected: PodExpectation(failsLiveness: true, isAliveAtEnd: false)),
      PodRole(
        name: "orders-c", does: "processes everything", habit: .healthy,
        expected: PodExpectation()),
    ])

  /// What all three pods depend on is down.
  static let outage = PodScene(
    name: "outage",
    summary: "what all three pods depend on is down: no liveness fails, because no restart helps",
    pods: ["orders-a", "orders-b", "orders-c"].map {
      PodRole(
        name: $0, does: "processes nothing from second 8", habit: .stands(at: 8),
        expected: PodExpectation(word: "common-cause"))
    })

  /// A record that nobody can process.
  static let poison = PodScene(
    name: "poison",
    summary: "one pod meets a record that nobody can process: one restart, and then no more",
    pods: [
      PodRole(
        name: "orders-a", does: "processes everything", habit: .healthy,
        expected: PodExpectation()),
      PodRole(
        name: "orders-b", does: "cannot get over a record from second 8, restarted or not",
        habit: .poison(at: 8), expected: PodExpectation(failsLiveness: true, word: "poison")),
      PodRole(
        name: "orders-c", does: "processes everything", habit: .healthy,
        expected: PodExpectation()),
    ], restarts: true)

  /// A rollout whose second pod is bad.
  static let rollout = PodScene(
    name: "rollout",
    summary: "a rollout whose second pod consumes nothing: it stays unready, so the third is kept",
    pods: [
      PodRole(
        name: "orders-a", does: "is replaced at second 10 and processes everything",
        habit: .replaced(at: 10), expected: PodExpectation()),
      PodRole(
        name: "orders-b", does: "is replaced at second 18 and processes nothing",
        habit: .replacedByBad(at: 18), expected: PodExpectation(isReadyAtEnd: false)),
      PodRole(
        name: "orders-c", does: "is not replaced", habit: .healthy, expected: PodExpectation()),
    ], hold: 300)

  /// All scenes.
  static let all = [stuckPartition, outage, poison, rollout]

  /// Returns the scene with one pod that behaves otherwise, nil when it has none of that name.
  ///
  /// Where all pods do the same, that one alone goes on doing it.
  func sabotaging(_ name: String) -> PodScene? {
    guard let index = pods.firstIndex(where: { $0.name == name }) else { return nil }
    var scene = self
    let habit = pods[index].habit
    if pods.allSatisfy({ $0.habit == habit }) {
      for other in pods.indices where other != index { scene.pods[other].habit = .healthy }
    } else {
      scene.pods[index].habit = habit == .healthy ? .hangs(at: 8) : .healthy
    }
    return scene
  }
}
