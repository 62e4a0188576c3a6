/// A small random number generator (SplitMix64) that repeats itself from its seed.
package struct SeededGenerator: RandomNumberGenerator {
  /// What it began with: a test that fails prints it.
  package let seed: UInt64
  private var state: UInt64

  /// Creates the generator that `seed` names.
  package init(seed: UInt64) {
    self.seed = seed
    state = seed
  }

  /// Returns the next 64 random bits.
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Returns a number of 0 to `bound` - 1.
  package mutating func below(_ bound: Int) -> Int {
    Int(next() % UInt64(bound))
  }

  /// Returns true once in `odds` times.
  package mutating func oneIn(_ odds: Int) -> Bool { below(odds) == 0 }

  /// Returns one of the given values.
  package mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }
}
