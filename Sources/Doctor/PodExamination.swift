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

    /// The same for the decisions, which say what counts.
    var core: PodIdentity {
      PodIdentity(address: address, name: name, nodeAddress: nodeAddress)
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
    for (group, others) in Dictionary(grouping: members, by: \.group).sorted(by: { $0.key < $1.key }
    ) {
      let signs = pod.core.signs(of: others.map(\.member))
      for (one, sign) in zip(others, signs) {
        guard let sign else { continue }
        findings.append(
          Finding(
            .ok, "pod", "identity",
            "\(identity): member \(one.member.memberID) of \(group) is this pod's, by "
              + reason(sign, one.member)))
      }
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

  /// By what a member, who is alone in its group, is the pod's; nil when it is not.
  package static func reason(_ pod: Identity, _ member: GroupMember) -> String? {
    pod.core.signs(of: [member])[0].map { reason($0, member) }
  }

  /// By what a member is the pod's, in words.
  private static func reason(_ sign: PodIdentity.Sign, _ member: GroupMember) -> String {
    switch sign {
    case .host: "host \(member.address)"
    case .clientID: "client id \(member.clientID)"
    case .instanceID: "group.instance.id \(member.groupInstanceID ?? "")"
    }
  }
}
