/// When groups are to be judged again although nothing of theirs is read: a binary heap.
///
/// Entries are not taken back: one that a group no longer waits for is passed over when it comes
/// up, and `rebuild` sweeps them out when they become many.
struct WakeQueue {
  /// A group and the second at which it is to be judged.
  struct Wake: Equatable {
    let second: Int64
    let cluster: Int
    let group: Int

    /// Earlier seconds first; a tie is broken so that the order is always the same.
    static func < (left: Wake, right: Wake) -> Bool {
      (left.second, left.cluster, left.group) < (right.second, right.cluster, right.group)
    }
  }

  private var heap: [Wake] = []

  /// How many entries wait, passed-over ones included.
  var count: Int { heap.count }

  /// The earliest entry's second.
  var earliest: Int64? { heap.first?.second }

  /// Adds an entry.
  mutating func add(_ wake: Wake) {
    heap.append(wake)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child] < heap[parent] else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  /// Takes the earliest entry out.
  mutating func removeFirst() -> Wake? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    if heap.isEmpty { return first }
    heap[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < heap.count && heap[child] < heap[least] {
        least = child
      }
      if least == parent { return first }
      heap.swapAt(parent, least)
      parent = least
    }
  }

  /// Replaces all entries.
  mutating func rebuild(_ wakes: [Wake]) {
    // A sorted array is a heap.
    heap = wakes.sorted(by: <)
  }
}
