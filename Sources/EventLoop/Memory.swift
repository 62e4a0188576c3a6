import CLinux

/// What a process does about its own heap.
package enum Heap {
  /// Gives memory that was freed back to the kernel (`malloc_trim`); takes up to a millisecond.
  package static func trim() {
    _ = malloc_trim(0)
  }
}

/// What a process does about the pages of its own program files.
package enum ProgramPages {
  /// Unmaps the pages of the program and its libraries that were read from their files.
  ///
  /// Starting touches code that never runs again: dynamic linking, parsing of the configuration,
  /// the set-up of TLS and SASL libraries. The kernel keeps such pages mapped as long as nobody
  /// needs the memory, so they count as resident for ever. What is needed comes back from the page
  /// cache with a minor fault. Only segments that are never written to are given back: they hold
  /// nothing but what is in the file.
  package static func release() {
    // SAFETY: the callback is called for the duration of this call with structures of the dynamic
    // linker; it keeps nothing.
    _ = unsafe dl_iterate_phdr(
      { object, _, _ in
        guard let object = unsafe object?.pointee else { return 0 }
        for index in 0..<Int(unsafe object.headerCount) {
          let header = unsafe object.headers[index]
          guard header.p_type == UInt32(PT_LOAD), header.p_flags & UInt32(PF_W) == 0 else {
            continue
          }
          let pageMask = UInt(4095)
          let start = (UInt(unsafe object.base) &+ UInt(header.p_vaddr) &+ pageMask) & ~pageMask
          let end =
            (UInt(unsafe object.base) &+ UInt(header.p_vaddr) &+ UInt(header.p_filesz))
            & ~pageMask
          guard start < end else { continue }
          // SAFETY: whole pages inside of a read-only segment of a loaded file.
          _ = unsafe madvise(
            UnsafeMutableRawPointer(bitPattern: start), Int(end - start), MADV_DONTNEED)
        }
        return 0
      }, nil)
  }
}
