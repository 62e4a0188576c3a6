/// The group member that a partition is assigned to.
package struct PartitionOwner: Sendable, Equatable {
  /// The identifier that broker or client gave the member.
  package var memberID: String
  /// The member's client id.
  package var clientID: String
  /// The member's host as Kafka wrote it, usually with a leading `/`.
  package var host: String
  /// The host in canonical form; see `canonicalAddress`.
  package var address: String
  /// The `group.instance.id` of a static member.
  package var groupInstanceID: String?

  /// Takes from a member what tells it apart.
  package init(_ member: GroupMember) {
    memberID = member.memberID
    clientID = member.clientID
    host = member.host
    address = member.address
    groupInstanceID = member.groupInstanceID
  }
}
