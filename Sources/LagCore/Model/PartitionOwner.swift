/// The group member that a partition is assigned to.
package struct PartitionOwner: Sendable, Equatable {
  /// The member's host as Kafka wrote it, usually with a leading `/`.
  package var host: String
  /// The member's client id.
  package var clientID: String

  /// Creates an owner from its parts.
  package init(host: String, clientID: String) {
    self.host = host
    self.clientID = clientID
  }
}
