import Connect
import JSON
import LagCore

/// Writes `vole.v1.PartitionStatus`, one after the other.
///
/// A group has few topics and members and many partitions: what is said of those two is turned
/// into JSON once and copied.
struct PartitionStatusWriter {
  private let members: [GroupMember]
  private let now: Int64
  private let hasWindows: Bool
  /// The topic of the partitions that come, as JSON text.
  private var topic: [UInt8] = []
  /// Whether any partition came.
  private(set) var hasBegun = false
  /// The owners that came so far, as JSON text; empty where one did not.
  private var owners: [[UInt8]] = []

  init(members: [GroupMember], now: Int64, hasWindows: Bool) {
    self.members = members
    self.now = now
    self.hasWindows = hasWindows
  }

  /// The partitions that come are of this topic.
  mutating func begin(topic: String) {
    var writer = JSONWriter(capacity: 64)
    writer.value(topic)
    self.topic = writer.finish()
  }

  /// Writes a partition; the first one begins the member of the status that holds them.
  mutating func write(
    _ partition: PartitionJudgement, from store: borrowing OffsetStore, to writer: inout JSONWriter
  ) {
    if !hasBegun {
      hasBegun = true
      writer.key("partitions")
      writer.beginArray()
    }
    writer.beginObject()
    writer.key("topic")
    writer.value(json: topic.span)
    writer.field("partition", partition.partition)
    writer.field(
      "status", verbatim: partition.isJudged ? partition.rule.status.name : "UNKNOWN")
    writer.field("rule", verbatim: partition.rule.protoName)
    if members.indices.contains(partition.member) {
      writer.key("owner")
      writeOwner(partition.member, to: &writer)
    }
    if let committed = partition.committed {
      writer.field("committedOffset", decimalString: committed.offset)
    }
    if let head = partition.head {
      writer.field("logEndOffset", decimalString: head.offset)
      if partition.committed != nil { writer.field("lag", decimalString: partition.lag) }
    }
    writer.field("complete", partition.complete)
    if let committed = partition.committed {
      writer.field("commitAgeSeconds", age(committed.timestamp / 1000))
    }
    if let head = partition.head { writer.field("headAgeSeconds", age(Int64(head.sampledAt))) }
    if !partition.flags.isEmpty { Self.write(partition.flags, to: &writer) }
    if hasWindows { write(store.commits(of: partition), to: &writer) }
    writer.endObject()
  }

  private func age(_ seconds: Int64) -> Int32 { Int32(clamping: max(0, now / 1000 &- seconds)) }

  private mutating func writeOwner(_ member: Int, to writer: inout JSONWriter) {
    while owners.count <= member { owners.append([]) }
    if owners[member].isEmpty { owners[member] = Self.json(members[member]) }
    let owner = owners[member]
    writer.value(json: owner.span)
  }

  private static func json(_ member: GroupMember) -> [UInt8] {
    var writer = JSONWriter(capacity: 128)
    writer.beginObject()
    if !member.clientID.isEmpty { writer.field("clientId", member.clientID) }
    if !member.address.isEmpty { writer.field("host", member.address) }
    if let instance = member.groupInstanceID, !instance.isEmpty {
      writer.field("groupInstanceId", instance)
    }
    if !member.memberID.isEmpty { writer.field("memberId", member.memberID) }
    writer.endObject()
    return writer.finish()
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

  private func write(_ commits: [CommitEntry], to writer: inout JSONWriter) {
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
