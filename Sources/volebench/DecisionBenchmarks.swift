import LagCore

/// From verdicts to what the probes answer.
enum DecisionBenchmarks {
  static let all = [
    Benchmark(
      name: "decisions", summary: "what a second costs for a group of 1,000 partitions in ten pods",
      run: decisions)
  ]

  private static let partitions: Int32 = 1000
  private static let pods = 10
  private static let topic = Array("prod.orders.v1".utf8)

  /// How many of the pods' consumers hang.
  private enum Trouble: CaseIterable {
    case nobody
    case onePod
    case everybody

    var name: String {
      switch self {
      case .nobody: "a second of 1,000 partitions, all well"
      case .onePod: "the same, one pod of ten stands"
      case .everybody: "the same, all stand"
      }
    }

    func stands(_ partition: Int32) -> Bool {
      switch self {
      case .nobody: false
      case .onePod: partition % Int32(pods) == 0
      case .everybody: true
      }
    }
  }

  /// A store whose consumers have committed every five seconds for twenty minutes.
  private static func store(_ trouble: Trouble) -> (store: OffsetStore, group: Int) {
    var store = OffsetStore(limits: WindowLimits(), expireAfter: 7 * 86_400_000, seed: 1)
    let group = store.addGroup(Array("orders".utf8).span) ?? 0
    let members = (0..<pods).map { pod in
      GroupMember(
        memberID: "consumer-\(pod)-5f1c9a52-9b7e-4f0e-8d0c-3a1f6f6b7a10", clientID: "consumer-1",
        host: "/10.244.3.\(pod + 1)", rebalanceTimeout: 300_000, subscription: ["prod.orders.v1"],
        assignment: [
          GroupMember.Assigned(
            topic: "prod.orders.v1",
            partitions: (0..<partitions).filter { Int($0) % pods == pod })
        ])
    }
    store.setMembership(
      GroupMembership(
        state: .stable, protocolKind: .classic, generation: 1, changedAt: World.start,
        members: members),
      ofGroup: group, now: World.start)
    for second in stride(from: Int64(0), to: 1200, by: 5) {
      let now = World.start + second * 1000
      for partition in 0..<partitions {
        let offset = trouble.stands(partition) && second > 600 ? 600 : second
        _ = store.record(
          group: group, topic: topic.span, partition: partition, offset: 1000 + offset,
          timestamp: now, order: second * 1000 + Int64(partition), now: now)
        guard second % 10 == 0, let index = store.topic(named: topic.span) else { continue }
        store.recordHead(1000 + second + 3, topic: index, partition: partition, now: now)
      }
      _ = store.judge(
        group: group, nowSeconds: now / 1000, parameters: JudgementParameters())
    }
    return (store, group)
  }

  private static func decisions(_ options: Options) -> [Line] {
    Trouble.allCases.flatMap { trouble in
      var (store, group) = store(trouble)
      var decisions = Decisions(identity: PodIdentity(address: "10.244.3.1"))
      let number = decisions.add(group: "orders", cluster: "local", ProbeParameters())
      var troubled: [TroubledPartition] = []
      var judgement = GroupJudgement.notFound
      var now = DecisionTime(wall: World.start + 1_196_000, monotonic: 1_196_000)
      let rounds = 500 * options.work
      let whole = options.duration(of: rounds) {
        for _ in 0..<rounds {
          now.monotonic += 1000
          judgement = store.judge(
            group: group, nowSeconds: now.wallSeconds, parameters: JudgementParameters(),
            troubled: &troubled)
          // Not longer than this second: while it is there, the list would have to be copied.
          let view = GroupView(group: group, judgement: judgement, troubled: troubled)
          consume(decisions.decide(number, store, view, now: now))
          consume(decisions.settle(now: now))
        }
      }
      let view = GroupView(group: group, judgement: judgement, troubled: troubled)
      let alone = options.duration(of: rounds) {
        for _ in 0..<rounds {
          now.monotonic += 1000
          consume(decisions.decide(number, store, view, now: now))
          consume(decisions.settle(now: now))
        }
      }
      return [
        Line(name: trouble.name, figure: whole, budget: 50),
        Line(name: "  of that, without judging", figure: alone, budget: 50),
      ]
    }
  }
}
