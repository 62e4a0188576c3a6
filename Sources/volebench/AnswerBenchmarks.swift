import Answers
import JSON
import LagCore

/// From what is known of groups to the bytes of RPC and metrics.
enum AnswerBenchmarks {
  static let all = [
    Benchmark(
      name: "rpc", summary: "GetGroupStatus of a group: judged and written", run: groupStatus),
    Benchmark(
      name: "metrics", summary: "Burrow's metrics of 10,000 partitions: evaluated and written",
      run: metrics),
  ]

  private static let now = World.start / 1000 + 100

  /// A group that lags on every partition, with ten commits in each window and ten members.
  private static func store(partitions: Int) -> (store: OffsetStore, group: Int) {
    let topic = Array("prod.orders.v1".utf8)
    var store = OffsetStore(limits: WindowLimits(), expireAfter: 7 * 86_400_000, seed: 1)
    let group = store.addGroup(Array("orders-service".utf8).span) ?? 0
    for step: Int64 in 0...10 {
      for partition in 0..<Int32(partitions) {
        let time = World.start + step * 10_000
        if let index = store.topic(named: topic.span) {
          store.setPartitionCount(partitions, ofTopic: index)
          store.recordHead(2_000_000 + step, topic: index, partition: partition, now: time)
        }
        _ = store.record(
          group: group, topic: topic.span, partition: partition, offset: 1_900_000 + step,
          timestamp: time, order: step, now: time)
      }
    }
    let members = (0..<10).map { number in
      GroupMember(
        memberID: "orders-service-\(number)-0f8fad5b-d9cb-469f-a165-70867728950e",
        clientID: "orders-service-\(number)", host: "/10.1.2.\(number)",
        assignment: [
          GroupMember.Assigned(
            topic: "prod.orders.v1",
            partitions: (0..<Int32(partitions)).filter { $0 % 10 == Int32(number) })
        ])
    }
    store.setMembership(
      GroupMembership(
        state: .stable, protocolKind: .classic, generation: 7, changedAt: World.start,
        members: members), ofGroup: group, now: World.start)
    return (store, group)
  }

  private static func groupStatus(_ options: Options) -> [Line] {
    [(12, 3.0), (100, 20.0)].map { partitions, budget in
      var (store, group) = store(partitions: partitions)
      let parameters = JudgementParameters()
      let judgement = store.judge(group: group, nowSeconds: now, parameters: parameters)
      let report = GroupReport(
        cluster: "local", group: "orders-service", verdict: judgement.verdict,
        judgement: judgement, culpritTopic: "prod.orders.v1", doubt: nil, commitsAge: 1,
        headsAge: 3, source: "__consumer_offsets-7", members: nil)
      let count = 500 * options.work
      var writer = JSONWriter(capacity: 65_536)
      var length = 0
      let figure = options.duration(of: count) {
        for _ in 0..<count {
          writer.clear()
          GroupStatusMessage(report, now: now * 1000).write(
            from: store, group: group, parameters: parameters, detail: .partitions, to: &writer)
          length = writer.bytes.count
        }
      }
      return Line(
        name: "GetGroupStatus of \(partitions) partitions (\(length) bytes)", figure: figure,
        budget: budget)
    }
  }

  private static func metrics(_ options: Options) -> [Line] {
    let partitions = 10_000
    let (store, group) = store(partitions: partitions)
    var length = 0
    let figure = options.duration(of: options.work) {
      for _ in 0..<options.work {
        var metrics = BurrowMetrics()
        if let evaluation = store.evaluate(
          group: group, nowSeconds: now, parameters: EvaluationParameters())
        {
          metrics.add(evaluation, cluster: "local")
        }
        if let heads = store.newestHeads(ofTopic: Array("prod.orders.v1".utf8).span) {
          metrics.add(heads: heads, ofTopic: "prod.orders.v1", cluster: "local")
        }
        var writer = MetricsWriter(.text, capacity: length)
        metrics.write(to: &writer)
        length = writer.finish().count
      }
    }
    return [Line(name: "metrics of \(partitions) partitions (\(length) bytes)", figure: figure)]
  }
}
