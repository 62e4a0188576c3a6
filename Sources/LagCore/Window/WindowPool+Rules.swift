extension WindowPool {
  /// What is asked of every window at every verdict.
  struct Summary {
    /// How many commits it holds; the next four are 0 without any.
    var count = 0
    /// The newest committed offset.
    var newestOffset: Int64 = 0
    /// The time of that commit, in milliseconds since 1970.
    var newestTimestamp: Int64 = 0
    /// The time of the oldest commit, likewise.
    var oldestTimestamp: Int64 = 0
    /// When that commit was read, in seconds since 1970.
    var observedAtSeconds: UInt32 = 0
    /// See `WindowPool.behindSince`.
    var behindSince: UInt32 = 0
    /// See `WindowPool.owner`.
    var owner: UInt32 = 0
    /// See `WindowPool.setRuleOfCommits`; `noLag` when it is not known.
    var rule = Rule.noLag

    /// Whether the newest commit is older than `hold` and a head above it was seen for as long.
    ///
    /// - Parameters:
    ///   - since: since when that head was seen, in seconds since 1970; 0 for never.
    ///   - clock: the wall clock, likewise.
    ///   - brokerClock: the brokers' clock in milliseconds since 1970.
    ///   - hold: for how many seconds.
    @inline(__always)
    func hasStoodStill(since: UInt32, clock: UInt32, brokerClock: Int64, hold: UInt32) -> Bool {
      since != 0 && clock >= since && clock - since >= hold && count > 0
        && brokerClock &- newestTimestamp >= Int64(hold) &* 1000
    }
  }

  /// What is asked first of a packed window that holds a commit.
  struct Stand {
    /// See `Summary`, for all of these.
    let count: Int
    let behindSince: UInt32
    let newestOffset: Int64
    let observedAtSeconds: UInt32
    /// Where the newest commit lies, 0 up to `intervals` - 1.
    fileprivate let newest: Int
  }

  /// Returns where the consumer of a packed window stands; nil for one without a commit, and for a
  /// wide one.
  @inline(__always)
  func stand(of window: Int32) -> Stand? {
    let (chunk, base) = locate(window)
    let storage = chunks[chunk]
    let words = storage.span
    let state = words[base &+ Word.state]
    guard state & State.wide == 0, state & State.countMask != 0 else { return nil }
    let newest = Int((state &>> State.newestShift) & State.countMask)
    let slot = base &+ Word.slots &+ newest &* Word.slotLength
    return Stand(
      count: Int(state & State.countMask), behindSince: words[base &+ Word.behindSince],
      newestOffset: Self.load(words, base &+ Word.baseOffset)
        &+ Int64(Int32(bitPattern: words[slot])),
      observedAtSeconds: words[slot &+ 4], newest: newest)
  }

  /// Returns the rest of what is asked of a full window; see `stand`.
  @inline(__always)
  func summary(ofFull window: Int32, _ stand: Stand) -> Summary {
    let (chunk, base) = locate(window)
    let storage = chunks[chunk]
    let words = storage.span
    let oldest = stand.newest &+ 1 == limits.intervals ? 0 : stand.newest &+ 1
    let timestamp = Self.load(words, base &+ Word.baseTimestamp)
    let last = words[base &+ Word.slots &+ stand.newest &* Word.slotLength &+ 1]
    let first = words[base &+ Word.slots &+ oldest &* Word.slotLength &+ 1]
    return Summary(
      count: stand.count, newestOffset: stand.newestOffset,
      newestTimestamp: timestamp &+ Int64(Int32(bitPattern: last)),
      oldestTimestamp: timestamp &+ Int64(Int32(bitPattern: first)),
      observedAtSeconds: stand.observedAtSeconds, behindSince: stand.behindSince,
      owner: words[base &+ Word.owner], rule: State.rule(words[base &+ Word.state]))
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
    summary.rule = State.rule(state)
    if state & State.wide != 0 { return Self.summary(summary, of: wide[window]) }
    guard summary.count != 0 else { return summary }
    let newest = Int((state &>> State.newestShift) & State.countMask)
    let slot = base &+ Word.slots &+ newest &* Word.slotLength
    let timestamp = Self.load(words, base &+ Word.baseTimestamp)
    summary.newestOffset =
      Self.load(words, base &+ Word.baseOffset) &+ Int64(Int32(bitPattern: words[slot]))
    summary.newestTimestamp = timestamp &+ Int64(Int32(bitPattern: words[slot &+ 1]))
    summary.observedAtSeconds = words[slot &+ 4]
    let first = words[Self.firstSlot(base, state, limits.intervals) &+ 1]
    summary.oldestTimestamp = timestamp &+ Int64(Int32(bitPattern: first))
    return summary
  }

  // What concerns wide windows is handed over instead of `self`, of which each caller would
  // otherwise keep a copy for it.

  @inline(never)
  private static func summary(_ summary: Summary, of entries: [CommitEntry]?) -> Summary {
    var summary = summary
    if let oldest = entries?.first, let newest = entries?.last {
      summary.oldestTimestamp = oldest.timestamp
      summary.newestOffset = newest.offset
      summary.newestTimestamp = newest.timestamp
      summary.observedAtSeconds = newest.observedAtSeconds
    }
    return summary
  }

  /// Returns what the commits of a window say; see `BurrowRules.decide`.
  ///
  /// WARN needs two known lags.
  @inline(__always)
  func ruleOfCommits(of window: Int32, allowedLag: UInt64) -> Rule {
    let (chunk, base) = locate(window)
    let storage = chunks[chunk]
    let words = storage.span
    let state = words[base &+ Word.state]
    guard state & State.wide == 0, state & State.countMask != 0 else {
      return Self.ruleOfCommits(wide[window], allowedLag: allowedLag)
    }
    let slots = base &+ Word.slots
    let newest = Int((state &>> State.newestShift) & State.countMask)
    return BurrowRules.decide(
      BurrowRules.Ring(
        first: Self.firstSlot(base, state, limits.intervals),
        last: slots &+ newest &* Word.slotLength,
        stride: Word.slotLength, positions: slots..<(base &+ stride)),
      allowedLag: allowedLag, offset: { Int64(Int32(bitPattern: words[$0])) },
      lag: { words[$0 &+ 3] == Self.unknownLag ? nil : UInt64(words[$0 &+ 3]) })
  }

  private static func ruleOfCommits(_ entries: [CommitEntry]?, allowedLag: UInt64) -> Rule {
    guard let entries, !entries.isEmpty else { return .noCommits }
    return BurrowRules.decide(
      BurrowRules.Ring(count: entries.count), allowedLag: allowedLag,
      offset: { entries[$0].offset }, lag: { entries[$0].lag })
  }

  /// The position of the oldest commit of a packed window that is not empty.
  @inline(__always)
  static func firstSlot(_ base: Int, _ state: UInt32, _ intervals: Int) -> Int {
    let count = Int(state & State.countMask)
    var oldest = Int((state &>> State.newestShift) & State.countMask) &+ 1 &- count
    if oldest < 0 { oldest &+= intervals }
    return base &+ Word.slots &+ oldest &* Word.slotLength
  }
}
