import ConsumerOffsets
package import JSON
import LagCore

/// Replays a captured log and then says who is in which group at its end.
///
/// Each `source` is a cluster of its own. Lines must be in the order of the log within each
/// partition. Groups that only commit, and those of other kinds (share and Streams groups), have no
/// records of members here and no line in the answer.
package struct ReplayMembersFilter: LineFilter {
  /// The most groups of all sources together.
  package static let maximumGroups = 1_000_000
  /// How many lines are added to the output at once.
  private static let linesPerPart = 256

  /// The groups of one source.
  private struct Cluster {
    var memberships = Memberships()
    /// The name's number of each group.
    var groups: [Int32] = []
    /// The group of each name's number.
    var places: [Int32: Int] = [:]
  }

  /// A group that the answer names.
  private struct Place {
    let cluster: Int
    let group: Int
    let name: Int32
  }

  private var line = CaptureLine(for: .log)
  private var sources: NameTable
  private var names: NameTable
  private var clusters: [Cluster] = []
  private var groupCount = 0
  private let maximumGroups: Int
  /// The answer, once all lines were read; what was written is cut off behind.
  private var rest: [Place]?

  /// Makes a filter that knows no group yet.
  ///
  /// - Parameters:
  ///   - seed: A random number for the name tables.
  ///   - maximumGroups: The most groups of all sources together.
  package init(seed: UInt64, maximumGroups: Int = ReplayMembersFilter.maximumGroups) {
    self.maximumGroups = maximumGroups
    sources = NameTable(seed: seed)
    names = NameTable(seed: seed &+ 1)
  }

  /// Takes a line of the log in; there is no answer before the end.
  package mutating func answer(
    _ bytes: [UInt8], _ range: Range<Int>, at place: LinePlace, into output: inout JSONWriter
  ) -> LineProblem? {
    if isBlank(bytes, range) { return nil }
    do throws(LineProblem) {
      try line.read(bytes, range)
      if line.isHead { return nil }
      try line.readRecord()
      if !line.isControl { try applyRecord() }
      return nil
    } catch {
      return error
    }
  }

  // MARK: Reading the log

  private mutating func applyRecord() throws(LineProblem) {
    let key: RecordKey
    do throws(DecodeError) { key = try RecordKey.decode(line.key.span) } catch {
      throw LineProblem(error.description)
    }
    let cluster = Int(try sources.number(of: line.source))
    while clusters.count <= cluster { clusters.append(Cluster()) }
    switch key {
    case .other: return
    case .offsetCommit:
      guard let record = try line.offsetRecord(), let topicID = record.value?.topicId
      else { return }
      let bytes = line.key  // not read from `self` while that is changed
      _ = clusters[cluster].memberships.learn(
        topicID, name: bytes.span.extracting(record.key.topic))
    default:
      guard let name = key.group else { return }
      let group = try group(name, of: cluster)
      do throws(DecodeError) {
        try apply(key, to: cluster, group)
      } catch {
        guard !error.isUnsupportedVersion else { return }
        throw LineProblem(error.description)
      }
    }
  }

  private mutating func apply(
    _ key: RecordKey, to cluster: Int, _ group: Int
  ) throws(DecodeError) {
    let time = line.timestamp ?? -1
    let (bytes, value) = (line.key, line.value)
    if line.isTombstone {
      _ = try clusters[cluster].memberships.apply(
        key, bytes.span, value: nil, group: group, timestamp: time)
    } else {
      _ = try clusters[cluster].memberships.apply(
        key, bytes.span, value: value.span, group: group, timestamp: time)
    }
  }

  private mutating func group(_ name: Range<Int>, of cluster: Int) throws(LineProblem) -> Int {
    let number = try names.number(of: line.key, name)
    if let known = clusters[cluster].places[number] { return known }
    guard groupCount < maximumGroups else {
      throw LineProblem("more than \(maximumGroups) groups")
    }
    groupCount += 1
    let new = clusters[cluster].groups.count
    clusters[cluster].groups.append(number)
    clusters[cluster].places[number] = new
    return new
  }

  // MARK: The answer

  /// Adds the next of the groups.
  package mutating func conclude(into output: inout JSONWriter) -> Bool {
    var rest = self.rest ?? sorted()
    self.rest = nil  // so that `rest` is not copied
    for place in rest.suffix(Self.linesPerPart).reversed() { write(place, into: &output) }
    rest.removeLast(min(rest.count, Self.linesPerPart))
    self.rest = rest
    return !rest.isEmpty
  }

  /// All groups of which something was told, by name and source, the first one last.
  private func sorted() -> [Place] {
    var places: [Place] = []
    for (cluster, groups) in clusters.enumerated() {
      for (group, name) in groups.groups.enumerated()
      where groups.memberships.membership(of: group).protocolKind != nil {
        places.append(Place(cluster: cluster, group: group, name: name))
      }
    }
    return places.sorted { left, right in
      if left.name == right.name { return left.cluster > right.cluster }
      return names.name(Int(right.name)).lexicographicallyPrecedes(names.name(Int(left.name)))
    }
  }

  private func write(_ place: Place, into output: inout JSONWriter) {
    let memberships = clusters[place.cluster].memberships
    let membership = memberships.membership(of: place.group)
    let unresolved = memberships.unresolved(of: place.group)
    output.beginObject()
    output.field("group", names.name(Int(place.name)).span)
    output.field("state", verbatim: membership.state.name)
    if let kind = membership.protocolKind { output.field("protocol", verbatim: kind.name) }
    output.field("generation", membership.generation)
    output.key("members")
    output.beginArray()
    for member in membership.members.sorted(by: { $0.memberID < $1.memberID }) {
      write(member, unresolved[member.memberID] ?? [], &output)
    }
    output.endArray()
    // Without it, two clusters' lines for one name could not be told apart.
    if sources.count > 1 { output.field("source", sources.name(place.cluster).span) }
    output.endObject()
    output.newline()
  }

  private func write(
    _ member: GroupMember, _ unresolved: [(topicID: Uuid, partitions: [Int32])],
    _ output: inout JSONWriter
  ) {
    output.beginObject()
    output.field("memberId", member.memberID)
    if let instance = member.groupInstanceID {
      output.field("groupInstanceId", instance)
    } else {
      output.nullField("groupInstanceId")
    }
    output.field("clientId", member.clientID)
    output.field("clientHost", member.host)
    if member.assignment == nil, unresolved.isEmpty {
      output.nullField("assignment")
    } else {
      output.key("assignment")
      output.beginObject()
      for one in member.assignment ?? [] {
        output.key(string: one.topic)
        write(one.partitions, &output)
      }
      output.endObject()
    }
    if !unresolved.isEmpty {
      output.key("unresolved")
      output.beginObject()
      for one in unresolved {
        output.key(string: one.topicID.description)
        write(one.partitions, &output)
      }
      output.endObject()
    }
    output.endObject()
  }

  private func write(_ partitions: [Int32], _ output: inout JSONWriter) {
    output.beginArray()
    for partition in partitions { output.value(partition) }
    output.endArray()
  }
}
