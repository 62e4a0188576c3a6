import EventLoop
import Glibc

/// Where lines come from: an open descriptor with a name for messages.
struct LineSource: ~Copyable {
  /// What messages call it.
  let name: String
  /// Reads from here.
  private let descriptor: Int32
  /// Closes the file, if it was opened here.
  private let owner: FileDescriptor?
  /// How many bytes there are, if this is a regular file, which can be read at any place.
  let size: Int64?
  /// The place in the file from which it is read.
  private let origin: Int64

  /// Standard input, which stays open.
  static var standardInput: LineSource {
    LineSource("standard input", STDIN_FILENO, owner: nil)
  }

  /// Opens a file; `-` is standard input.
  ///
  /// - Throws: Why it cannot be opened.
  static func open(_ path: String) throws(Errno) -> LineSource {
    if path == "-" { return standardInput }
    // SAFETY: the path is a C string for the duration of the call.
    let opened = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard opened >= 0 else { throw Errno(rawValue: errno) }
    return LineSource(path, opened, owner: FileDescriptor(owning: opened))
  }

  /// Reads what is there, at most as much as the buffer holds; 0 at the end.
  borrowing func read(into buffer: inout [UInt8]) throws(Errno) -> Int {
    while true {
      // SAFETY: the buffer is written for the duration of the call, and is as long as is said.
      let count = unsafe buffer.withUnsafeMutableBytes {
        unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
      }
      if count >= 0 { return count }
      let error = Errno(rawValue: errno)
      guard error == .interrupted else { throw error }
    }
  }

  /// Reads bytes at a place, counted from where reading began.
  ///
  /// - Returns: Whether that many bytes were there.
  borrowing func read(
    _ count: Int, at position: Int64, into buffer: inout [UInt8]
  ) throws(Errno) -> Bool {
    var filled = 0
    while filled < count {
      // SAFETY: `count` is at most the buffer's own; it is written for the duration of the call.
      let read = unsafe buffer.withUnsafeMutableBytes { bytes in
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[filled..<count])
        return unsafe pread(
          descriptor, rest.baseAddress, rest.count, off_t(origin + position + Int64(filled)))
      }
      if read == 0 { return false }
      if read > 0 {
        filled += read
      } else {
        let error = Errno(rawValue: errno)
        guard error == .interrupted else { throw error }
      }
    }
    return true
  }

  private init(_ name: String, _ descriptor: Int32, owner: consuming FileDescriptor?) {
    self.name = name
    self.descriptor = descriptor
    self.owner = owner
    var status = stat()
    // SAFETY: the structure is written for the duration of the call.
    let isRegular =
      unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    let place = isRegular ? Int64(lseek(descriptor, 0, SEEK_CUR)) : 0
    origin = max(0, place)
    size = isRegular && place >= 0 ? max(0, Int64(status.st_size) - place) : nil
  }
}
