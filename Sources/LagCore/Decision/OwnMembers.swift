/// This pod's members of a group: since when each is there, and what it owns since when.
struct OwnMembers {
  /// A partition that one of them owns.
  struct Owned: Equatable {
    let place: TopicPartition
    /// The owner's member id.
    let memberID: String
    /// Since when it owns it, on the monotonic clock in milliseconds.
    let since: Int64
    /// Where the partition stood when readiness began to look at it.
    var start: PartitionPosition
  }

  /// When each member was seen first, by its id, on the monotonic clock in milliseconds.
  private(set) var joinedAt: [String: Int64] = [:]
  /// What they own, in the order of the places.
  private(set) var owned: [Owned] = []
  /// Whether what each of them owns is known.
  private(set) var areAssignmentsKnown = true
  /// When the newest of them joined that came after others, on the monotonic clock; nil when none
  /// did.
  private(set) var newcomerAt: Int64?

  /// Takes note of a membership; returns the ids of members that had not been there before.
  ///
  /// - Parameters:
  ///   - store: the store.
  ///   - group: the index of the group.
  ///   - members: all members.
  ///   - tenures: who owns what, by this membership.
  ///   - isOwn: whether a member, by its number, is this pod's.
  ///   - since: when the membership came to be, on the monotonic clock in milliseconds.
  mutating func update(
    _ store: OffsetStore, group: Int, _ members: [GroupMember], _ tenures: Tenures,
    isOwn: (Int) -> Bool, since: Int64
  ) -> [String] {
    var joined: [String: Int64] = [:]
    var newcomers: [String] = []
    areAssignmentsKnown = true
    for (number, member) in members.enumerated() where isOwn(number) {
      if joinedAt[member.memberID] == nil { newcomers.append(member.memberID) }
      joined[member.memberID] = joinedAt[member.memberID] ?? since
      if member.assignment == nil { areAssignmentsKnown = false }
    }
    if newcomers.count == joined.count {
      newcomerAt = nil
    } else if !newcomers.isEmpty {
      newcomerAt = since
    }
    joinedAt = joined
    var now: [Owned] = []
    if !joined.isEmpty {
      tenures.forEach { tenure in
        guard isOwn(Int(tenure.member)) else { return }
        let memberID = members[Int(tenure.member)].memberID
        if let known = index(of: tenure.place), owned[known].memberID == memberID {
          now.append(owned[known])
        } else {
          now.append(
            Owned(
              place: tenure.place, memberID: memberID, since: tenure.since,
              start: store.position(group: group, tenure.place)))
        }
      }
    }
    now.sort { $0.place.order < $1.place.order }
    owned = now
    return newcomers
  }

  /// Returns which element of `owned` is a partition, nil when none of them owns it.
  ///
  /// - Parameters:
  ///   - place: the partition.
  ///   - expected: which it probably is: partitions are mostly asked for in their order.
  func index(of place: TopicPartition, expected: Int = 0) -> Int? {
    if expected < owned.count, owned[expected].place == place { return expected }
    var (low, high) = (0, owned.count)
    while low < high {
      let middle = (low + high) / 2
      if owned[middle].place.order < place.order { low = middle + 1 } else { high = middle }
    }
    return low < owned.count && owned[low].place == place ? low : nil
  }

  /// Lets readiness ask for progress anew, because a new container began.
  mutating func beginAnew(_ position: (TopicPartition) -> PartitionPosition) {
    for index in owned.indices { owned[index].start = position(owned[index].place) }
  }

  /// Takes what is known for what was at the beginning, where nothing was known then.
  ///
  /// - Parameters:
  ///   - position: where the partition stands.
  ///   - index: which element of `owned` it is.
  mutating func learnStart(_ position: PartitionPosition, of index: Int) {
    if let head = position.head, owned[index].start.head == nil {
      owned[index].start.head = head
    }
    if let committed = position.committed, owned[index].start.committed == nil {
      owned[index].start.committed = committed
    }
  }

  /// Returns whether a member belongs to an incarnation of the pod that is gone, as far as that
  /// can be told.
  ///
  /// - Parameters:
  ///   - memberID: one of this pod's members.
  ///   - containers: when containers of the pod began.
  ///   - now: the monotonic clock in milliseconds.
  func isOfAnother(_ memberID: String, containers: ContainerStarts, now: Int64) -> Bool {
    endOfAnother(memberID, containers: containers, now: now) != nil
  }

  /// Returns until when the incarnation that a member belongs to is known to have run, nil when
  /// that is not gone; see `isOfAnother`.
  func endOfAnother(_ memberID: String, containers: ContainerStarts, now: Int64) -> Int64? {
    // Where nobody tells of new containers, a member that came after others is taken for one.
    guard let joined = joinedAt[memberID] else { return nil }
    guard containers.last == nil, let newcomerAt else {
      return containers.end(ofMemberSince: joined, now: now)
    }
    return ContainerStarts(at: newcomerAt).end(ofMemberSince: joined, now: now)
  }

  /// Returns whether members of a container that is gone may be there at all.
  func mayHaveOthers(_ containers: ContainerStarts, now: Int64) -> Bool {
    guard let began = containers.last ?? newcomerAt else { return false }
    return now - began < ContainerStarts.departurePatience
  }
}
