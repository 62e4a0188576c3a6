import CLinux

/// What a descriptor is ready for, or what its owner wants to hear about.
package struct Readiness: OptionSet, Sendable {
  /// The bits of `epoll_event.events`.
  package let rawValue: UInt32

  /// Wraps the bits of `epoll_event.events`.
  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// Bytes, a connection or the end of the stream can be read (`EPOLLIN`).
  package static let readable = Readiness(rawValue: EPOLLIN.rawValue)
  /// Bytes can be written (`EPOLLOUT`).
  package static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
  /// Both directions are shut (`EPOLLHUP`); reported whether asked for or not.
  package static let hangUp = Readiness(rawValue: EPOLLHUP.rawValue)
  /// The descriptor holds an error (`EPOLLERR`); reported whether asked for or not.
  package static let failed = Readiness(rawValue: EPOLLERR.rawValue)
}

/// Names one watched descriptor; after its removal it names nothing, even if the descriptor's
/// number or the loop's slot are in use again.
package struct Registration: Hashable, Sendable {
  let slot: UInt32
  let generation: UInt32

  /// The 64 bits that epoll carries for this registration.
  var cookie: UInt64 { UInt64(generation) << 32 | UInt64(slot) }

  init(slot: UInt32, generation: UInt32) {
    self.slot = slot
    self.generation = generation
  }

  init(cookie: UInt64) {
    slot = UInt32(truncatingIfNeeded: cookie)
    generation = UInt32(truncatingIfNeeded: cookie >> 32)
  }
}
