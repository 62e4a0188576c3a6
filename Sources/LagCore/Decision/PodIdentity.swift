/// Who this pod is, and which members of a group are its own.
package struct PodIdentity: Sendable, Equatable {
  /// The pod's address in canonical form (`POD_IP`), nil when it is not given.
  package let address: String?
  /// The pod's name (`POD_NAME`), nil when it is not given.
  package let name: String?
  /// Whether the pod uses its node's network (`HOST_IP` is `POD_IP`), so that the address is that
  /// of every such pod of the node.
  package let isOnHostNetwork: Bool

  /// By what a member is this pod's.
  package enum Sign: UInt8, Sendable {
    /// The member's host is the pod's address.
    case host
    /// The pod's name stands in the client id.
    case clientID
    /// The pod's name stands in the `group.instance.id`.
    case instanceID
  }

  /// Puts the parts together; empty ones count as not given.
  ///
  /// - Parameters:
  ///   - address: `POD_IP`, in any form.
  ///   - name: `POD_NAME`.
  ///   - nodeAddress: `HOST_IP`, in any form.
  package init(address: String? = nil, name: String? = nil, nodeAddress: String? = nil) {
    let own = address.map { canonicalAddress(of: $0) } ?? ""
    self.address = own.isEmpty ? nil : own
    self.name = name.flatMap { $0.isEmpty ? nil : $0 }
    isOnHostNetwork = !own.isEmpty && nodeAddress.map { canonicalAddress(of: $0) } == own
  }

  /// Whether nothing is known of the pod, so that no member can be its own.
  package var isEmpty: Bool { address == nil && name == nil }

  /// The address where it tells this pod from others.
  private var tellingAddress: String? { isOnHostNetwork ? nil : address }

  /// Returns by what each member of a group is this pod's, nil for those that are not.
  ///
  /// Where some member has the pod's address, hosts are what brokers see of pods: then a member at
  /// another address is another pod's, even if this pod's name stands in its own. The longest name
  /// that fits wins: when another member's whole id is longer, carries this pod's name and stands
  /// in an id too, that id is the other's.
  ///
  /// - Parameter members: all members of the group.
  package func signs(of members: [GroupMember]) -> [Sign?] {
    var signs: [Sign?] = members.map { member in
      tellingAddress != nil && member.address == tellingAddress ? .host : nil
    }
    guard let name, !signs.contains(.host) else { return signs }
    var longer: [String] = []
    for (number, member) in members.enumerated() {
      signs[number] = Self.sign(of: name, in: member)
      if signs[number] == nil { continue }
      for id in [member.groupInstanceID, member.clientID].compactMap({ $0 })
      where id.utf8.count > name.utf8.count && Self.stands(name, in: id) && !longer.contains(id) {
        if longer.count < Self.maximumLongerNames { longer.append(id) }
      }
    }
    for (number, member) in members.enumerated() where signs[number] != nil {
      if longer.contains(where: { Self.isOther($0, in: member) }) {
        signs[number] = nil
      }
    }
    return signs
  }

  /// How many longer names are looked at (64): with more of them, names say nothing anyhow.
  private static let maximumLongerNames = 64

  private static func sign(of name: String, in member: GroupMember) -> Sign? {
    if stands(name, in: member.clientID) { return .clientID }
    guard let instance = member.groupInstanceID, stands(name, in: instance) else { return nil }
    return .instanceID
  }

  /// Whether a longer name, which is the whole id of another member, fits a member too.
  private static func isOther(_ longer: String, in member: GroupMember) -> Bool {
    let ids = [member.clientID, member.groupInstanceID].compactMap { $0 }
    return !ids.contains(longer) && ids.contains { stands(longer, in: $0) }
  }

  /// Returns whether a name stands in a text between characters that are neither letters nor
  /// digits, so that `orders-1` does not stand in `orders-10`.
  package static func stands(_ name: String, in text: String) -> Bool {
    let name = Array(name.utf8)
    let text = Array(text.utf8)
    guard !name.isEmpty, name.count <= text.count else { return false }
    for start in 0...(text.count - name.count) {
      let end = start + name.count
      guard text[start..<end].elementsEqual(name) else { continue }
      let isOpen = start == 0 || !isAlphanumeric(text[start - 1])
      if isOpen, end == text.count || !isAlphanumeric(text[end]) { return true }
    }
    return false
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default:
      // A part of a letter beyond ASCII.
      byte >= 0x80
    }
  }
}
