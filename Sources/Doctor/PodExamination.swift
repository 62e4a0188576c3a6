package import Configuration
package import LagCore

/// Says which members of the groups are this pod's: what liveness of this pod goes by.
package enum PodExamination {
  /// Who the pod is.
  package struct Identity: Equatable, Sendable {
    /// Its address, `POD_IP`.
    package var address: String?
    /// Its name, `POD_NAME`.
    package var name: String?
    /// The node's address, `HOST_IP`.
    package var nodeAddress: String?

    /// Puts the parts together.
    package init(address: String? = nil, name: String? = nil, nodeAddress: String? = nil) {
      self.address = address
      self.name = name
      self.nodeAddress = nodeAddress
    }

    /// Takes what the configuration found.
    package init(_ pod: Configuration.PodIdentity) {
      self.init(address: pod.ip, name: pod.name, nodeAddress: pod.hostIP)
    }
  }

  /// A member and its group.
  package struct Member: Equatable, Sendable {
    /// The group.
    package var group: String
    /// The member.
    package var member: GroupMember

    /// Pairs a member with its group.
    package init(group: String, _ member: GroupMember) {
      self.group = group
      self.member = member
    }
  }

  /// What the identity says about the members.
  ///
  /// - Parameters:
  ///   - pod: who the pod is, as far as that is given.
  ///   - members: the members of all watched groups; empty when none are known.
  package static func findings(
    _ pod: Identity, _ members: [Member]
  ) -> [Finding] {
    let given = [pod.address.map { "POD_IP \($0)" }, pod.name.map { "POD_NAME \($0)" }]
      .compactMap { $0 }
    guard !given.isEmpty else {
      return [
        Finding(
          .note, "pod", "identity",
          "no POD_IP and no POD_NAME: no member counts as this pod's")
      ]
    }
    let identity = given.joined(separator: ", ")
    guard !members.isEmpty else {
      return [
        Finding(
          .untold, "pod", "identity", "\(identity); no member of a watched group is known")
      ]
    }
    var findings: [Finding] = []
    for one in members {
      guard let reason = reason(pod, one.member) else { continue }
      findings.append(
        Finding(
          .ok, "pod", "identity",
          "\(identity): member \(one.member.memberID) of \(one.group) is this pod's, by \(reason)"))
    }
    guard findings.isEmpty else { return findings }
    let hosts = Set(members.map(\.member.address)).sorted()
    let shown = hosts.prefix(3).joined(separator: ", ") + (hosts.count > 3 ? ", …" : "")
    return [
      Finding(
        .note, "pod", "identity",
        "\(identity) fits none of \(amount(members.count, "member")) (at \(shown)): no member "
          + "counts as this pod's")
    ]
  }

  /// By what a member is the pod's; nil when it is not.
  ///
  /// An address shared with the node means the host's network: then only names count.
  package static func reason(
    _ pod: Identity, _ member: GroupMember
  ) -> String? {
    if let name = pod.name, !name.isEmpty {
      if stands(name, in: member.clientID) { return "client id \(member.clientID)" }
      if let instance = member.groupInstanceID, stands(name, in: instance) {
        return "group.instance.id \(instance)"
      }
    }
    guard let ip = pod.address.map({ canonicalAddress(of: $0) }), !ip.isEmpty,
      pod.nodeAddress.map({ canonicalAddress(of: $0) }) != ip, member.address == ip
    else { return nil }
    return "host \(member.address)"
  }

  /// Whether a name stands in a text between characters that are neither letters nor digits, so
  /// that `orders-1` does not stand in `orders-10`.
  package static func stands(_ name: String, in text: String) -> Bool {
    let (name, text) = (Array(name.utf8), Array(text.utf8))
    guard !name.isEmpty, name.count <= text.count else { return false }
    for start in 0...(text.count - name.count) {
      let end = start + name.count
      guard Array(text[start..<end]) == name else { continue }
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
