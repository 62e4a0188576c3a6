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
  /// The array so far, without its end; empty before the first partition.
  private var bytes: [UInt8] = []
  /// How a partition of the present topic begins, up to its number.
  private var beginning: [UInt8] = []
  /// The owners that came so far, one object behind the other.
  private var owners = JSONWriter(capacity: 1024)
  /// Where each member's object stands among them; empty where it does not.
  private var places: [Range<Int>]

  init(members: [GroupMember], now: Int64, hasWindows: Bool) {
    self.members = members
    nowSeconds = now / 1000
    self.hasWindows = hasWindows
    places = Array(repeating: 0..<0, count: members.count)
    bytes.reserveCapacity(4096)
    // So that a comma comes before each owner.
    owners.value(0)
  }

  /// The partitions that come are of this topic.
  mutating func begin(topic: String) {
    var writer = JSONWriter(capacity: 64)
    writer.beginObject()
    writer.field("topic", topic)
    writer.key("partition")
    beginning = writer.finish()
  }

  /// Writes a partition.
  mutating func write(_ partition: PartitionJudgement, from store: borrowing OffsetStore) {
    bytes.append(bytes.isEmpty ? UInt8(ascii: "[") : UInt8(ascii: ","))
    bytes += beginning
    bytes.append(decimal: Int64(partition.partition))
    bytes += Self.verdicts[Int(partition.rule.rawValue) * 2 + (partition.isJudged ? 1 : 0)]
    if places.indices.contains(partition.member) { writeOwner(partition.member) }
    if let committed = partition.committed {
      bytes += Self.committed
      bytes.append(decimal: committed.offset)
    }
    if let head = partition.head {
      bytes += partition.committed == nil ? Self.firstHead : Self.head
      bytes.append(decimal: head.offset)
      if partition.committed != nil {
        bytes += Self.lag
        bytes.append(decimal: partition.lag)
      }
    }
    if partition.committed != nil || partition.head != nil { bytes.append(UInt8(ascii: "\"")) }
    writeComplete(partition.complete)
    if let committed = partition.committed {
      bytes += Self.commitAge
      bytes.append(decimal: age(committed.timestamp / 1000))
    }
    if let head = partition.head {
      bytes += Self.headAge
      bytes.append(decimal: age(Int64(head.sampledAt)))
    }
    if !partition.flags.isEmpty || hasWindows { writeMore(partition, from: store) }
    bytes.append(UInt8(ascii: "}"))
  }

  /// Ends the array as the member of a status; there is none without a partition.
  consuming func finish(to writer: inout JSONWriter) {
    guard !bytes.isEmpty else { return }
    bytes.append(UInt8(ascii: "]"))
    writer.key("partitions")
    writer.value(json: bytes.span)
  }

  private func age(_ seconds: Int64) -> Int64 {
    min(max(0, nowSeconds &- seconds), Int64(Int32.max))
  }

  private mutating func writeOwner(_ member: Int) {
    if places[member].isEmpty {
      let start = owners.bytes.count
      Self.write(members[member], to: &owners)
      places[member] = start..<owners.bytes.count
    }
    bytes += owners.bytes[places[member]]
  }

  private mutating func writeComplete(_ complete: Float) {
    guard complete != 1 else {
      bytes += Self.isComplete
      return
    }
    var writer = JSONWriter(capacity: 16)
    writer.value(complete)
    bytes += Self.complete
    bytes += writer.bytes
  }

  /// Writes what few partitions have, or few clients ask for.
  private mutating func writeMore(
    _ partition: PartitionJudgement, from store: borrowing OffsetStore
  ) {
    var writer = JSONWriter()
    writer.beginObject()
    if !partition.flags.isEmpty { Self.write(partition.flags, to: &writer) }
    if hasWindows { Self.write(store.commits(of: partition), to: &writer) }
    // Members of an object of its own, of which the bracket becomes a comma.
    guard writer.bytes.count > 1 else { return }
    bytes.append(UInt8(ascii: ","))
    bytes += writer.bytes.dropFirst()
  }

  // MARK: What is copied

  private static let committed = Array(",\"committedOffset\":\"".utf8)
  private static let firstHead = Array(",\"logEndOffset\":\"".utf8)
  private static let head = Array("\",\"logEndOffset\":\"".utf8)
  private static let lag = Array("\",\"lag\":\"".utf8)
  private static let isComplete = Array(",\"complete\":1".utf8)
  private static let complete = Array(",\"complete\":".utf8)
  private static let commitAge = Array(",\"commitAgeSeconds\":".utf8)
  private static let headAge = Array(",\"headAgeSeconds\":".utf8)

  /// Status and rule of a partition: two for each rule, the second where it is judged.
  private static let verdicts: [[UInt8]] = {
    var texts: [[UInt8]] = []
    for rule in Rule.allCases {
      for status in ["UNKNOWN", rule.status.name] as [StaticString] {
        texts.append(Array(",\"status\":\"\(status)\",\"rule\":\"\(rule.protoName)\"".utf8))
      }
    }
    return texts
  }()

  /// Writes an owner as a member of a partition, with the comma before it.
  private static func write(_ member: GroupMember, to writer: inout JSONWriter) {
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
