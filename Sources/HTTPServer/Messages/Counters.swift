/// What a server has done since it was made; read by whoever reports metrics.
package struct Counters: Sendable {
  /// The protocol that a connection turned out to speak.
  package enum Connections: Int, CaseIterable, Sendable {
    case http1
    case http2
  }

  /// Connections accepted.
  package internal(set) var accepted: UInt64 = 0
  /// Connections closed, for whatever reason.
  package internal(set) var closed: UInt64 = 0
  /// Idle connections closed early to make room for new ones.
  package internal(set) var evicted: UInt64 = 0
  /// Bytes read from connections.
  package internal(set) var bytesReceived: UInt64 = 0
  /// Bytes written to connections.
  package internal(set) var bytesSent: UInt64 = 0

  private var byStatus = [UInt64](repeating: 0, count: 600)
  private var byProtocol = [UInt64](repeating: 0, count: Connections.allCases.count)
  private var byRefusal = [UInt64](repeating: 0, count: Refusal.allCases.count)

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

  mutating func count(_ status: Status) {
    byStatus[Int(status.code)] &+= 1
  }

  mutating func count(_ kind: Connections) {
    byProtocol[kind.rawValue] &+= 1
  }

  mutating func count(_ refusal: Refusal) {
    byRefusal[Int(refusal.rawValue)] &+= 1
  }
}
