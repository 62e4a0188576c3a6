import LagCore

/// The group coordinator: who is in, who owns what, and how long that takes.
extension World {
  mutating func runGroup() {
    guard isCoordinatorUp else { return }
    for index in members.indices where members[index].isInGroup || members[index].isAlive {
      if members[index].isInGroup {
        if !members[index].isAlive, time >= members[index].diedAt + plan.sessionTimeout {
          leave(index)
        }
      } else if time >= members[index].joinsAt {
        members[index].isInGroup = true
        needsRebalance = true
      }
    }
    if needsRebalance, rebalanceSince == nil { rebalanceSince = time }
    guard let since = rebalanceSince, time - since >= 10 else { return }
    if plan.assignment == .eager, time - since < plan.rebalanceTimeout, isAnybodyBusy { return }
    rebalance()
  }

  /// Whether the coordinator waits for a member that is in a batch or gone.
  private var isAnybodyBusy: Bool {
    partitions.contains {
      $0.owner >= 0 && members[$0.owner].isInGroup
        && (!members[$0.owner].isAlive
          || ($0.batchLeadsTo >= 0 && $0.hungBy != $0.owner && !members[$0.owner].isHung))
    }
  }

  mutating func leave(_ index: Int) {
    guard members[index].isInGroup else { return }
    members[index].isInGroup = false
    needsRebalance = true
  }

  private var groupMembers: [Int] {
    members.indices.filter { members[$0].isInGroup }.sorted { members[$0].key < members[$1].key }
  }

  private mutating func rebalance() {
    needsRebalance = false
    rebalanceSince = nil
    rebalancedAt = time
    generation += 1
    if plan.assignment == .eager, plan.commitsOnRevoke {
      for index in partitions.indices
      where isConsumed(index) && partitions[index].processed != partitions[index].committed {
        commit(index, partitions[index].processed)
      }
    }
    let present = groupMembers
    for index in partitions.indices {
      let owner = newOwner(of: index, among: present)
      let isOther = owner != partitions[index].owner
      guard isOther || plan.assignment == .eager else { continue }
      if isOther {
        noteStanding(index, before: owner)
        if partitions[index].hungBy >= 0 { endHang(index) }
        partitions[index].ownedSince = time
        partitions[index].accountable = 0
      }
      partitions[index].owner = owner
      partitions[index].processed = partitions[index].committed
      partitions[index].batchLeadsTo = -1
    }
    for slot in stores.indices { writeMembership(to: slot) }
    story?.add(time, "generation \(generation): \(partitions.map(\.owner))")
  }

  /// Takes note of where an owner stood in vain that loses its partition, as the log tells it: for
  /// the hold on end without anything common, and not counting the time for which it was dead and
  /// an agent of its pod knew that.
  private mutating func noteStanding(_ index: Int, before next: Int) {
    let owner = partitions[index].owner
    guard owner >= 0, partitions[index].head > partitions[index].committed else { return }
    var since = max(partitions[index].progressedAt, partitions[index].ownedSince)
    let isSamePod = next >= 0 && members[next].instance == members[owner].instance
    let until = isSamePod && !members[owner].isAlive ? members[owner].diedAt : time
    var longest = 0
    // Who is alone cannot tell an outage from a record that nobody can process.
    for trouble in plan.traffic == .single ? [] : troubles where trouble.upperBound > since {
      longest = max(longest, min(trouble.lowerBound, until) - since)
      since = trouble.upperBound
    }
    // Agents see ends of the log every ten seconds.
    guard max(longest, until - since) >= hold - 10 else { return }
    let isSecond =
      partitions[index].stoodAt == partitions[index].committed
      && partitions[index].stoodBy != owner
    partitions[index].stoodAt = partitions[index].committed
    partitions[index].stoodBy = isSecond ? -1 : owner
  }

  private func newOwner(of index: Int, among present: [Int]) -> Int {
    guard !present.isEmpty else { return -1 }
    if plan.assignment == .eager { return present[index * present.count / plan.partitions] }
    let most = (plan.partitions + present.count - 1) / present.count
    var loads: [Int: Int] = [:]
    for (other, partition) in partitions.enumerated() where other != index {
      // Those before it have been given out already, the others stay where they can.
      if present.contains(partition.owner) { loads[partition.owner, default: 0] += 1 }
    }
    let owner = partitions[index].owner
    if present.contains(owner), loads[owner, default: 0] < most { return owner }
    return present.min { loads[$0, default: 0] < loads[$1, default: 0] } ?? -1
  }

  mutating func writeMembership(to slot: Int) {
    var assigned: [Int: [Int32]] = [:]
    for (index, partition) in partitions.enumerated() {
      assigned[partition.owner, default: []].append(Int32(index))
    }
    let list = groupMembers.map { index in
      GroupMember(
        memberID: members[index].id, clientID: members[index].clientID,
        host: "/" + members[index].address,
        rebalanceTimeout: Int32(plan.rebalanceTimeout * 1000), subscription: ["t"],
        assignment: assigned[index].map { [GroupMember.Assigned(topic: "t", partitions: $0)] } ?? []
      )
    }
    stores[slot].store.setMembership(
      GroupMembership(
        state: list.isEmpty ? .empty : .stable,
        protocolKind: plan.assignment == .consumer ? .consumer : .classic, generation: generation,
        changedAt: Self.start + Int64(rebalancedAt) * 1000, members: list),
      ofGroup: stores[slot].group, now: wall + stores[slot].clock)
  }
}
