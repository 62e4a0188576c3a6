/// Names one scheduled timer; a token of a timer that ran or was cancelled names nothing.
package struct TimerToken: Hashable, Sendable {
  let slot: UInt32
  let generation: UInt32
}

/// Timers ordered by deadline, then by the order in which they were scheduled: a binary heap.
///
/// Knows no clock. Cancelling takes its entry out of the heap at once, so that memory is
/// proportional to the timers that wait and not to those that ever were.
package struct TimerQueue {
  /// Makes an empty queue.
  package init() {}

  private struct Slot {
    var generation: UInt32 = 0
    var heapIndex = 0
    var deadline: Int64 = 0
    var sequence: UInt64 = 0
    var period: Int64?
    var handler: (() -> Void)?
  }

  private var slots: [Slot] = []
  private var freeSlots: [UInt32] = []
  private var heap: [UInt32] = []
  private var nextSequence: UInt64 = 0

  /// How many timers wait.
  package var count: Int { heap.count }

  /// The deadline of the timer that is due first, in the nanoseconds it was given.
  package var earliestDeadline: Int64? { heap.first.map { slots[Int($0)].deadline } }

  /// Where the order of scheduling stands: timers scheduled from now on are not before it.
  package var barrier: UInt64 { nextSequence }

  /// Adds a timer; with a period (> 0) it comes back until it is cancelled.
  package mutating func schedule(
    at deadline: Int64, every period: Int64?, handler: @escaping () -> Void
  ) -> TimerToken {
    let index: UInt32
    if let free = freeSlots.popLast() {
      index = free
    } else {
      index = UInt32(slots.count)
      slots.append(Slot())
    }
    let sequence = nextSequence
    nextSequence &+= 1
    slots[Int(index)].deadline = deadline
    slots[Int(index)].sequence = sequence
    slots[Int(index)].period = period
    slots[Int(index)].handler = handler
    heap.append(index)
    slots[Int(index)].heapIndex = heap.count - 1
    siftUp(heap.count - 1)
    return TimerToken(slot: index, generation: slots[Int(index)].generation)
  }

  /// Moves a waiting timer to another deadline; false if the token names none.
  package mutating func reschedule(_ token: TimerToken, at deadline: Int64) -> Bool {
    guard isWaiting(token) else { return false }
    slots[Int(token.slot)].deadline = deadline
    slots[Int(token.slot)].sequence = nextSequence
    nextSequence &+= 1
    siftUp(slots[Int(token.slot)].heapIndex)
    siftDown(slots[Int(token.slot)].heapIndex)
    return true
  }

  /// Takes a timer out; false if the token names none.
  package mutating func cancel(_ token: TimerToken) -> Bool {
    guard isWaiting(token) else { return false }
    removeFromHeap(slots[Int(token.slot)].heapIndex)
    release(token.slot)
    return true
  }

  /// Takes the first timer whose deadline is not after `now` and returns its handler.
  ///
  /// Timers scheduled at or after `barrier` wait for the next round, so that a handler which
  /// schedules for "now" cannot keep the caller here for ever. A periodic timer is scheduled again
  /// before its handler is returned; periods that were missed are left out, not made up for.
  package mutating func takeDue(at now: Int64, before barrier: UInt64) -> (() -> Void)? {
    guard let first = heap.first else { return nil }
    let slot = slots[Int(first)]
    guard slot.deadline <= now, slot.sequence < barrier else { return nil }
    if let period = slot.period {
      let missed = (now &- slot.deadline) / period
      slots[Int(first)].deadline = slot.deadline &+ (missed &+ 1) &* period
      slots[Int(first)].sequence = nextSequence
      nextSequence &+= 1
      siftDown(0)
    } else {
      removeFromHeap(0)
      release(first)
    }
    return slot.handler
  }

  // MARK: - The heap

  private func isWaiting(_ token: TimerToken) -> Bool {
    Int(token.slot) < slots.count && slots[Int(token.slot)].handler != nil
      && slots[Int(token.slot)].generation == token.generation
  }

  private mutating func release(_ slot: UInt32) {
    slots[Int(slot)].handler = nil
    slots[Int(slot)].generation &+= 1
    freeSlots.append(slot)
  }

  private func isBefore(_ left: Int, _ right: Int) -> Bool {
    let a = slots[Int(heap[left])]
    let b = slots[Int(heap[right])]
    return (a.deadline, a.sequence) < (b.deadline, b.sequence)
  }

  private mutating func swapEntries(_ left: Int, _ right: Int) {
    heap.swapAt(left, right)
    slots[Int(heap[left])].heapIndex = left
    slots[Int(heap[right])].heapIndex = right
  }

  private mutating func removeFromHeap(_ index: Int) {
    let last = heap.count - 1
    if index != last { swapEntries(index, last) }
    heap.removeLast()
    guard index < heap.count else { return }
    siftUp(index)
    siftDown(index)
  }

  private mutating func siftUp(_ start: Int) {
    var index = start
    while index > 0 {
      let parent = (index - 1) / 2
      guard isBefore(index, parent) else { return }
      swapEntries(index, parent)
      index = parent
    }
  }

  private mutating func siftDown(_ start: Int) {
    var index = start
    while true {
      var smallest = index
      for child in [2 * index + 1, 2 * index + 2] where child < heap.count {
        if isBefore(child, smallest) { smallest = child }
      }
      guard smallest != index else { return }
      swapEntries(index, smallest)
      index = smallest
    }
  }
}
