import EventLoop
import Glibc
import Offline

/// Where lines come from: an open descriptor with a name for messages.
struct LineSource: ~Copyable {
  /// What messages call it.
  let name: String
  /// Reads from here; -1 after the descriptor was given up.
  let descriptor: Int32
  /// Closes the file, if it was opened here.
  private let owner: FileDescriptor?
  /// How many bytes there are, where that is known.
  let size: Int64?

  /// Standard input, which stays open.
  static var standardInput: LineSource {
    LineSource(
      name: "standard input", descriptor: STDIN_FILENO, owner: nil,
      size: regularFileSize(STDIN_FILENO))
  }

  /// Opens a file; `-` is standard input.
  ///
  /// - Throws: Why it cannot be opened.
  static func open(_ path: String) throws(Errno) -> LineSource {
    if path == "-" { return standardInput }
    // SAFETY: the path is a C string for the duration of the call.
    let opened = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard opened >= 0 else { throw Errno(rawValue: errno) }
    let size = regularFileSize(opened)
    return LineSource(
      name: path, descriptor: opened, owner: FileDescriptor(owning: opened), size: size)
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

  /// The size of a regular file, behind the place where reading stands; nil for anything else.
  private static func regularFileSize(_ descriptor: Int32) -> Int64? {
    var status = stat()
    // SAFETY: the structure is written for the duration of the call.
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      return nil
    }
    let place = lseek(descriptor, 0, SEEK_CUR)
    return place < 0 ? nil : max(0, Int64(status.st_size) - Int64(place))
  }
}

/// Runs a line filter from a source to standard output, for the commands that are filters.
struct LineStream {
  /// The name of the command, as messages begin with it.
  let command: String

  /// What ends a stream early.
  private enum Stop: Error {
    /// Nobody reads the output any more, as behind `| head`: no fault of anybody's.
    case readerGone
    case input(Errno)
    case output(Errno)
  }

  /// Answers all lines of a source.
  ///
  /// What is answered is written as soon as the source has no more for the moment.
  ///
  /// - Returns: The exit code: 2 when a line was bad, or reading or writing failed.
  func run(_ filter: some LineFilter, from source: borrowing LineSource) -> Int32 {
    var run = LineFilterRun(filter, errorPrefix: prefix)
    do throws(Stop) {
      var progress = Progress(command: command, total: source.size)
      var chunk = [UInt8](repeating: 0, count: LineSplitter.chunkBytes)
      while true {
        let count = try read(source, into: &chunk)
        if count == 0 { break }
        run.consume(chunk.span.extracting(first: count))
        progress.add(count)
        try flush(&run)
      }
      run.finish()
      progress.finish()
      try flush(&run)
      while run.conclude() { try flush(&run) }
      try flush(&run)
    } catch {
      return exitCode(of: error, source: source.name)
    }
    return run.badLines == 0 ? ExitCode.ok : ExitCode.usage
  }

  /// Says why a file cannot be opened; returns the exit code.
  func refuse(_ path: String, _ error: Errno) -> Int32 {
    StandardError.write("\(prefix)\(path): \(error.message)\n")
    return ExitCode.usage
  }

  private var prefix: String { "vole \(command): " }

  private func read(
    _ source: borrowing LineSource, into chunk: inout [UInt8]
  ) throws(Stop) -> Int {
    do { return try source.read(into: &chunk) } catch { throw .input(error) }
  }

  private func flush(_ run: inout LineFilterRun<some LineFilter>) throws(Stop) {
    if !run.output.isEmpty { try write(run.output) }
    if !run.errors.isEmpty { StandardError.write(run.errors) }
    run.drain()
  }

  private func write(_ bytes: [UInt8]) throws(Stop) {
    var written = 0
    while written < bytes.count {
      // SAFETY: the rest of the buffer is read for the duration of the call.
      let count = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.write(
          STDOUT_FILENO, $0.baseAddress.map { unsafe $0 + written }, $0.count - written)
      }
      if count >= 0 {
        written += count
        continue
      }
      let error = Errno(rawValue: errno)
      if error.rawValue == EPIPE { throw .readerGone }
      guard error == .interrupted else { throw .output(error) }
    }
  }

  private func exitCode(of stop: Stop, source: String) -> Int32 {
    switch stop {
    case .readerGone: return ExitCode.ok
    case .input(let error): return refuse(source, error)
    case .output(let error): return refuse("standard output", error)
    }
  }
}

/// How far a long file was read, on a terminal only.
private struct Progress {
  /// Below this many bytes the answer is there before a percentage could be read.
  private static let leastBytes: Int64 = 32 << 20

  private let command: String
  private let total: Int64
  private let isShown: Bool
  private var done: Int64 = 0
  private var percent: Int64 = -1

  init(command: String, total: Int64?) {
    self.command = command
    self.total = total ?? 0
    isShown =
      (total ?? 0) >= Self.leastBytes && StandardError.isTerminal
      && !StandardOutput.isTerminal
  }

  mutating func add(_ bytes: Int) {
    guard isShown else { return }
    done += Int64(bytes)
    let percent = min(100, done * 100 / total)
    guard percent != self.percent else { return }
    self.percent = percent
    StandardError.write("\rvole \(command): \(percent) % read")
  }

  func finish() {
    if isShown { StandardError.write("\r\u{1B}[K") }
  }
}
