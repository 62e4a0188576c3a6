import Answers
import Foundation
import LagCore
import Testing

@Suite("The answer to an autoscaler")
struct ScaleAnswerTests {
  private func hint() -> ScaleHint {
    var seen = ScaleObservation(minute: 1000)
    seen.members = 4
    seen.replicas = 4
    seen.usefulMembers = 12
    seen.isStable = true
    seen.partitions = 12
    seen.lagging = 7
    seen.stuck = 1
    seen.totalLag = 48_211
    seen.scalableLag = 41_200
    seen.largestLag = 20_110
    seen.produced = 850.25
    seen.consumed = 610.5
    return ScaleHint(desired: 6, reason: .more, capacity: nil, observation: seen)
  }

  private func text(_ hint: ScaleHint) -> String {
    String(
      decoding: ScaleAnswer.known(
        hint, group: "orders", verdict: .warning, drainTarget: 300, nowSeconds: 60_009),
      as: UTF8.self)
  }

  @Test("All fields of the contract, numbers where an autoscaler reads")
  func known() {
    #expect(
      text(hint())
        == """
        {"group":"orders","status":"WARN","complete":1,"ageSeconds":9,"active":1,\
        "desiredReplicas":6,"maxUsefulReplicas":12,"replicas":4,"members":4,\
        "partitions":{"total":12,"lagging":7,"stuck":1},\
        "lag":{"total":48211,"scalable":41200,"max":20110},\
        "rate":{"in":850.3,"out":610.5,"perReplica":152.6},"timeToDrainSeconds":null,\
        "drainTargetSeconds":300,"reason":"WARN: load and backlog need more than before"}
        """)
  }

  @Test("A backlog that shrinks has an end, and a known capacity is told")
  func draining() throws {
    var draining = hint()
    draining.capacity = 200
    draining.observation.consumed = 950.25
    let bytes = Array(text(draining).utf8)
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    #expect(object["timeToDrainSeconds"] as? Double == 412)
    #expect((object["rate"] as? [String: Any])?["perReplica"] as? Double == 200)
    draining.observation.scalableLag = 0
    #expect(text(draining).contains("\"timeToDrainSeconds\":0,"))
  }

  @Test("What is not known is no number, but a reason")
  func unknown() {
    let body = ScaleAnswer.unknown(
      ScaleDoubt.shortHistory(minutes: 3, needed: 16).sentence, group: "a\"b")
    #expect(
      String(decoding: body, as: UTF8.self)
        == "{\"group\":\"a\\\"b\",\"reason\":\"the group has been watched for 3 of the 16 minutes "
        + "that are needed\"}")
  }

  @Test("Every reason and every doubt has its own words")
  func words() {
    var hint = hint()
    let reasons = ScaleReason.allCases.map { reason in
      hint.reason = reason
      return hint.sentence
    }
    #expect(Set(reasons).count == ScaleReason.allCases.count)
    let doubts: [ScaleDoubt] = [
      .notObserved, .stale(seconds: 200), .shortHistory(minutes: 1, needed: 16), .noMembers,
      .withoutHeads(partitions: 2),
    ]
    #expect(Set(doubts.map(\.sentence)).count == doubts.count)
  }
}
