import Answers
import JSON
import LagCore
import SeededRandom
import Testing

@Suite("The partitions of a group's status")
struct PartitionStatusTests {
  private static let start: Int64 = 1_700_000_000_000
  private static let now: Int64 = start + 400_250
  private static let topics = ["orders", "a \"quoted\" topic\n", "größen"]

  @Test(
    "Whatever is known of partitions, they are written as field by field",
    arguments: [GroupStatusMessage.Detail.partitions, .windows])
  func agrees(detail: GroupStatusMessage.Detail) {
    for seed in 1...300 as ClosedRange<UInt64> {
      var random = SeededGenerator(seed: seed)
      var (store, group) = Self.store(&random)
      var parameters = JudgementParameters()
      parameters.minimumComplete = random.pick([0, 0.5, 1])
      parameters.staleAfter = random.pick([.max, 350])
      let judgement = store.judge(
        group: group, nowSeconds: Self.now / 1000, parameters: parameters)
      let report = GroupReport(
        cluster: "local", group: "orders", verdict: judgement.verdict, judgement: judgement,
        culpritTopic: nil, doubt: nil, commitsAge: 1, headsAge: 2, source: "polls", members: nil)
      var writer = JSONWriter()
      GroupStatusMessage(report, now: Self.now).write(
        from: store, group: group, parameters: parameters, detail: detail, to: &writer)
      let written = String(decoding: writer.finish(), as: UTF8.self)
      let expected = Self.plain(store, group, parameters, hasWindows: detail == .windows)
      #expect(written.hasSuffix(expected), "seed \(seed)")
    }
  }

