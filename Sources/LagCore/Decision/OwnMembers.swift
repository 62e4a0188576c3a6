/// This pod's members of a group: since when each is there, and what it owns since when.
struct OwnMembers {
  /// A partition that one of them owns.
  struct Owned: Equatable {
    /// The owner's member id.
    let memberID: String
    /// Since when it owns it, on the monotonic clock in milliseconds.
    let since: Int64
    /// Where the partition stood when readiness began to look at it.
    var start: PartitionPosition
  }

  /// When each member was seen first, by its id, on the monotonic clock in milliseconds.
  private(set) var joinedAt: [String: Int64] = [:]
  /// What they own.
  private(set) var owned: [TopicPartition: Owned] = [:]
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
    var now: [TopicPartition: Owned] = [:]
    if !joined.isEmpty {
      tenures.forEach { tenure in
        guard isOwn(Int(tenure.member)) else { return }
        let memberID = members[Int(tenure.member)].memberID
        if let known = owned[tenure.place], known.memberID == memberID {
          now[tenure.place] = known
        } else {
          now[tenure.place] = Owned(
            memberID: memberID, since: tenure.since,
            start: store.position(group: group, tenure.place))
        }
      }
    }
    owned = now
    return newcomers
  }

  /// Lets readiness ask for progress anew, because a new container began.
  mutating func beginAnew(_ position: (TopicPartition) -> PartitionPosition) {
    for (place, known) in owned {
      owned[place] = Owned(memberID: known.memberID, since: known.since, start: position(place))
    }
  }

  /// Takes what is known for what was at the beginning, where nothing was known then.
  mutating func learnStart(_ position: PartitionPosition, of place: TopicPartition) {
    if let head = position.head, owned[place]?.start.head == nil {
      owned[place]?.start.head = head
    }
    if let committed = position.committed, owned[place]?.start.committed == nil {
      owned[place]?.start.committed = committed
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
