import LagCore

/// Decides from the name whether a group is watched, once for each name.
///
/// With exact names the watched groups are known from the start, so every other one is foreign
/// without a look at a pattern. With patterns, refused names are remembered within a bound: a
/// pattern costs more than a look-up, and foreign groups are most of what the topic holds.
struct GroupAdmission {
  private let settings: ClusterSettings
  private let isExact: Bool
  private var refused: NameTable
  let seed: UInt64
  /// Names for which a pattern was given up at its limit; they are not watched.
  private(set) var limitExceededCount: Int64 = 0

  /// The most refused names that are remembered (65,536); beyond, the memory starts anew.
  static let maximumRefused = 1 << 16

  init(settings: ClusterSettings, seed: UInt64) {
    self.settings = settings
    isExact = settings.exactGroups != nil
    self.seed = seed
    refused = NameTable(seed: seed)
  }

  /// Returns the consumer that admits a group that the store does not know, nil when none does.
  @inline(__always)
  mutating func consumer(admitting name: Span<UInt8>) -> Int? {
    if isExact || refused.find(name) != nil { return nil }
    return consumer(admittingNew: name)
  }

  private mutating func consumer(admittingNew name: Span<UInt8>) -> Int? {
    let (consumer, exceedsLimit) = settings.consumer(admitting: name)
    if let consumer { return consumer }
    if exceedsLimit { limitExceededCount += 1 }
    if refused.count >= Self.maximumRefused { refused = NameTable(seed: seed) }
    _ = refused.insert(name)
    return nil
  }
}
