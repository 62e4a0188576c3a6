/// The last decisions of a group that differed from those before them.
package struct FlightRecorder: Sendable {
  /// One decision, with what it rests on in words that outlive the store.
  package struct Entry: Sendable, Equatable {
    /// When it was first made, in milliseconds since 1970.
    package var at: Int64
    /// Whether liveness failed.
    package var livenessFails: Bool
    /// The clause that let liveness pass, nil when it failed.
    package var deciding: LivenessClause?
    /// What that clause found; of a failure, what the hold found.
    package var evidence: ClauseEvidence
    /// The topic of the partition that stood, cut to `maximumNameBytes`; nil when none did.
    package var topic: String?
    /// That partition; -1 when none stood.
    package var partition: Int32
    /// The committed offset at which it stood.
    package var offset: Int64
    /// Its lag in records.
    package var lag: UInt64
    /// The member id of its owner, cut to `maximumNameBytes`; nil without one.
    package var member: String?
    /// Whether the container was ready, and why.
    package var isReady: Bool
    package var readiness: ReadinessDecision.Reason
  }

  /// The entries, oldest first, once they are in order.
  private var ring: [Entry] = []
  private var next = 0
  /// The last decision by which liveness failed, nil when none did.
  package private(set) var lastFailure: Entry?

  /// How many decisions are kept of a group (256).
  package static let capacity = 256
  /// The most bytes that are kept of a name (249, the longest topic name).
  package static let maximumNameBytes = 249

  /// Nothing happened yet.
  package init() {}

  /// The decisions, oldest first.
  package var entries: [Entry] { Array(ring[next...] + ring[..<next]) }

  /// Keeps a decision if it is another than the one before.
  mutating func record(_ decision: GroupDecision, at now: Int64, _ store: OffsetStore) {
    let liveness = decision.liveness
    let culprit = liveness.culprit
    let deciding = liveness.deciding
    if let last = ring.isEmpty ? nil : ring[(next + ring.count - 1) % ring.count],
      last.deciding == deciding, last.isReady == decision.readiness.isReady,
      last.readiness == decision.readiness.reason, last.partition == culprit?.partition ?? -1,
      last.offset == culprit?.offset ?? 0
    {
      return
    }
    let entry = Entry(
      at: now, livenessFails: liveness.fails, deciding: deciding,
      evidence: liveness.findings[Int((deciding ?? .hold).rawValue)].evidence,
      topic: culprit.map { Self.cut(store.topicName($0.topic)) },
      partition: culprit?.partition ?? -1, offset: culprit?.offset ?? 0, lag: culprit?.lag ?? 0,
      member: liveness.owner.map { Self.cut($0.memberID) }, isReady: decision.readiness.isReady,
      readiness: decision.readiness.reason)
    if entry.livenessFails { lastFailure = entry }
    if ring.count < Self.capacity {
      ring.append(entry)
    } else {
      ring[next] = entry
      next = (next + 1) % Self.capacity
    }
  }

  private static func cut(_ name: String) -> String {
    name.utf8.count <= maximumNameBytes
      ? name : String(decoding: name.utf8.prefix(maximumNameBytes), as: UTF8.self)
  }
}
