/// The places of a connection's streams.
///
/// Plain memory and no array: every field of every request is written here, and an array would look
/// each time whether somebody shares it.
@safe struct HTTP2Streams: ~Copyable {
  private var memory: UnsafeMutablePointer<HTTP2Stream>
  private var capacity = 0
  /// How many places there are, of open streams or not.
  private(set) var count = 0

  init() {
    // SAFETY: nothing is allocated yet, and nothing is read below `count`.
    unsafe memory = .allocate(capacity: 0)
  }

  deinit {
    // SAFETY: exactly the first `count` places were initialised, and nobody else has the pointer.
    unsafe memory.deinitialize(count: count)
    unsafe memory.deallocate()
  }

  /// Where places are.
  var indices: Range<Int> { 0..<count }

  /// One place, which must be below `count`.
  subscript(index: Int) -> HTTP2Stream {
    @inline(__always) _read {
      precondition(index >= 0 && index < count)
      // SAFETY: the index was checked.
      yield unsafe memory[index]
    }
    @inline(__always) _modify {
      precondition(index >= 0 && index < count)
      // SAFETY: as above; the table is accessed by one at a time.
      yield unsafe &memory[index]
    }
  }

  /// Adds a place behind the last one.
  mutating func append(_ stream: consuming HTTP2Stream) {
    if count == capacity { grow() }
    // SAFETY: there is room behind the last place.
    unsafe (memory + count).initialize(to: stream)
    count += 1
  }

  private mutating func grow() {
    capacity = max(4, 2 * capacity)
    // SAFETY: the new memory is larger; places move, so that none is initialised twice.
    let larger = UnsafeMutablePointer<HTTP2Stream>.allocate(capacity: capacity)
    unsafe larger.moveInitialize(from: memory, count: count)
    unsafe memory.deallocate()
    unsafe memory = larger
  }

  /// Gives up the places from `kept` on.
  mutating func shrink(to kept: Int) {
    guard kept >= 0, kept < count else { return }
    // SAFETY: these places were initialised.
    unsafe (memory + kept).deinitialize(count: count - kept)
    count = kept
  }
}
