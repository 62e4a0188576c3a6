package import EventLoop

/// Where requests come from; one for all requests of a connection.
package final class ConnectionInfo: Sendable {
  /// The place of the listener that accepted the connection, in the order of `Server.serve`.
  package let listener: Int
  /// The address of the client, or of the proxy in front of it.
  package let peer: SocketAddress
  /// Whether TLS protects the connection.
  package let isEncrypted: Bool
  /// The subject of the client's certificate, checked and in the form of RFC 2253; nil without one.
  package let clientSubject: String?

  /// Describes a connection.
  package init(
    listener: Int = 0, peer: SocketAddress = .unknown, isEncrypted: Bool = false,
    clientSubject: String? = nil
  ) {
    self.listener = listener
    self.peer = peer
    self.isEncrypted = isEncrypted
    self.clientSubject = clientSubject
  }

  /// A connection of which nothing is known.
  package static let unknown = ConnectionInfo()
}
