import Connect
import JSON
import LagCore

/// Writes the array of `vole.v1.PartitionStatus` of a group.
///
/// A group has few topics, members and rules and many partitions: what is said of those is turned
/// into JSON once, and every partition is little more than copies of it with numbers in between.
struct PartitionStatusWriter: ~Copyable {
  private let members: [GroupMember]
  private let nowSeconds: Int64
  private let hasWindows: Bool
  private var isEmpty = true
  /// How a partition of the present topic begins, up to its number.
  private var beginning = JSONWriter(capacity: 64)
  /// Where the owner of each member's partitions was written first; empty where it was not.
  private var places: [Range<Int>]
  /// The filled share of the window that was written last, with its name, and its value.
  private var complete = JSONWriter(capacity: 32)
  private var completeness = Float.nan

  init(members: [GroupMember], now: Int64, hasWindows: Bool) {
    self.members = members
    nowSeconds = now / 1000
    self.hasWindows = hasWindows
    places = Array(repeating: 0..<0, count: members.count)
  }

  /// The partitions that come are of this topic.
  mutating func begin(topic: String) {
    beginning.clear()
    beginning.beginObject()
    beginning.field("topic", topic)
    beginning.key("partition")
  }

  /// Writes a partition; the first one begins the array, as a member of a status.
  mutating func write(
    _ partition: PartitionJudgement, from store: borrowing OffsetStore, to writer: inout JSONWriter
  ) {
    if isEmpty {
      writer.key("partitions")
      writer.beginArray()
      isEmpty = false
    }
    writeVerdict(of: partition, to: &writer)
    if places.indices.contains(partition.member) { writeOwner(partition.member, to: &writer) }
    if completeness != partition.complete { prepare(completeness: partition.complete) }
    writeLag(of: partition, to: &writer)
    // Few partitions have the first, and few clients ask for the second.
    if partition.flags.rawValue != 0 { Self.write(partition.flags, to: &writer) }
    if hasWindows { Self.write(store.commits(of: partition), to: &writer) }
    writer.endObject()
  }

  /// Ends the array; there is none without a partition.
  consuming func finish(to writer: inout JSONWriter) {
    if !isEmpty { writer.endArray() }
  }

  // MARK: The parts of a partition

  /// Writes the topic, the number, the status and the rule.
  private func writeVerdict(of partition: PartitionJudgement, to writer: inout JSONWriter) {
    writer.value(atMost: beginning.bytes.count + Self.verdictRoom) { output in
      output.append(verbatim: beginning.bytes.span)
      output.append(decimal: Int64(partition.partition))
      output.append(verbatim: ",\"status\":\"")
      output.append(verbatim: partition.isJudged ? partition.rule.status.name : "UNKNOWN")
      output.append(verbatim: "\",\"rule\":\"")
      output.append(verbatim: partition.rule.protoName)
      output.append(verbatim: "\"")
    }
  }

  /// Bytes that take a number, the longest status, the longest rule, and their names.
  private static var verdictRoom: Int { 96 }

  private mutating func writeOwner(_ member: Int, to writer: inout JSONWriter) {
    if !places[member].isEmpty { return writer.continuation(repeating: places[member]) }
    let start = writer.bytes.count
    writer.key("owner")
    writer.beginObject()
    Self.write("clientId", members[member].clientID, to: &writer)
    Self.write("host", members[member].address, to: &writer)
    Self.write("groupInstanceId", members[member].groupInstanceID ?? "", to: &writer)
    Self.write("memberId", members[member].memberID, to: &writer)
    writer.endObject()
    places[member] = start..<writer.bytes.count
  }

  private mutating func prepare(completeness: Float) {
    self.completeness = completeness
    complete.clear()
    complete.field("complete", completeness)
  }

  /// Writes the offsets, the lag, how full the window is, and how old they are.
  private func writeLag(of partition: PartitionJudgement, to writer: inout JSONWriter) {
    writer.continuation(atMost: complete.bytes.count + Self.lagRoom) { output in
      switch (partition.committed, partition.head) {
      case (let committed?, let head?):
        output.append(verbatim: ",\"committedOffset\":\"")
        output.append(decimal: committed.offset)
        output.append(verbatim: "\",\"logEndOffset\":\"")
        output.append(decimal: head.offset)
        output.append(verbatim: "\",\"lag\":\"")
        output.append(decimal: partition.lag)
        output.append(verbatim: "\",")
      case (let committed?, nil):
        output.append(verbatim: ",\"committedOffset\":\"")
        output.append(decimal: committed.offset)
        output.append(verbatim: "\",")
      case (nil, let head?):
        output.append(verbatim: ",\"logEndOffset\":\"")
        output.append(decimal: head.offset)
        output.append(verbatim: "\",")
      case (nil, nil):
        output.append(verbatim: ",")
      }
      output.append(verbatim: complete.bytes.span)
      if let committed = partition.committed {
        output.append(verbatim: ",\"commitAgeSeconds\":")
        output.append(decimal: age(committed.timestamp / 1000))
      }
      if let head = partition.head {
        output.append(verbatim: ",\"headAgeSeconds\":")
        output.append(decimal: age(Int64(head.sampledAt)))
      }
    }
  }

  /// Bytes that take five numbers and their names.
  private static var lagRoom: Int { 224 }

  private func age(_ seconds: Int64) -> Int64 {
    min(max(0, nowSeconds &- seconds), Int64(Int32.max))
  }

  private static func write(_ name: StaticString, _ text: String, to writer: inout JSONWriter) {
    if !text.isEmpty { writer.field(name, text) }
  }

  private static func write(_ flags: PartitionFlags, to writer: inout JSONWriter) {
    let names: [(PartitionFlags, StaticString)] = [
      (.beforeLogStart, "BEFORE_LOG_START"), (.beyondEnd, "BEYOND_END"), (.phantom, "PHANTOM"),
      (.headOld, "HEAD_OLD"),
    ]
    writer.key("flags")
    writer.beginArray()
    for (flag, name) in names where flags.contains(flag) { writer.value(verbatim: name) }
    writer.endArray()
  }

  private static func write(_ commits: [CommitEntry], to writer: inout JSONWriter) {
    guard !commits.isEmpty else { return }
    writer.key("window")
    writer.beginArray()
    for commit in commits {
      writer.beginObject()
      writer.field("offset", decimalString: commit.offset)
      writer.field("commitTime", timestampMilliseconds: commit.timestamp)
      if let lag = commit.lag { writer.field("lag", decimalString: lag) }
      writer.endObject()
    }
    writer.endArray()
  }
}

extension Rule {
  /// The rule's name in `vole.v1.PartitionStatus.Rule`.
  fileprivate var protoName: StaticString {
    switch self {
    case .noLag: "NO_LAG"
    case .stopped: "STOPPED"
    case .rewound: "REWOUND"
    case .stalled: "STALLED"
    case .lagNotDecreasing: "LAG_NOT_DECREASING"
    case .lagWasZero: "LAG_WAS_ZERO"
    case .lagDecreasing: "LAG_DECREASING"
    case .lagUnknown: "LAG_UNKNOWN"
    case .incomplete: "INCOMPLETE"
    case .noCommits: "NO_COMMITS"
    }
  }
}
