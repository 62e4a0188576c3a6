/// How many records a group consumed, and how many were produced for it, in each of the last
/// minutes.
///
/// It belongs to a group and not to its partitions, so that it costs a partition next to nothing.
/// Records are counted by the times of commits and heads: what lies between two of them is spread
/// evenly over the time between. So the counts do not depend on when anything was read, and a group
/// that commits once a minute has no minutes without records.
struct RateHistory: Sendable {
  /// What is counted.
  enum Kind: Int {
    /// Records between two commits of a partition.
    case consumed = 0
    /// Records between two heads of a partition.
    case produced = 1
  }

  /// For each kind the newest minute since 1970, then the counts by minute modulo `length`; empty
  /// before the first.
  private var words: [UInt32] = []

  /// How many minutes are kept: the longest history, the minute before it is asked for, the one
  /// that goes on, and one to spare.
  static let length = 18
  /// The length of a minute in milliseconds.
  static let minute: Int64 = 60_000
  /// How far a time may lie ahead of this machine's clock, in milliseconds (10 min): one wrong time
  /// far ahead would keep all right ones out.
  static let largestLead: Int64 = 600_000
  /// The longest time that records are spread over, in milliseconds (a week).
  private static let longestSpread: Int64 = 604_800_000
  private static let stride = length + 1

  /// The memory that lies outside of the value itself, in bytes.
  var footprint: Int { words.isEmpty ? 0 : words.capacity * 4 + 32 }

  /// Counts records that came after `start` and up to `end`, in milliseconds since 1970.
  ///
  /// Times that cannot be, and times before what is kept, are passed over.
  @inline(__always)
  mutating func add(_ count: Int64, _ kind: Kind, from start: Int64, to end: Int64, now: Int64) {
    guard count > 0, end >= 0, end <= now &+ Self.largestLead else { return }
    let count = UInt32(clamping: count)
    let last = end / Self.minute
    if start >= last &* Self.minute || start > end {
      add(count, kind, minute: last)
    } else {
      spread(count, kind, from: start, to: end)
    }
  }

  /// Gives each minute the share of records that its part of the time has.
  private mutating func spread(_ count: UInt32, _ kind: Kind, from start: Int64, to end: Int64) {
    let start = max(start, end &- Self.longestSpread)
    let last = end / Self.minute
    var minute = max(start / Self.minute, last &- Int64(Self.length) &+ 1)
    /// How many of the records lie before a time.
    func before(_ time: Int64) -> Int64 {
      guard time > start else { return 0 }
      return Int64(count) &* (min(time, end) &- start) / (end &- start)
    }
    var done = before(minute &* Self.minute)
    while minute <= last {
      let next = before((minute &+ 1) &* Self.minute)
      add(UInt32(truncatingIfNeeded: next &- done), kind, minute: minute)
      done = next
      minute &+= 1
    }
  }

  @inline(__always)
  private mutating func add(_ count: UInt32, _ kind: Kind, minute: Int64) {
    let minute = UInt32(truncatingIfNeeded: minute)
    let base = kind.rawValue &* Self.stride
    if words.isEmpty { words = Array(repeating: 0, count: 2 * Self.stride) }
    if words[base] != minute {
      guard advance(base, to: minute) else { return }
    }
    let place = base &+ 1 &+ Int(minute % UInt32(Self.length))
    let (sum, overflow) = words[place].addingReportingOverflow(count)
    words[place] = overflow ? .max : sum
  }

  /// Makes room for a minute; false when it lies before what is kept.
  private mutating func advance(_ base: Int, to minute: UInt32) -> Bool {
    let newest = words[base]
    guard minute > newest else { return newest - minute < UInt32(Self.length) }
    let passed = min(minute - newest, UInt32(Self.length))
    for back in 0..<passed {
      words[base + 1 + Int((minute - back) % UInt32(Self.length))] = 0
    }
    words[base] = minute
    return true
  }

  /// Returns how many records there were in some minutes; those that are not kept have none.
  func count(_ kind: Kind, minutes: Range<Int64>) -> UInt64 {
    guard !words.isEmpty else { return 0 }
    let base = kind.rawValue * Self.stride
    let newest = Int64(words[base])
    let kept = (newest - Int64(Self.length) + 1)..<(newest + 1)
    return minutes.clamped(to: kept).reduce(UInt64(0)) {
      guard $1 >= 0 else { return $0 }
      return $0 + UInt64(words[base + 1 + Int($1 % Int64(Self.length))])
    }
  }
}
