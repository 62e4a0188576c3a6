import EventLoop
import Glibc
import Offline

/// Runs line filters from a source to standard output, for the commands that are filters.
struct LineStream {
  /// The name of the command, as messages begin with it.
  let command: String

  /// What ends a stream early.
  enum Stop: Error {
    /// Nobody reads the output any more, as behind `| head`: no fault of anybody's.
    case readerGone
    case input(Errno)
    /// A file that is read twice is not what it was.
    case inputChanged
    case output(Errno)
  }

  /// Answers all lines of a source in their order.
  ///
  /// What is answered is written as soon as the source has no more for the moment.
  ///
  /// - Returns: The exit code: 2 when a line was bad, or reading or writing failed.
  func run(_ filter: some LineFilter, from source: borrowing LineSource) -> Int32 {
    var run = LineFilterRun(filter, errorPrefix: prefix)
    do throws(Stop) {
      try pass(&run, source)
      try conclude(&run)
    } catch {
      return exitCode(of: error, source: source.name)
    }
    return exitCode(badLines: run.badLines)
  }

  /// Hands a run all lines of a source.
  func pass(
    _ run: inout LineFilterRun<some LineFilter>, _ source: borrowing LineSource
  ) throws(Stop) {
    var progress = Progress(command: command, total: source.size)
    var chunk = [UInt8](repeating: 0, count: LineSplitter.chunkBytes)
    while true {
      let count: Int
      do throws(Errno) { count = try source.read(into: &chunk) } catch { throw .input(error) }
      if count == 0 { break }
      run.consume(chunk.span.extracting(first: count))
      progress.add(count)
      try flush(&run)
    }
    run.finish()
    progress.finish()
    try flush(&run)
  }

  /// Hands a run the lines of a file in the order of an index.
  func pass(
    _ run: inout LineFilterRun<some LineFilter>, _ source: borrowing LineSource,
    inOrderOf index: [TimeIndex.Entry]
  ) throws(Stop) {
    var line: [UInt8] = []
    for entry in index {
      let length = Int(entry.length)
      while line.count < length { line.append(0) }
      let whole: Bool
      do throws(Errno) {
        whole = try source.read(length, at: entry.position, into: &line)
      } catch { throw .input(error) }
      guard whole else { throw .inputChanged }
      run.answer(
        line, 0..<length, at: LinePlace(number: Int(entry.number), position: entry.position))
      if run.output.count + run.errors.count >= LineSplitter.chunkBytes { try flush(&run) }
    }
    try flush(&run)
  }

  /// Writes what a run can say only at its end.
  func conclude(_ run: inout LineFilterRun<some LineFilter>) throws(Stop) {
    while run.conclude() { try flush(&run) }
    try flush(&run)
  }

  /// The exit code after all lines were read.
  func exitCode(badLines: Int) -> Int32 { badLines == 0 ? ExitCode.ok : ExitCode.usage }

  /// Says why a stream ended early; returns the exit code.
  func exitCode(of stop: Stop, source: String) -> Int32 {
    switch stop {
    case .readerGone: return ExitCode.ok
    case .input(let error): return refuse("\(source): \(error.message)")
    case .inputChanged: return refuse("\(source): changed while it was read")
    case .output(let error): return refuse("standard output: \(error.message)")
    }
  }

  /// Says what is wrong; returns the exit code.
  func refuse(_ problem: String) -> Int32 {
    StandardError.write("\(prefix)\(problem)\n")
    return ExitCode.usage
  }

  /// What messages begin with.
  var prefix: String { "vole \(command): " }

  private func flush(_ run: inout LineFilterRun<some LineFilter>) throws(Stop) {
    if !run.output.isEmpty { try write(run.output) }
    if !run.errors.isEmpty { StandardError.write(run.errors) }
    run.drain()
  }

  private func write(_ bytes: [UInt8]) throws(Stop) {
    var written = 0
    while written < bytes.count {
      let rest = bytes[written...]
      // SAFETY: the rest of the buffer is read for the duration of the call.
      let count = unsafe rest.withUnsafeBytes {
        unsafe Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count)
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
      && !StandardOutput.isTerminal && !Terminal.isDumb
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
