import LagCore

/// From windows to verdicts.
enum EvaluationBenchmarks {
  static let all = [
    Benchmark(
      name: "evaluate",
      summary: "all rules over full windows that lag, and the way out without lag",
      run: evaluate),
    Benchmark(
      name: "report", summary: "a whole group with its commits and owners, as the /v3 API shows it",
      run: report),
  ]

  private static let partitions = 20_000
  private static let now = World.start / 1000 + 60

  /// How far the partitions of a store are behind.
  enum Lag {
    /// Every consumer stands at its head.
    case none
    /// Every consumer moves while its lag grows: each rule is asked and the last one fires.
    case growing
    /// A third each grows, shrinks and stands still.
    case mixed
  }

  /// A store of full windows, ten commits a second apart.
  static func store(of world: World, _ lag: Lag) -> OffsetStore {
    var store = OffsetStore(limits: WindowLimits(), expireAfter: 7 * 86_400_000, seed: 1)
    for membership in world.memberships {
      guard let group = store.addGroup(Array(membership.group.utf8).span) else { continue }
      let topic = Array(membership.topic.utf8)
      for step: Int64 in 0...10 {
        for partition in 0..<Int32(membership.partitions) {
          let (offset, head) = position(lag, partition, step)
          let time = World.start + 10_000 * step
          // The first round makes the topic, so that the heads of the others have a place.
          if step > 0, let index = store.topic(named: topic.span) {
            store.setPartitionCount(membership.partitions, ofTopic: index)
            store.recordHead(head, topic: index, partition: partition, now: time)
          }
          _ = store.record(
            group: group, topic: topic.span, partition: partition, offset: offset,
            timestamp: time, order: step, now: time)
        }
      }
    }
    return store
  }

  /// Where consumer and head of a partition stand at a step.
  private static func position(
    _ lag: Lag, _ partition: Int32, _ step: Int64
  ) -> (offset: Int64, head: Int64) {
    let kind: Int32 =
      switch lag {
      case .none: 0
      case .growing: 1
      case .mixed: 1 + partition % 3
      }
    switch kind {
    case 0: return (1000 + step, 1000 + step)
    case 1: return (1000 + step, 2000 + 10 * step)
    case 2: return (1000 + step, 2000 - step)
    default: return (1000, 2000 + step)
    }
  }

  private static func evaluate(_ options: Options) -> [Line] {
    let world = World(partitions: partitions)
    let rounds = 20 * options.work
    var lines: [Line] = []
    for (name, lag) in [
      ("evaluate a partition (WARN)", Lag.growing), ("evaluate a partition (mixed)", .mixed),
      ("evaluate without lag", .none),
    ] {
      var store = store(of: world, lag)
      let figure = options.rate(of: store.trackedPartitions * rounds) {
        for _ in 0..<rounds {
          for group in store.groupIndices {
            consume(store.judge(group: group, nowSeconds: now, parameters: JudgementParameters()))
          }
        }
      }
      var yardstick: Double?
      if options.hasYardstick {
        let naive = naiveStore(of: world, lag)
        yardstick =
          options.rate(of: store.trackedPartitions) {
            consume(naive.evaluate(nowSeconds: now, parameters: EvaluationParameters()))
          }.best
      }
      lines.append(Line(name: name, figure: figure, budget: 20, yardstick: yardstick))
    }
    return lines
  }

  static func naiveStore(of world: World, _ lag: Lag) -> NaiveStore {
    var store = NaiveStore()
    for membership in world.memberships {
      for partition in 0..<Int32(membership.partitions) {
        for step: Int64 in 1...10 {
          let (offset, head) = position(lag, partition, step)
          store.recordHead(
            head, group: membership.group, topic: membership.topic, partition: partition)
          store.record(
            group: membership.group, topic: membership.topic, partition: partition,
            offset: offset, timestamp: World.start + 10_000 * step, order: step)
        }
      }
    }
    return store
  }

  private static func report(_ options: Options) -> [Line] {
    let store = store(of: World(partitions: partitions), .mixed)
    let figure = options.rate(of: store.trackedPartitions * options.work) {
      for _ in 0..<options.work {
        for group in store.groupIndices {
          consume(
            store.evaluate(group: group, nowSeconds: now, parameters: EvaluationParameters()))
        }
      }
    }
    return [Line(name: "report a partition", figure: figure)]
  }
}
