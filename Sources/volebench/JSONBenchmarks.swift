import Answers
import LagCore

/// From verdicts to the bytes of an answer.
enum JSONBenchmarks {
  static let all = [
    Benchmark(
      name: "json", summary: "the /v3 lag answer of a group, evaluated and written", run: json)
  ]

  private static func json(_ options: Options) -> [Line] {
    [12, 100].map { partitions in
      let topic = Array("prod.orders.v1".utf8)
      var store = OffsetStore(limits: WindowLimits(), expireAfter: 7 * 86_400_000, seed: 1)
      let group = store.addGroup(Array("orders-service".utf8).span) ?? 0
      for step: Int64 in 0...10 {
        for partition in 0..<Int32(partitions) {
          let time = World.start + step * 10_000
          if let index = store.topic(named: topic.span) {
            store.recordHead(2_000_000 + step, topic: index, partition: partition, now: time)
          }
          _ = store.record(
            group: group, topic: topic.span, partition: partition, offset: 1_900_000 + step,
            timestamp: time, order: step, now: time)
        }
      }
      let now = World.start / 1000 + 100
      let request = BurrowAnswers.RequestInfo(
        url: "/v3/kafka/local/consumer/orders-service/lag", host: "vole-0")
      let count = 200 * options.work
      var length = 0
      let figure = options.duration(of: count) {
        for _ in 0..<count {
          let evaluation = store.evaluate(
            group: group, nowSeconds: now, parameters: EvaluationParameters())
          let body = BurrowAnswers.status(
            evaluation, cluster: "local", group: "orders-service", listing: .all, request: request)
          length = body.count
        }
      }
      return Line(name: "JSON of \(partitions) partitions (\(length) bytes)", figure: figure)
    }
  }
}
