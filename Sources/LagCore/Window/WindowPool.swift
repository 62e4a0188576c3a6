/// The windows of all tracked group-partitions in flat storage.
///
/// A window is one run of 32-bit words in a chunk: a header and a ring of slots. Offsets, times and
/// orders are kept as 32-bit differences to a base in the header, which makes a window of ten
/// commits 236 bytes instead of 360. A window whose values lie too far apart for that is moved to
/// `wide`, where it is kept in full; nothing is rounded or lost. Chunks of a fixed size keep a
/// growing pool from ever copying itself.
package struct WindowPool: Sendable {
  /// How many commits each window has room for, and their least distance in time.
  package private(set) var limits: WindowLimits
  var chunks: [[UInt32]] = []
  private var windowCount = 0
  /// Windows that were given back, to be used again.
  private var vacant: [Int32] = []
  /// Windows whose values do not fit the packed form, oldest commit first.
  var wide: [Int32: [CommitEntry]] = [:]

  let stride: Int

  /// Windows in one chunk.
  static let chunkLength = 256

  /// The words of a window's header, and of a slot.
  enum Word {
    static let baseTimestamp = 0
    static let baseOffset = 2
    static let baseOrder = 4
    static let state = 6
    static let owner = 7
    static let behindSince = 8
    static let slots = 9
    static let slotLength = 5
  }

  /// The parts of the state word: count, position of the newest slot, rule of the commits, wide.
  enum State {
    static let countMask: UInt32 = 0xFFF
    static let newestShift: UInt32 = 12
    static let ruleShift: UInt32 = 24
    static let ruleMask: UInt32 = 7
    static let wide: UInt32 = 1 << 31

    /// The rule that was noted, `noLag` when none was.
    @inline(__always)
    static func rule(_ state: UInt32) -> Rule {
      switch (state &>> ruleShift) & ruleMask {
      case 1: .stopped
      case 2: .rewound
      case 3: .stalled
      case 4: .lagNotDecreasing
      case 5: .lagWasZero
      case 6: .lagDecreasing
      case 7: .lagUnknown
      default: .noLag
      }
    }
  }

  /// The lag word of an unknown lag; a lag of that size or more is kept wide.
  static let unknownLag = UInt32.max

  /// Creates an empty pool.
  package init(limits: WindowLimits) {
    self.limits = limits
    stride = Word.slots + limits.intervals * Word.slotLength
  }

  /// How many windows are in use.
  package var count: Int { windowCount - vacant.count }

  /// How many windows are kept in full because they do not fit the packed form.
  package var wideCount: Int { wide.count }

  /// The memory that the pool's storage takes, in bytes.
  package var footprint: Int {
    chunks.count * Self.chunkLength * stride * 4 + vacant.capacity * 4
      + wide.values.reduce(0) { $0 + $1.capacity * MemoryLayout<CommitEntry>.stride }
  }

  // MARK: Making and giving back

  /// Returns the index of an empty window.
  package mutating func allocate() -> Int32 {
    if let window = vacant.popLast() {
      clear(window)
      return window
    }
    if windowCount == chunks.count * Self.chunkLength {
      chunks.append(Array(repeating: 0, count: Self.chunkLength * stride))
    }
    windowCount += 1
    return Int32(windowCount - 1)
  }

  /// Gives a window back; its index may be handed out again.
  package mutating func release(_ window: Int32) {
    clear(window)
    vacant.append(window)
  }

  /// Forgets the commits of a window and since when it is behind; its owner stays.
  package mutating func removeCommits(of window: Int32) {
    let owner = owner(of: window)
    clear(window)
    setOwner(owner, of: window)
  }

  /// Forgets the commits of a window whose order is `first` or above.
  package mutating func removeCommits(of window: Int32, from first: Int64) {
    store(entries(of: window).filter { $0.order < first }, in: window)
  }

  private mutating func clear(_ window: Int32) {
    let (chunk, base) = locate(window)
    for word in base..<(base + Word.slots) { chunks[chunk][word] = 0 }
    wide[window] = nil
  }

  /// Gives every window room for another number of commits; the newest that fit in stay.
  ///
  /// Windows keep their indices. While it lasts, both forms of all windows are in memory.
  package mutating func setLimits(_ limits: WindowLimits) {
    guard limits.intervals != self.limits.intervals else {
      self.limits = limits
      return
    }
    var changed = WindowPool(limits: limits)
    for window in 0..<Int32(windowCount) {
      _ = changed.allocate()
      changed.store(entries(of: window).suffix(limits.intervals), in: window)
      changed.setOwner(owner(of: window), of: window)
      changed.setBehindSince(behindSince(window), of: window)
    }
    changed.vacant = vacant
    self = changed
  }

  // MARK: Recording

  /// Places a commit into a window; see `WindowLimits.place` for the rules.
  ///
  /// The usual case, a commit newer than all others whose values fit, is done in place; everything
  /// else unpacks the window, applies the plain rules and packs it again.
  package mutating func record(
    _ commit: CommitEntry, head: Int64?, in window: Int32
  ) -> Placement {
    if let placement = recordPacked(commit, head: head, in: window) { return placement }
    var entries = entries(of: window)
    let placement = limits.place(commit, head: head, into: &entries)
    store(entries, in: window)
    return placement
  }

  /// Appends or merges in place; nil when that is not possible.
  @inline(__always)
  private mutating func recordPacked(
    _ commit: CommitEntry, head: Int64?, in window: Int32
  ) -> Placement? {
    let (chunk, base) = locate(window)
    var words = chunks[chunk].mutableSpan
    let state = words[base &+ Word.state]
    guard state & State.wide == 0 else { return nil }
    let count = Int(state & State.countMask)
    guard count > 0 else { return nil }
    let newest = Int((state &>> State.newestShift) & State.countMask)
    let newestSlot = base &+ Word.slots &+ newest &* Word.slotLength

    let baseOrder = Self.load(words, base &+ Word.baseOrder)
    let (orderDistance, orderOverflow) = commit.order.subtractingReportingOverflow(baseOrder)
    guard !orderOverflow, orderDistance > Int64(words[newestSlot &+ 2]),
      orderDistance <= Int64(UInt32.max)
    else { return nil }
    let baseOffset = Self.load(words, base &+ Word.baseOffset)
    let baseTimestamp = Self.load(words, base &+ Word.baseTimestamp)
    let (offsetDistance, offsetOverflow) = commit.offset.subtractingReportingOverflow(baseOffset)
    let (timeDistance, timeOverflow) = commit.timestamp.subtractingReportingOverflow(baseTimestamp)
    guard !offsetOverflow, !timeOverflow, let offsetWord = Int32(exactly: offsetDistance),
      var timeWord = Int32(exactly: timeDistance)
    else { return nil }
    var lagWord = Self.unknownLag
    if let head {
      let lag = lagBetween(committed: commit.offset, head: head)
      guard lag < UInt64(Self.unknownLag) else { return nil }
      lagWord = UInt32(truncatingIfNeeded: lag)
    }

    let newestTime = Int32(bitPattern: words[newestSlot &+ 1])
    var slot = newestSlot
    let placement: Placement
    if Int64(timeWord) &- Int64(newestTime) < limits.minimumDistance {
      timeWord = newestTime
      words[base &+ Word.state] = state & ~(State.ruleMask &<< State.ruleShift)
      placement = .merged
    } else {
      let next = newest &+ 1 == limits.intervals ? 0 : newest &+ 1
      let length = min(count &+ 1, limits.intervals)
      slot = base &+ Word.slots &+ next &* Word.slotLength
      words[base &+ Word.state] =
        UInt32(truncatingIfNeeded: length)
        | UInt32(truncatingIfNeeded: next) &<< State.newestShift
      placement = .appended
    }
    words[slot] = UInt32(bitPattern: offsetWord)
    words[slot &+ 1] = UInt32(bitPattern: timeWord)
    words[slot &+ 2] = UInt32(truncatingIfNeeded: orderDistance)
    words[slot &+ 3] = lagWord
    words[slot &+ 4] = commit.observedAtSeconds
    return placement
  }

  // MARK: Reading

  /// How many commits a window holds, 0 to `intervals`.
  package func commitCount(of window: Int32) -> Int {
    let (chunk, base) = locate(window)
    return Int(chunks[chunk][base &+ Word.state] & State.countMask)
  }

  /// Returns the commits of a window, oldest first.
  package func entries(of window: Int32) -> [CommitEntry] {
    if let entries = wide[window] { return entries }
    var entries: [CommitEntry] = []
    let (chunk, base) = locate(window)
    let storage = chunks[chunk]
    let words = storage.span
    entries.reserveCapacity(Int(words[base &+ Word.state] & State.countMask))
    Self.forEachSlot(words, base, limits.intervals) { slot in
      entries.append(Self.unpack(words, base, slot))
    }
    return entries
  }

  /// Returns the oldest and the newest commit of a window, nil when it is empty.
  package func bounds(of window: Int32) -> (start: CommitEntry, end: CommitEntry)? {
    if let entries = wide[window], let first = entries.first, let last = entries.last {
      return (first, last)
    }
    let (chunk, base) = locate(window)
    let storage = chunks[chunk]
    let words = storage.span
    let count = Int(words[base &+ Word.state] & State.countMask)
    guard count > 0 else { return nil }
    let newest = Int((words[base &+ Word.state] &>> State.newestShift) & State.countMask)
    let oldest = (newest &+ 1 &+ limits.intervals &- count) % limits.intervals
    return (
      Self.unpack(words, base, base &+ Word.slots &+ oldest &* Word.slotLength),
      Self.unpack(words, base, base &+ Word.slots &+ newest &* Word.slotLength)
    )
  }

  /// Returns the newest committed offset of a window, nil when it is empty.
  @inline(__always)
  package func newestOffset(of window: Int32) -> Int64? {
    let (chunk, base) = locate(window)
    let storage = chunks[chunk]
    let words = storage.span
    let state = words[base &+ Word.state]
    if state & State.wide != 0 { return wide[window]?.last?.offset }
    guard state & State.countMask != 0 else { return nil }
    let newest = Int((state &>> State.newestShift) & State.countMask)
    let word = words[base &+ Word.slots &+ newest &* Word.slotLength]
    return Self.load(words, base &+ Word.baseOffset) &+ Int64(Int32(bitPattern: word))
  }

  /// Returns the newest committed offset of a window and its commit time, nil when it is empty.
  @inline(__always)
  func newest(of window: Int32) -> (offset: Int64, timestamp: Int64)? {
    let (chunk, base) = locate(window)
    let storage = chunks[chunk]
    let words = storage.span
    let state = words[base &+ Word.state]
    if state & State.wide != 0 { return wide[window]?.last.map { ($0.offset, $0.timestamp) } }
    guard state & State.countMask != 0 else { return nil }
    let newest = Int((state &>> State.newestShift) & State.countMask)
    let slot = base &+ Word.slots &+ newest &* Word.slotLength
    return (
      Self.load(words, base &+ Word.baseOffset) &+ Int64(Int32(bitPattern: words[slot])),
      Self.load(words, base &+ Word.baseTimestamp)
        &+ Int64(Int32(bitPattern: words[slot &+ 1]))
    )
  }

  /// Returns the newest commit of a window up to a commit time, or the oldest that is kept when all
  /// are newer; nil when it is empty.
  func newest(of window: Int32, notAfter timestamp: Int64) -> CommitEntry? {
    if let entries = wide[window], let first = entries.first {
      return entries.last { $0.timestamp <= timestamp } ?? first
    }
    let (chunk, base) = locate(window)
    let storage = chunks[chunk]
    let words = storage.span
    let count = Int(words[base &+ Word.state] & State.countMask)
    guard count > 0 else { return nil }
    var position = Int((words[base &+ Word.state] &>> State.newestShift) & State.countMask)
    var entry = Self.unpack(words, base, base &+ Word.slots &+ position &* Word.slotLength)
    for _ in 1..<count {
      if entry.timestamp <= timestamp { break }
      position = position == 0 ? limits.intervals &- 1 : position &- 1
      entry = Self.unpack(words, base, base &+ Word.slots &+ position &* Word.slotLength)
    }
    return entry
  }

  // MARK: What else a partition of a group has

  /// The owner of a window's partition as a number of the caller's; 0 is none.
  package func owner(of window: Int32) -> UInt32 {
    let (chunk, base) = locate(window)
    return chunks[chunk][base &+ Word.owner]
  }

  /// Sets the owner of a window's partition.
  package mutating func setOwner(_ owner: UInt32, of window: Int32) {
    let (chunk, base) = locate(window)
    chunks[chunk][base &+ Word.owner] = owner
  }

  /// Since when a head above the newest commit stands, in seconds since 1970; 0 when none does.
  package func behindSince(_ window: Int32) -> UInt32 {
    let (chunk, base) = locate(window)
    return chunks[chunk][base &+ Word.behindSince]
  }

  /// Sets since when a head above the newest commit stands.
  @inline(__always)
  package mutating func setBehindSince(_ seconds: UInt32, of window: Int32) {
    let (chunk, base) = locate(window)
    if chunks[chunk][base &+ Word.behindSince] != seconds {
      chunks[chunk][base &+ Word.behindSince] = seconds
    }
  }

  /// Notes what the commits of a window say while no lag is allowed; see `ruleOfCommits`.
  ///
  /// Whatever changes a commit makes the window forget it. A consumer commits every few seconds and
  /// is judged every second, so that most verdicts need not look at ten commits again.
  @inline(__always)
  mutating func setRuleOfCommits(_ rule: Rule, of window: Int32) {
    let (chunk, base) = locate(window)
    let others = chunks[chunk][base &+ Word.state] & ~(State.ruleMask &<< State.ruleShift)
    chunks[chunk][base &+ Word.state] =
      others | (UInt32(rule.rawValue) & State.ruleMask) &<< State.ruleShift
  }

  // MARK: Packing

  /// Replaces the commits of a window, packed if they fit and in full otherwise.
  private mutating func store(_ entries: some Collection<CommitEntry>, in window: Int32) {
    let (chunk, base) = locate(window)
    let length = UInt32(entries.count)
    guard let first = entries.first else { return clear(window) }
    var slots: [UInt32] = []
    slots.reserveCapacity(entries.count * Word.slotLength)
    for entry in entries {
      guard Self.pack(entry, base: first, into: &slots) else {
        wide[window] = Array(entries)
        chunks[chunk][base + Word.state] = length | State.wide
        return
      }
    }
    wide[window] = nil
    Self.save(first.timestamp, at: base + Word.baseTimestamp, in: &chunks[chunk])
    Self.save(first.offset, at: base + Word.baseOffset, in: &chunks[chunk])
    Self.save(first.order, at: base + Word.baseOrder, in: &chunks[chunk])
    chunks[chunk][base + Word.state] = length | (length - 1) << State.newestShift
    for (position, word) in slots.enumerated() {
      chunks[chunk][base + Word.slots + position] = word
    }
  }

  private static func pack(
    _ entry: CommitEntry, base: CommitEntry, into words: inout [UInt32]
  ) -> Bool {
    let (offsetDistance, offsetOverflow) = entry.offset.subtractingReportingOverflow(base.offset)
    let (timeDistance, timeOverflow) =
      entry.timestamp.subtractingReportingOverflow(base.timestamp)
    let (orderDistance, orderOverflow) = entry.order.subtractingReportingOverflow(base.order)
    guard !offsetOverflow, !timeOverflow, !orderOverflow,
      let offset = Int32(exactly: offsetDistance), let time = Int32(exactly: timeDistance),
      let order = UInt32(exactly: orderDistance)
    else { return false }
    var lagWord = unknownLag
    if let lag = entry.lag {
      guard lag < UInt64(unknownLag) else { return false }
      lagWord = UInt32(lag)
    }
    words.append(UInt32(bitPattern: offset))
    words.append(UInt32(bitPattern: time))
    words.append(order)
    words.append(lagWord)
    words.append(entry.observedAtSeconds)
    return true
  }

  @inline(__always)
  private static func unpack(_ words: Span<UInt32>, _ base: Int, _ slot: Int) -> CommitEntry {
    let lag = words[slot &+ 3]
    return CommitEntry(
      offset: load(words, base &+ Word.baseOffset) &+ Int64(Int32(bitPattern: words[slot])),
      timestamp: load(words, base &+ Word.baseTimestamp)
        &+ Int64(Int32(bitPattern: words[slot &+ 1])),
      order: load(words, base &+ Word.baseOrder) &+ Int64(words[slot &+ 2]),
      observedAtSeconds: words[slot &+ 4],
      lag: lag == unknownLag ? nil : UInt64(lag))
  }

  /// Calls `body` with the first word of each slot in use, oldest first.
  @inline(__always)
  private static func forEachSlot(
    _ words: Span<UInt32>, _ base: Int, _ intervals: Int, _ body: (Int) -> Void
  ) {
    let state = words[base &+ Word.state]
    let count = Int(state & State.countMask)
    let newest = Int((state &>> State.newestShift) & State.countMask)
    var position = newest &+ 1 &- count
    if position < 0 { position &+= intervals }
    for _ in 0..<count {
      body(base &+ Word.slots &+ position &* Word.slotLength)
      position = position &+ 1 == intervals ? 0 : position &+ 1
    }
  }

  @inline(__always)
  func locate(_ window: Int32) -> (chunk: Int, base: Int) {
    let index = Int(UInt32(bitPattern: window))
    return (index / Self.chunkLength, (index % Self.chunkLength) &* stride)
  }

  @inline(__always)
  static func load(_ words: Span<UInt32>, _ index: Int) -> Int64 {
    Int64(bitPattern: UInt64(words[index]) | UInt64(words[index &+ 1]) &<< 32)
  }

  @inline(__always)
  private static func load(_ words: borrowing MutableSpan<UInt32>, _ index: Int) -> Int64 {
    Int64(bitPattern: UInt64(words[index]) | UInt64(words[index &+ 1]) &<< 32)
  }

  private static func save(_ value: Int64, at index: Int, in words: inout [UInt32]) {
    let bits = UInt64(bitPattern: value)
    words[index] = UInt32(truncatingIfNeeded: bits)
    words[index + 1] = UInt32(truncatingIfNeeded: bits >> 32)
  }
}
