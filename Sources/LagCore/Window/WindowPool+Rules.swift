extension WindowPool {
  /// What is asked of every window at every verdict.
  struct Summary {
    /// How many commits it holds; the next three are 0 without any.
    var count = 0
    /// The newest committed offset.
    var newestOffset: Int64 = 0
    /// The time of that commit, in milliseconds since 1970.
    var newestTimestamp: Int64 = 0
    /// When that commit was read, in seconds since 1970.
    var observedAtSeconds: UInt32 = 0
    /// See `WindowPool.behindSince`.
    var behindSince: UInt32 = 0
    /// See `WindowPool.owner`.
    var owner: UInt32 = 0
  }

  /// Returns what is asked of a window at every verdict.
  @inline(__always)
  func summary(of window: Int32) -> Summary {
    let (chunk, base) = locate(window)
    let storage = chunks[chunk]
    let words = storage.span
    let state = words[base &+ Word.state]
    var summary = Summary()
    summary.count = Int(state & State.countMask)
    summary.behindSince = words[base &+ Word.behindSince]
    summary.owner = words[base &+ Word.owner]
    if state & State.wide != 0 { return Self.summary(summary, of: wide[window]) }
    guard summary.count != 0 else { return summary }
    let newest = Int((state &>> State.newestShift) & State.countMask)
    let slot = base &+ Word.slots &+ newest &* Word.slotLength
    summary.newestOffset =
      Self.load(words, base &+ Word.baseOffset) &+ Int64(Int32(bitPattern: words[slot]))
    summary.newestTimestamp =
      Self.load(words, base &+ Word.baseTimestamp) &+ Int64(Int32(bitPattern: words[slot &+ 1]))
    summary.observedAtSeconds = words[slot &+ 4]
    return summary
  }

  // What concerns wide windows is handed over instead of `self`, of which each caller would
  // otherwise keep a copy for it.

  @inline(never)
  private static func summary(_ summary: Summary, of entries: [CommitEntry]?) -> Summary {
    var summary = summary
    if let newest = entries?.last {
      summary.newestOffset = newest.offset
      summary.newestTimestamp = newest.timestamp
      summary.observedAtSeconds = newest.observedAtSeconds
    }
    return summary
  }

  /// Applies Burrow's rules to the commits of a window; see `BurrowRules.decide`.
  @inline(__always)
  func rule(
    of window: Int32, nowMilliseconds: Int64, currentLag: UInt64, allowedLag: UInt64,
    needsTwoLags: Bool, wasLagZeroRecently: Bool
  ) -> Rule {
    let (chunk, base) = locate(window)
    let storage = chunks[chunk]
    let words = storage.span
    let state = words[base &+ Word.state]
    guard state & State.wide == 0, state & State.countMask != 0 else {
      return Self.rule(
        of: wide[window], nowMilliseconds: nowMilliseconds, currentLag: currentLag,
        allowedLag: allowedLag, needsTwoLags: needsTwoLags, wasLagZeroRecently: wasLagZeroRecently)
    }
    return BurrowRules.decide(
      extent(words, base, state), nowMilliseconds: nowMilliseconds, currentLag: currentLag,
      allowedLag: allowedLag, needsTwoLags: needsTwoLags,
      offset: { Int64(Int32(bitPattern: words[$0])) },
      lag: { words[$0 &+ 3] == Self.unknownLag ? nil : UInt64(words[$0 &+ 3]) },
      wasLagZeroRecently: wasLagZeroRecently)
  }

  @inline(never)
  private static func rule(
    of entries: [CommitEntry]?, nowMilliseconds: Int64, currentLag: UInt64,
    allowedLag: UInt64, needsTwoLags: Bool, wasLagZeroRecently: Bool
  ) -> Rule {
    guard let entries, !entries.isEmpty else { return .noCommits }
    return BurrowRules.decide(
      extent(of: entries), nowMilliseconds: nowMilliseconds, currentLag: currentLag,
      allowedLag: allowedLag, needsTwoLags: needsTwoLags, offset: { entries[$0].offset },
      lag: { entries[$0].lag },
      wasLagZeroRecently: wasLagZeroRecently)
  }

  private static func extent(of entries: [CommitEntry]) -> BurrowRules.Extent {
    BurrowRules.Extent(
      count: entries.count, firstTimestamp: entries.first?.timestamp ?? 0,
      lastTimestamp: entries.last?.timestamp ?? 0)
  }

  /// Where the commits of a packed window lie that is not empty.
  @inline(__always)
  private func extent(
    _ words: Span<UInt32>, _ base: Int, _ state: UInt32
  ) -> BurrowRules.Extent {
    let count = Int(state & State.countMask)
    let newest = Int((state &>> State.newestShift) & State.countMask)
    var oldest = newest &+ 1 &- count
    if oldest < 0 { oldest &+= limits.intervals }
    let slots = base &+ Word.slots
    let first = slots &+ oldest &* Word.slotLength
    let last = slots &+ newest &* Word.slotLength
    let baseTimestamp = Self.load(words, base &+ Word.baseTimestamp)
    return BurrowRules.Extent(
      first: first, last: last, stride: Word.slotLength, ring: slots..<(base &+ stride),
      firstTimestamp: baseTimestamp &+ Int64(Int32(bitPattern: words[first &+ 1])),
      lastTimestamp: baseTimestamp &+ Int64(Int32(bitPattern: words[last &+ 1])))
  }
}
