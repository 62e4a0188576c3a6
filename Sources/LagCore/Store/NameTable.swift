/// Names as small integers: each distinct byte string gets the next index, once.
///
/// Open addressing over a seeded hash of the bytes; names come from strangers, so the seed must be
/// random in the agent. A name is looked up from a borrowed span without copying it, and all names
/// lie in one array. Names are never removed one by one.
package struct NameTable: Sendable {
  /// Index + 1 of the name in a slot, 0 when the slot is empty.
  private var slots: [UInt32]
  private var hashes: [UInt32] = []
  private var ends: [UInt32] = []
  private var bytes: [UInt8] = []
  private let seed: UInt64
  private let maximumBytes: Int

  /// The most bytes of names that a table holds (64 MiB); further names are refused.
  package static let maximumBytes = 64 << 20

  /// Creates an empty table.
  ///
  /// - Parameters:
  ///   - seed: a random number that strangers do not know.
  ///   - maximumBytes: the most bytes of names, at most `NameTable.maximumBytes`.
  package init(seed: UInt64, maximumBytes: Int = NameTable.maximumBytes) {
    self.seed = seed
    self.maximumBytes = min(maximumBytes, NameTable.maximumBytes)
    slots = Array(repeating: 0, count: 16)
  }

  /// How many names the table holds.
  package var count: Int { ends.count }

  /// Returns the index of a name within a scope, nil when the table does not hold it.
  ///
  /// - Parameters:
  ///   - name: the bytes of the name.
  ///   - scope: a number that makes equal names of different scopes different (0 in a plain table).
  ///   - isInScope: whether the found index belongs to the scope.
  @inline(__always)
  package func find(
    _ name: Span<UInt8>, scope: UInt64 = 0, isInScope: (Int) -> Bool = { _ in true }
  ) -> Int? {
    let hash = hash(name, scope: scope)
    let mask = slots.count &- 1
    var position = Int(truncatingIfNeeded: hash) & mask
    while slots[position] != 0 {
      let index = Int(slots[position] &- 1)
      if hashes[index] == hash, isInScope(index), equals(index, name) { return index }
      position = (position &+ 1) & mask
    }
    return nil
  }

  /// Adds a name that the table does not hold in this scope; returns its index, nil when full.
  package mutating func insert(_ name: Span<UInt8>, scope: UInt64 = 0) -> Int? {
    guard bytes.count + name.count <= maximumBytes, ends.count < Int(UInt32.max) - 1 else {
      return nil
    }
    if (ends.count + 1) * 4 > slots.count * 3 { grow() }
    let hash = hash(name, scope: scope)
    let index = ends.count
    hashes.append(hash)
    for position in name.indices { bytes.append(name[position]) }
    ends.append(UInt32(bytes.count))
    place(index, hash: hash)
    return index
  }

  /// Returns the bytes of a name.
  package func name(_ index: Int) -> ArraySlice<UInt8> {
    bytes[start(index)..<Int(ends[index])]
  }

  /// Returns a name as text; bytes that are not UTF-8 become U+FFFD.
  package func text(_ index: Int) -> String {
    String(decoding: name(index), as: UTF8.self)
  }

  /// The memory that the table's storage takes, in bytes.
  package var footprint: Int {
    slots.capacity * 4 + hashes.capacity * 4 + ends.capacity * 4 + bytes.capacity
  }

  @inline(__always)
  private func start(_ index: Int) -> Int { index == 0 ? 0 : Int(ends[index &- 1]) }

  @inline(__always)
  private func equals(_ index: Int, _ name: Span<UInt8>) -> Bool {
    let start = start(index)
    let count = Int(ends[index]) &- start
    guard count == name.count else { return false }
    let known = bytes.span.extracting(start..<(start &+ count))
    var position = 0
    while position &+ 8 <= count {
      if Self.word(known, position) != Self.word(name, position) { return false }
      position &+= 8
    }
    if count >= 8 { return Self.word(known, count &- 8) == Self.word(name, count &- 8) }
    while position < count {
      if known[position] != name[position] { return false }
      position &+= 1
    }
    return true
  }

  private mutating func grow() {
    slots = Array(repeating: 0, count: slots.count * 2)
    for index in hashes.indices { place(index, hash: hashes[index]) }
  }

  private mutating func place(_ index: Int, hash: UInt32) {
    let mask = slots.count &- 1
    var position = Int(truncatingIfNeeded: hash) & mask
    while slots[position] != 0 { position = (position &+ 1) & mask }
    slots[position] = UInt32(index) + 1
  }

  /// Mixes eight bytes at a time with a 64-bit multiply and folds the halves.
  ///
  /// The last word of a name of eight bytes or more overlaps the one before it.
  @inline(__always)
  private func hash(_ name: Span<UInt8>, scope: UInt64) -> UInt32 {
    let count = name.count
    var state = seed ^ (scope &* 0x9E37_79B9_7F4A_7C15) ^ UInt64(truncatingIfNeeded: count)
    var position = 0
    while position &+ 8 < count {
      state = Self.mix(state ^ Self.word(name, position))
      position &+= 8
    }
    var last: UInt64 = 0
    if count >= 8 {
      last = Self.word(name, count &- 8)
    } else {
      while position < count {
        last = (last &<< 8) | UInt64(name[position])
        position &+= 1
      }
    }
    state = Self.mix(state ^ last)
    return UInt32(truncatingIfNeeded: state ^ (state &>> 32))
  }

  /// Returns eight bytes as a little-endian number.
  ///
  /// The compiler makes one load of it, because the length of the extracted span is known.
  @inline(__always)
  private static func word(_ bytes: Span<UInt8>, _ position: Int) -> UInt64 {
    let eight = bytes.extracting(position..<(position &+ 8))
    let low =
      UInt64(eight[0]) | UInt64(eight[1]) &<< 8 | UInt64(eight[2]) &<< 16
      | UInt64(eight[3]) &<< 24
    let high =
      UInt64(eight[4]) | UInt64(eight[5]) &<< 8 | UInt64(eight[6]) &<< 16
      | UInt64(eight[7]) &<< 24
    return low | high &<< 32
  }

  @inline(__always)
  private static func mix(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
    return product.high ^ product.low
  }
}