  @Test("The longest numbers and names have room")
  func longest() throws {
    var store = OffsetStore(limits: WindowLimits(intervals: 2), expireAfter: .max, seed: 1)
    let topic = Array("orders".utf8)
    let added = store.addGroup(topic.span)
    let group = try #require(added)
    let last = Int32(OffsetStore.maximumPartitions - 1)
    for step in 0...2 as ClosedRange<Int64> {
      _ = store.record(
        group: group, topic: topic.span, partition: last, offset: .min, timestamp: step,
        order: step, now: step)
    }
    let found = store.topic(named: topic.span)
    let index = try #require(found)
    store.recordHead(.max, topic: index, partition: last, now: 3)
    var writer = JSONWriter()
    GroupStatusMessage(
      GroupReport(
        cluster: "local", group: "orders", verdict: .ok, judgement: .notFound, culpritTopic: nil,
        doubt: nil, commitsAge: 1, headsAge: 2, source: "polls", members: nil), now: .max
    ).write(
      from: store, group: group, parameters: JudgementParameters(),
      detail: .explained(topic: "orders", partition: last), to: &writer)
    let written = String(decoding: writer.finish(), as: UTF8.self)
    #expect(
      written.contains(
        #"{"topic":"orders","partition":131071,"status":"STOP","rule":"STOPPED","#
          + #""committedOffset":"-9223372036854775808","logEndOffset":"9223372036854775807","#
          + #""lag":"18446744073709551615","complete":1,"commitAgeSeconds":2147483647,"#
          + #""headAgeSeconds":2147483647,"window""#))
  }

  // MARK: A store

  private static func store(
    _ random: inout SeededGenerator
  ) -> (store: OffsetStore, group: Int) {
    var store = OffsetStore(
      limits: WindowLimits(intervals: random.pick([1, 3, 10])), expireAfter: .max, seed: 1)
    let group = store.addGroup(Array("orders".utf8).span) ?? 0
    if !random.oneIn(4) {
      store.setMembership(membership(&random), ofGroup: group, now: start)
    }
    for topic in topics where !random.oneIn(3) {
      let name = Array(topic.utf8)
      for partition in 0..<Int32(random.below(12)) {
        if !random.oneIn(6) { commit(group, name, partition, to: &store, &random) }
        guard let index = store.topic(named: name.span), !random.oneIn(6) else { continue }
        let sampled = start + Int64(random.below(400)) * 1000
        store.recordHead(
          Int64(random.below(2)) << 40 + Int64(random.below(300)), topic: index,
          partition: partition, now: sampled)
        if random.oneIn(6) { store.recordLogStart(80, topic: index, partition: partition, now: 0) }
      }
    }
    return (store, group)
  }

  private static func commit(
    _ group: Int, _ topic: [UInt8], _ partition: Int32, to store: inout OffsetStore,
    _ random: inout SeededGenerator
  ) {
    var offset = Int64(random.below(200))
    // Every other window spans more than 32 bits.
    let stride: Int64 = random.oneIn(2) ? 1 << 33 : 1
    for step in 0..<Int64(1 + random.below(12)) {
      offset += (Int64(random.below(4)) - 1) * stride
      _ = store.record(
        group: group, topic: topic.span, partition: partition, offset: offset,
        timestamp: start + step * random.pick([1000, 30_000]), order: step, now: start)
    }
  }

  private static func membership(_ random: inout SeededGenerator) -> GroupMembership {
    GroupMembership(
      state: .stable,
      members: (0..<random.below(4)).map { number in
        GroupMember(
          memberID: random.oneIn(5) ? "" : "consumer-\(number)\t",
          clientID: random.oneIn(5) ? "" : "consumer \"\(number)\"",
          host: random.oneIn(5) ? "" : "/10.0.0.\(number)",
          groupInstanceID: random.pick([nil, "", "instance-\(number)"]),
          assignment: topics.map { topic in
            GroupMember.Assigned(
              topic: topic, partitions: (0..<12).filter { _ in random.oneIn(3) })
          })
      })
  }

  // MARK: Field by field

  /// The end of a status, by the plain means of the writer and of the store.
  private static func plain(
    _ store: OffsetStore, _ group: Int, _ parameters: JudgementParameters, hasWindows: Bool
  ) -> String {
    let members = store.membership(ofGroup: group)?.members ?? []
    var writer = JSONWriter()
    writer.beginArray()
    var topic = 0
    store.forEachPartition(
      ofGroup: group, nowSeconds: now / 1000, parameters: parameters, topic: { topic = $0 },
      {
        writePlain(
          $0, store.commits(of: $0), store.heads(ofTopic: topic), store.topicName(topic), members,
          hasWindows: hasWindows, to: &writer)
      })
    writer.endArray()
    let text = String(decoding: writer.finish(), as: UTF8.self)
    return text == "[]" ? "}" : ",\"partitions\":\(text)}"
  }

  private static func writePlain(
    _ partition: PartitionJudgement, _ commits: [CommitEntry], _ heads: TopicHeads,
    _ topic: String, _ members: [GroupMember], hasWindows: Bool, to writer: inout JSONWriter
  ) {
    let head = heads.newest(of: partition.partition)
    writer.beginObject()
    writer.field("topic", topic)
    writer.field("partition", partition.partition)
    writer.field("status", partition.isJudged ? "\(partition.rule.status.name)" : "UNKNOWN")
    writer.field(
      "rule", "\(partition.rule.name)".uppercased().split(separator: "-").joined(separator: "_"))
    if members.indices.contains(partition.member) {
      let member = members[partition.member]
      writer.key("owner")
      writer.beginObject()
      if !member.clientID.isEmpty { writer.field("clientId", member.clientID) }
      if !member.address.isEmpty { writer.field("host", member.address) }
      if let instance = member.groupInstanceID, !instance.isEmpty {
        writer.field("groupInstanceId", instance)
      }
      if !member.memberID.isEmpty { writer.field("memberId", member.memberID) }
      writer.endObject()
    }
    if let newest = commits.last { writer.field("committedOffset", decimalString: newest.offset) }
    if let head { writer.field("logEndOffset", decimalString: head) }
    if head != nil, !commits.isEmpty { writer.field("lag", decimalString: partition.lag) }
    writer.field("complete", partition.complete)
    if let newest = commits.last {
      writer.field("commitAgeSeconds", max(0, now / 1000 - newest.timestamp / 1000))
    }
    if let sampled = heads.sampledAt(partition.partition) {
      writer.field("headAgeSeconds", max(0, now / 1000 - Int64(sampled)))
    }
    writePlain(partition.flags, to: &writer)
    if hasWindows, !commits.isEmpty { writePlain(commits, to: &writer) }
    writer.endObject()
  }

  private static func writePlain(_ flags: PartitionFlags, to writer: inout JSONWriter) {
    guard !flags.isEmpty else { return }
    writer.key("flags")
    writer.beginArray()
    if flags.contains(.beforeLogStart) { writer.value("BEFORE_LOG_START") }
    if flags.contains(.beyondEnd) { writer.value("BEYOND_END") }
    if flags.contains(.phantom) { writer.value("PHANTOM") }
    if flags.contains(.headOld) { writer.value("HEAD_OLD") }
    writer.endArray()
  }

  private static func writePlain(_ commits: [CommitEntry], to writer: inout JSONWriter) {
    writer.key("window")
    writer.beginArray()
    for commit in commits {
      let seconds = (commit.timestamp - start) / 1000
      writer.beginObject()
      writer.field("offset", decimalString: commit.offset)
      // 1,700,000,000 s are 2023-11-14T22:13:20Z, and a window does not reach the next hour.
      let minutes = 13 + (20 + seconds) / 60
      let digits = (20 + seconds) % 60
      writer.field(
        "commitTime",
        "2023-11-14T22:\(minutes):\(digits < 10 ? "0" : "")\(digits)Z")
      if let lag = commit.lag { writer.field("lag", decimalString: lag) }
      writer.endObject()
    }
    writer.endArray()
  }
}
