import CNghttp2
import Glibc

/// Memory for nghttp2, which asks for a handful of small blocks with every request.
///
/// Those that it gives back are kept for the next request, so that nothing is asked of the heap
/// for a request like the one before. Larger ones come from the heap and go back to it.
@safe final class HTTP2Memory {
  private let blocks: UnsafeMutablePointer<HTTP2Blocks>

  init() {
    // SAFETY: allocated and initialised here for this object alone, which frees it.
    unsafe blocks = .allocate(capacity: 1)
    unsafe blocks.initialize(to: HTTP2Blocks())
  }

  deinit {
    // SAFETY: every session of this memory keeps it through its server's context and is gone.
    unsafe blocks.pointee.release()
    unsafe blocks.deallocate()
  }

  /// Gives what is kept back to the heap.
  func release() {
    // SAFETY: as in `init`; nghttp2 does not run now.
    unsafe blocks.pointee.release()
  }

  /// What nghttp2 is given; valid as long as this object.
  var functions: nghttp2_mem {
    // SAFETY: the functions below live for ever and have the types that nghttp2 declares.
    unsafe nghttp2_mem(
      mem_user_data: blocks, malloc: onAllocate, free: onFree, calloc: onAllocateZeroed,
      realloc: onReallocate)
  }
}

/// Blocks of memory and those of them that are free.
@safe private struct HTTP2Blocks {
  /// Bytes by which the sizes of kept blocks differ.
  private static let step = 64
  /// How many sizes of blocks are kept, the smallest of one step.
  private static let sizes = 8
  /// The most blocks of each size that are kept.
  private static let mostKept = 128
  /// Bytes before each block that say its size in steps; 0 for one that is never kept.
  private static let head = 16

  /// The first free block of each size, which begins with the address of the next; at index 0 none.
  ///
  /// SAFETY: addresses that are followed in `take` alone.
  private var free = unsafe InlineArray<9, UnsafeMutableRawPointer?>(repeating: nil)
  private var counts = InlineArray<9, Int>(repeating: 0)

  /// Gives what is kept back to the heap.
  mutating func release() {
    for size in 1...Self.sizes {
      // SAFETY: free blocks are nobody's, and each was taken from the heap with its head.
      while let block = unsafe take(size) { unsafe Glibc.free(block - Self.head) }
    }
  }

  @inline(__always)
  private mutating func take(_ size: Int) -> UnsafeMutableRawPointer? {
    // SAFETY: a free block begins with the address of the next, see `giveBack`.
    guard let block = unsafe free[size] else { return nil }
    unsafe free[size] = block.load(as: UnsafeMutableRawPointer?.self)
    counts[size] -= 1
    return unsafe block
  }

  /// A block of so many bytes or more; nil when there is no memory.
  @inline(__always)
  mutating func allocate(_ bytes: Int) -> UnsafeMutableRawPointer? {
    guard bytes >= 0, bytes <= Int.max - Self.head - Self.step else { return nil }
    let steps = max(1, (bytes + Self.step - 1) / Self.step)
    let isKept = steps <= Self.sizes
    // SAFETY: the head lies before the block, in what was allocated.
    if isKept, let block = unsafe take(steps) { return unsafe block }
    return unsafe fromHeap(steps, isKept: isKept)
  }

  private func fromHeap(_ steps: Int, isKept: Bool) -> UnsafeMutableRawPointer? {
    // SAFETY: as above.
    guard let start = unsafe malloc(Self.head + steps * Self.step) else { return nil }
    unsafe start.storeBytes(of: isKept ? steps : 0, as: Int.self)
    return unsafe start + Self.head
  }

  /// Takes a block back.
  mutating func giveBack(_ block: UnsafeMutableRawPointer) {
    // SAFETY: nghttp2 gives back what `allocate` gave it, with its size before it.
    let size = unsafe Self.size(of: block)
    guard size > 0, counts[size] < Self.mostKept else {
      return unsafe Glibc.free(block - Self.head)
    }
    unsafe block.storeBytes(of: free[size], as: UnsafeMutableRawPointer?.self)
    unsafe free[size] = block
    counts[size] += 1
  }

  /// Moves what a block holds into one of so many bytes, unless it fits where it is.
  mutating func resize(
    _ block: UnsafeMutableRawPointer, to bytes: Int
  ) -> UnsafeMutableRawPointer? {
    // SAFETY: as above; no more is copied than either block has.
    let size = unsafe Self.size(of: block)
    if size == 0 {
      guard bytes >= 0, bytes <= Int.max - Self.head else { return nil }
      let start = unsafe realloc(block - Self.head, Self.head + bytes)
      return unsafe start.map { unsafe $0 + Self.head }
    }
    guard bytes > size * Self.step else { return unsafe block }
    guard let larger = unsafe allocate(bytes) else { return nil }
    unsafe larger.copyMemory(from: block, byteCount: size * Self.step)
    unsafe giveBack(block)
    return unsafe larger
  }

  private static func size(of block: UnsafeMutableRawPointer) -> Int {
    // SAFETY: the head of a block stands before it.
    unsafe (block - head).load(as: Int.self)
  }
}

// What nghttp2 calls, always on the loop's thread.

private func blocks(_ userData: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<HTTP2Blocks>? {
  // SAFETY: the pointer is the one of `functions`, whose object the session keeps.
  unsafe userData?.assumingMemoryBound(to: HTTP2Blocks.self)
}

@c private func onAllocate(
  _ bytes: Int, _ userData: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
  // SAFETY: see `blocks`.
  unsafe blocks(userData)?.pointee.allocate(bytes)
}

@c private func onFree(_ block: UnsafeMutableRawPointer?, _ userData: UnsafeMutableRawPointer?) {
  // SAFETY: nghttp2 gives back what it was given, or nothing.
  if let block = unsafe block { unsafe blocks(userData)?.pointee.giveBack(block) }
}

@c private func onAllocateZeroed(
  _ count: Int, _ bytes: Int, _ userData: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
  let (total, overflow) = count.multipliedReportingOverflow(by: bytes)
  // SAFETY: see `blocks`; so many bytes were allocated.
  guard !overflow, let block = unsafe blocks(userData)?.pointee.allocate(total) else { return nil }
  unsafe block.initializeMemory(as: UInt8.self, repeating: 0, count: total)
  return unsafe block
}

@c private func onReallocate(
  _ block: UnsafeMutableRawPointer?, _ bytes: Int, _ userData: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
  // SAFETY: see `blocks` and `onFree`.
  guard let blocks = unsafe blocks(userData) else { return nil }
  guard let block = unsafe block else { return unsafe blocks.pointee.allocate(bytes) }
  return unsafe blocks.pointee.resize(block, to: bytes)
}
