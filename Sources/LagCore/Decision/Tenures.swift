/// Which member owns each partition of a group, and since when.
struct Tenures {
  /// One partition and its owner.
  struct Tenure {
    let place: TopicPartition
    /// The number of the owner in the membership.
    let member: Int32
    /// Since when it owns the partition, on the monotonic clock in milliseconds.
    let since: Int64
  }

  private var tenures: [Tenure] = []
  /// The ids of the members.
  private var memberIDs: [String] = []

  /// How many partitions somebody owns.
  var count: Int { tenures.count }

  /// Takes note of a membership.
  ///
  /// - Parameters:
  ///   - store: the store, whose windows know the owners already.
  ///   - group: the index of the group.
  ///   - members: all members.
  ///   - since: when the membership came to be, on the monotonic clock in milliseconds.
  ///   - ended: called with each tenure that ended with it, and its owner's member id.
  mutating func update(
    _ store: OffsetStore, group: Int, _ members: [GroupMember], since: Int64,
    ended: (Tenure, _ memberID: String) -> Void
  ) {
    let ids = members.map(\.memberID)
    var before: [TopicPartition: Tenure] = [:]
    for tenure in tenures { before[tenure.place] = tenure }
    var after: [Tenure] = []
    store.forEachAssignment(ofGroup: group) { place, member in
      guard ids.indices.contains(member) else { return }
      var start = since
      if let known = before[place], memberIDs[Int(known.member)] == ids[member] {
        start = known.since
        before[place] = nil
      }
      after.append(Tenure(place: place, member: Int32(member), since: start))
    }
    for tenure in before.values { ended(tenure, memberIDs[Int(tenure.member)]) }
    tenures = after
    memberIDs = ids
  }

  /// Calls `body` with each partition's tenure.
  func forEach(_ body: (Tenure) -> Void) {
    for tenure in tenures { body(tenure) }
  }
}
