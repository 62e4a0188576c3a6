import CLinux
import Glibc

/// Tells when files may hold something else than before: written anew, replaced by a rename, or
/// reached through a link that was.
///
/// It tells too much rather than too little: who is told looks at the content. Nothing is told on
/// file systems that change elsewhere, such as NFS.
package final class FileWatch {
  /// The most paths that are watched; further ones are not.
  package static let maximumPaths = 64

  private let descriptor: FileDescriptor
  /// The names that matter in each watched directory; none for a watched file.
  private var names: [Int32: Set<String>] = [:]

  /// The inotify descriptor, valid as long as this object lives.
  package var fileDescriptor: Int32 { descriptor.rawValue }

  private static let directoryEvents =
    UInt32(IN_CREATE) | UInt32(IN_CLOSE_WRITE) | UInt32(IN_ATTRIB) | UInt32(IN_MOVED_TO)
    | UInt32(IN_MOVED_FROM) | UInt32(IN_DELETE) | UInt32(IN_ONLYDIR)
  /// A file that is mounted by itself is written without its directory hearing of it.
  private static let fileEvents = UInt32(IN_CLOSE_WRITE)
  /// Bytes of one event's header; the name follows.
  private static let headerBytes = 16

  private init(_ descriptor: consuming FileDescriptor) {
    self.descriptor = descriptor
  }

  /// Opens a watch on nothing; throws `EMFILE` when the user has no inotify instance left.
  package static func open() throws(Errno) -> FileWatch {
    let number = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
    guard number >= 0 else { throw Errno.current }
    return FileWatch(FileDescriptor(owning: number))
  }

  /// Watches these paths from now on, and no others; links are followed as they lead now.
  ///
  /// To be called again after each change, before the files are read: a link may lead elsewhere.
  ///
  /// - Parameter paths: at most `maximumPaths`; they need not exist.
  package func watch(_ paths: [String]) {
    var wanted: [Int32: Set<String>] = [:]
    for path in paths.prefix(Self.maximumPaths) {
      let trail = PathTrail(path)
      for entry in trail.entries {
        guard let number = add(entry.directory, Self.directoryEvents) else { continue }
        wanted[number, default: []].insert(entry.name)
      }
      if let file = trail.file, let number = add(file, Self.fileEvents) {
        wanted[number] = wanted[number] ?? []
      }
    }
    for number in names.keys where wanted[number] == nil {
      // Fails for what is gone already, and then the kernel has forgotten it.
      inotify_rm_watch(descriptor.rawValue, number)
    }
    names = wanted
  }

  /// How many directories and files are watched.
  var count: Int { names.count }

  /// Takes all events that wait; returns whether one of them is about a watched path.
  package func takeEvents() -> Bool {
    var isConcerned = false
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while true {
      // SAFETY: at most as many bytes are written as the buffer has.
      let length = unsafe buffer.withUnsafeMutableBytes {
        unsafe read(descriptor.rawValue, $0.baseAddress, $0.count)
      }
      guard length > 0 else { return isConcerned }
      if concerns(buffer.prefix(length)) { isConcerned = true }
    }
  }

  private func add(_ path: String, _ events: UInt32) -> Int32? {
    // SAFETY: the path is copied. What cannot be watched may come later, and is looked at anyway.
    let number = unsafe inotify_add_watch(descriptor.rawValue, path, events)
    return number >= 0 ? number : nil
  }

  /// Whether any of the events, laid out as in inotify(7), is about a watched path.
  private func concerns(_ events: ArraySlice<UInt8>) -> Bool {
    var position = events.startIndex
    while position + Self.headerBytes <= events.endIndex {
      let number = Int32(bitPattern: Self.word(events, position))
      let mask = Self.word(events, position + 4)
      let nameStart = position + Self.headerBytes
      let nameEnd = min(nameStart + Int(Self.word(events, position + 12)), events.endIndex)
      let name = String(decoding: events[nameStart..<nameEnd].prefix { $0 != 0 }, as: UTF8.self)
      position = nameEnd
      if mask & UInt32(IN_Q_OVERFLOW) != 0 { return true }
      guard let names = names[number] else { continue }
      if mask & UInt32(IN_IGNORED) != 0 || names.isEmpty || names.contains(name) { return true }
    }
    return false
  }

  private static func word(_ bytes: ArraySlice<UInt8>, _ position: Int) -> UInt32 {
    var word: UInt32 = 0
    for index in 0..<4 { word |= UInt32(bytes[position + index]) << UInt32(8 * index) }
    return word
  }
}

extension EventLoop {
  /// Watches files; the handler runs when one of them may have changed.
  package func add(
    _ watch: FileWatch, handler: @escaping () -> Void
  ) throws(Errno) -> Registration {
    try add(watch.fileDescriptor, interest: .readable) { _ in
      if watch.takeEvents() { handler() }
    }
  }
}
