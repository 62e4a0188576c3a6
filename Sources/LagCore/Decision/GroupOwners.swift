/// Which members of a group belong together: the owners that liveness compares.
///
/// An owner is a host with its members: one pod may run many. Where hosts do not tell pods apart,
/// because they are the nodes' or a proxy's, this pod's members are one owner and every other
/// member is one of its own.
struct GroupOwners {
  /// The owner of each member of the membership, as a number.
  private(set) var ofMember: [Int] = []
  /// By what each member is this pod's, nil for those of others.
  private(set) var signs: [PodIdentity.Sign?] = []
  /// How many owners there are.
  private(set) var count = 0
  /// The place of each member's unit in the order of all units' names, which is the same for every
  /// agent of the group; a unit is a host, or a member where hosts tell nothing.
  private(set) var rank: [Int] = []
  /// How many units there are.
  private(set) var units = 0
  /// Whether members are told apart by their names, because hosts are not the pods'.
  private var isByName = false

  /// Nobody is there.
  init() {}

  /// Sorts the members of a group.
  ///
  /// - Parameters:
  ///   - members: all members.
  ///   - identity: who this pod is.
  ///   - before: the owners until now. What hosts are does not change with a membership in which
  ///     none of this pod's members is.
  init(_ members: [GroupMember], identity: PodIdentity, after before: GroupOwners = GroupOwners()) {
    signs = identity.signs(of: members)
    isByName =
      hasOwn ? !signs.contains(.host) : before.isByName || identity.isOnHostNetwork
    let names = members.map { member in
      isByName ? "\(member.address)\n\(member.clientID)\n\(member.memberID)" : member.address
    }
    let sorted = Set(names).sorted()
    units = sorted.count
    var places: [String: Int] = [:]
    for (place, name) in sorted.enumerated() { places[name] = place }
    rank = names.map { places[$0] ?? 0 }
    var numbers: [Int: Int] = [:]
    for number in members.indices {
      // All of this pod's are one owner, whatever they are known by.
      let unit = signs[number] == nil ? rank[number] : -1
      let owner = numbers[unit] ?? numbers.count
      numbers[unit] = owner
      ofMember.append(owner)
    }
    count = numbers.count
  }

  /// Whether a member is this pod's.
  func isOwn(_ member: Int) -> Bool { signs.indices.contains(member) && signs[member] != nil }

  /// Whether any member is this pod's.
  var hasOwn: Bool { signs.contains { $0 != nil } }
}
