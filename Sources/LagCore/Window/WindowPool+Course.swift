extension WindowPool {
  /// When a consumer arrived at the offset that it committed last, as its window tells it.
  enum Arrival: Equatable {
    /// At this commit time, in milliseconds since 1970 by the brokers' clock.
    case at(Int64)
    /// Before this commit time: all commits of the window have the same offset.
    case before(Int64)
  }

  /// How the consumer of a window gets on.
  struct Course {
    /// See `owner`.
    let owner: UInt32
    /// See `behindSince`.
    let behindSince: UInt32
    /// After when no commit arrived anywhere, in milliseconds since 1970.
    ///
    /// It is when the newest was made, and `Int64.min` without one. While the consumer is behind,
    /// and for a wide window, it is not looked for: `Int64.max`.
    let arrivedUntil: Int64
    /// Whether all commits are known to have the same offset.
    let isStalled: Bool
  }

  /// Returns how the consumer of a window gets on.
  @inline(__always)
  func course(of window: Int32) -> Course {
    let (chunk, base) = locate(window)
    let storage = chunks[chunk]
    let words = storage.span
    let state = words[base &+ Word.state]
    let behindSince = words[base &+ Word.behindSince]
    let newest = Int((state &>> State.newestShift) & State.countMask)
    let word = words[base &+ Word.slots &+ newest &* Word.slotLength &+ 1]
    var arrivedUntil = Self.time(words, base, word)
    if state & State.countMask == 0 { arrivedUntil = .min }
    if behindSince != 0 || state & State.wide != 0 { arrivedUntil = .max }
    return Course(
      owner: words[base &+ Word.owner], behindSince: behindSince, arrivedUntil: arrivedUntil,
      isStalled: State.rule(state) == .stalled)
  }

  /// Returns when the newest offset of a window was committed first; nil when it holds no commit.
  @inline(__always)
  func arrival(_ window: Int32) -> Arrival? {
    let (chunk, base) = locate(window)
    let storage = chunks[chunk]
    let words = storage.span
    let state = words[base &+ Word.state]
    if state & State.wide != 0 { return Self.arrival(wide[window]) }
    let count = Int(state & State.countMask)
    guard count > 0 else { return nil }
    var slot = Int((state &>> State.newestShift) & State.countMask)
    var word = base &+ Word.slots &+ slot &* Word.slotLength
    let offset = words[word]
    var time = words[word &+ 1]
    for _ in 1..<count {
      slot = slot == 0 ? limits.intervals &- 1 : slot &- 1
      word = base &+ Word.slots &+ slot &* Word.slotLength
      if words[word] != offset { return .at(Self.time(words, base, time)) }
      time = words[word &+ 1]
    }
    return .before(Self.time(words, base, time))
  }

  @inline(never)
  private static func arrival(_ entries: [CommitEntry]?) -> Arrival? {
    guard let entries, let newest = entries.last else { return nil }
    var time = newest.timestamp
    for entry in entries.reversed() {
      if entry.offset != newest.offset { return .at(time) }
      time = entry.timestamp
    }
    return .before(time)
  }

  @inline(__always)
  private static func time(_ words: Span<UInt32>, _ base: Int, _ word: UInt32) -> Int64 {
    load(words, base &+ Word.baseTimestamp) &+ Int64(Int32(bitPattern: word))
  }
}
