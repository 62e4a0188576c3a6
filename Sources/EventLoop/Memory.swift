import CLinux

/// What a process does about its own heap.
package enum Heap {
  /// Gives memory that was freed back to the kernel (`malloc_trim`); takes up to a millisecond.
  package static func trim() {
    _ = malloc_trim(0)
  }
}
