import Configuration
import ConsumerOffsets
import Doctor
import LagCore
import Testing

@Suite struct LoggedGroupsTests {
  private var logged = LoggedGroups(
    selections: [GroupSelection(admitted: .named(["orders", "payments"]))])

  private mutating func commit(
    _ group: String, _ topic: String, _ partition: Int32, isGone: Bool = false, id: Uuid? = nil
  ) throws {
    let key = try RecordEncoder.offsetCommitKey(group: group, topic: topic, partition: partition)
    let value = try RecordEncoder.offsetCommitValue(
      RecordEncoder.OffsetCommit(offset: 1, commitTimestamp: 1, topicId: id), .version4)
    if isGone {
      logged.take(key: key.span, value: nil)
    } else {
      logged.take(key: key.span, value: value.span)
    }
  }

  private mutating func member(_ group: String, _ id: String, _ topic: String) throws {
    let key = try RecordEncoder.groupMetadataKey(group: group)
    let value = try RecordEncoder.groupMetadataValue(
      RecordEncoder.GroupMetadata(
        generation: 1, protocol: "range", leader: id, currentStateTimestamp: 1,
        members: [
          RecordEncoder.Member(
            memberId: id, clientId: "c", clientHost: "/10.0.0.1",
            subscription: try RecordEncoder.subscription(topics: [topic]),
            assignment: try RecordEncoder.assignment([(topic, [0])]))
        ]))
    logged.take(key: key.span, value: value.span)
  }

  @Test mutating func whatStandsAtTheEndOfTheLog() throws {
    try commit("orders", "a", 0)
    try commit("orders", "a", 1)
    try commit("orders", "b", 0)
    try commit("orders", "a", 1, isGone: true)
    try commit("orders", "b", 0, isGone: true)
    try commit("foreign", "a", 0)
    try member("payments", "m", "z")
    let groups = logged.groups
    #expect(Set(groups.keys) == ["orders", "payments"])
    #expect(groups["orders"]?.committed == ["a": [0]])
    #expect(groups["payments"]?.committed == [:])
    #expect(groups["payments"]?.membership.members.map(\.memberID) == ["m"])
    #expect(groups.values.count { $0.exists } == 2)
    #expect(logged.malformed == 0 && !logged.isOverfull)
  }

  @Test mutating func aGroupOfWhichNothingStandsIsNotThere() throws {
    try commit("orders", "a", 0)
    try commit("orders", "a", 0, isGone: true)
    #expect(logged.groups["orders"]?.exists == false)
    let key = try RecordEncoder.groupMetadataKey(group: "payments")
    logged.take(key: key.span, value: nil)
    #expect(logged.groups["payments"]?.exists == false)
    #expect(logged.groups["payments"]?.membership.state == .dead)
  }

  @Test mutating func brokenRecordsAreCountedAndTheRestIsRead() throws {
    for key: [UInt8] in [[], [0], [0, 1], [0, 1, 0xff, 0xfe], [0, 2, 0, 9, 1]] {
      logged.take(key: key.span, value: nil)
    }
    let key = try RecordEncoder.offsetCommitKey(group: "orders", topic: "a", partition: 0)
    let broken: [UInt8] = [0, 3, 1]
    logged.take(key: key.span, value: broken.span)
    #expect(logged.malformed == 6)
    // A version that no broker writes is no fault of the record.
    let newer: [UInt8] = [0, 9]
    logged.take(key: key.span, value: newer.span)
    #expect(logged.malformed == 6)
    try commit("orders", "a", 3)
    #expect(logged.groups["orders"]?.committed == ["a": [3]])
  }
}
