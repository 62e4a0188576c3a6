extension WindowPool {
  /// When a consumer arrived at the offset that it committed last, as its window tells it.
  enum Arrival: Equatable {
    /// At this commit time, in milliseconds since 1970 by the brokers' clock.
    case at(Int64)
    /// Before this commit time: all commits of the window have the same offset.
    case before(Int64)
  }

  /// Returns since when a window is behind, when its newest commit was made, and whether all its
  /// commits are known to have the same offset.
  @inline(__always)
  func course(of window: Int32) -> (behindSince: UInt32, committedAt: Int64?, isStalled: Bool) {
    let (chunk, base) = locate(window)
    let storage = chunks[chunk]
    let words = storage.span
    let state = words[base &+ Word.state]
    let behindSince = words[base &+ Word.behindSince]
    if state & State.wide != 0 {
      return (behindSince, wide[window]?.last?.timestamp, false)
    }
    guard state & State.countMask != 0 else { return (behindSince, nil, false) }
    let newest = Int((state &>> State.newestShift) & State.countMask)
    let word = words[base &+ Word.slots &+ newest &* Word.slotLength &+ 1]
    return (behindSince, Self.time(words, base, word), State.rule(state) == .stalled)
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
