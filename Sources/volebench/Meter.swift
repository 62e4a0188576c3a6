import Glibc

/// What a process has used, asked of the kernel.
enum Meter {
  /// The CPU time of this process so far, in seconds; all its threads and the kernel's part count.
  static func cpuSeconds() -> Double {
    var time = timespec()
    // SAFETY: the pointer to `time` is valid for the duration of the call, which only writes it.
    guard unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return 0 }
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// The resident memory of this process in bytes, nil where `/proc` cannot be read.
  static func residentBytes() -> Int? {
    let descriptor = unsafe open("/proc/self/statm", O_RDONLY)  // SAFETY: a constant C string.
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = unsafe bytes.withUnsafeMutableBytes { buffer in
      // SAFETY: the kernel writes at most `buffer.count` bytes into the buffer, which outlives it.
      unsafe read(descriptor, buffer.baseAddress, buffer.count)
    }
    guard count > 0 else { return nil }
    let fields = bytes.prefix(count).split(separator: UInt8(ascii: " "))
    guard fields.count > 1, let pages = Int(String(decoding: fields[1], as: UTF8.self)) else {
      return nil
    }
    return pages * Int(getpagesize())
  }
}

/// Keeps the optimiser from leaving out work whose result nobody reads.
@inline(never)
@_optimize(none)
func consume<Value>(_ value: Value) {}

/// A small random number generator (SplitMix64), so that every run does the same work.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Returns a number of 0 to `bound` - 1.
  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
