/// The names of topics by their identifiers, as far as the log has told them.
///
/// An identifier belongs to one topic for its whole life: a topic that is deleted and made again
/// gets another (KIP-516). So the first name that was read stays.
struct TopicNames: Sendable {
  /// How many identifiers were looked up lately without the table; a power of two.
  private static let recentCount = 64

  private var names: [Uuid: String] = [:]
  private let maximumCount: Int
  /// Identifiers known to be in the table, each at the place that its lowest bits say: nearly every
  /// commit names a topic that one shortly before it named.
  private var recent: [Uuid]
  /// How many new identifiers were turned away since the table was last found full.
  private var refused = 0

  init(maximumCount: Int) {
    self.maximumCount = maximumCount
    recent = Array(repeating: .zero, count: Self.recentCount)
  }

  /// How many identifiers have a name.
  var count: Int { names.count }

  /// The name of a topic; nil while it is not known.
  func name(of topicID: Uuid) -> String? { names[topicID] }

  /// Whether a topic's name is known.
  @inline(__always)
  mutating func knows(_ topicID: Uuid) -> Bool {
    let place = Int(truncatingIfNeeded: topicID.leastSignificantBits) & (Self.recentCount &- 1)
    if recent[place] == topicID, topicID != .zero { return true }
    guard names[topicID] != nil else { return false }
    recent[place] = topicID
    return true
  }

  /// Whether a sweep must come before the next name is added: there is no room left, and enough
  /// names were turned away since the last sweep for looking at everything once more.
  var needsSweep: Bool {
    names.count >= maximumCount && (refused == 0 || refused > maximumCount / 4)
  }

  /// Forgets all names but those of the identifiers in use.
  mutating func sweep(keeping inUse: Set<Uuid>) {
    names = names.filter { inUse.contains($0.key) }
    recent = Array(repeating: .zero, count: Self.recentCount)
    refused = 0
  }

  /// Adds a name that is not known yet.
  ///
  /// - Returns: Whether it was taken: not for the identifier that means "none", nor without room.
  mutating func add(_ topicID: Uuid, _ name: String) -> Bool {
    guard topicID != .zero else { return false }
    guard names.count < maximumCount else {
      refused += 1
      return false
    }
    names[topicID] = name
    return true
  }
}
