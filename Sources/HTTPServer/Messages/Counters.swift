/// What a server has done since it was made; read by whoever reports metrics.
package struct Counters: Sendable {
  /// The protocols that a connection turned out to speak: one of HTTP, and one of TLS where it is
  /// encrypted.
  package enum Connections: Int, CaseIterable, Sendable {
    case http1
    case http2
    /// HTTP/2 after an HTTP/1.1 request for it; counted as HTTP/1.1 as well.
    case upgraded
    case tls12
    case tls13

    /// The label in metrics.
    package var label: String { String(describing: self) }
  }

  /// Connections accepted.
  package let accepted: UInt64
  /// Connections closed, for whatever reason.
  package let closed: UInt64
  /// Idle connections closed early to make room for new ones.
  package let evicted: UInt64
  /// Bytes read from connections.
  package let bytesReceived: UInt64
  /// Bytes written to connections.
  package let bytesSent: UInt64

  let byStatus: [UInt64]
  let byProtocol: [UInt64]
  let byRefusal: [UInt64]

  /// What two servers have done together.
  package static func + (left: Counters, right: Counters) -> Counters {
    func sum(_ list: (Counters) -> [UInt64]) -> [UInt64] {
      zip(list(left), list(right)).map { $0 &+ $1 }
    }
    return Counters(
      accepted: left.accepted &+ right.accepted, closed: left.closed &+ right.closed,
      evicted: left.evicted &+ right.evicted,
      bytesReceived: left.bytesReceived &+ right.bytesReceived,
      bytesSent: left.bytesSent &+ right.bytesSent, byStatus: sum(\.byStatus),
      byProtocol: sum(\.byProtocol), byRefusal: sum(\.byRefusal))
  }

  /// Responses of a status, refusals that were answered included.
  package func responses(_ status: Status) -> UInt64 {
    byStatus[Int(status.code)]
  }

  /// Every status that was answered at least once, with its number of responses.
  package var responses: [(status: Status, count: UInt64)] {
    byStatus.indices.compactMap { byStatus[$0] > 0 ? (Status($0), byStatus[$0]) : nil }
  }

  /// Connections that turned out to speak a protocol.
  package func connections(_ kind: Connections) -> UInt64 {
    byProtocol[kind.rawValue]
  }

  /// Requests or connections refused for a reason.
  package func refused(_ refusal: Refusal) -> UInt64 {
    byRefusal[Int(refusal.rawValue)]
  }
}
