package import JSON
import LagCore

/// Notes for each line of a log when it was written and where it stands, so that a file whose
/// partitions follow one another can be replayed in the order of time.
///
/// Lines of one partition of one source keep their order, which is that of the log: a record that
/// is older than one before it counts as written at that one's time. A line that is no JSON is
/// named and left out. The answer is empty; it is the index that counts.
package struct TimeIndex: LineFilter {
  /// The most lines of a file that can be brought into the order of time (24 bytes each).
  package static let maximumLines = 4_000_000

  /// One line.
  package struct Entry: Equatable, Sendable {
    /// When it was written, in milliseconds since 1970; `Int64.min` where nothing says it.
    package let time: Int64
    /// The offset of its first byte in the file.
    package let position: Int64
    /// Its length in bytes, without its end.
    package let length: Int32
    /// Its number, counted from 1.
    package let number: Int32
  }

  private struct Partition: Hashable {
    let source: Int32
    let number: Int32
  }

  private let maximumLines: Int
  private var line = CaptureLine(for: .log)
  private var sources: NameTable
  private var latest: [Partition: Int64] = [:]
  private var entries: [Entry] = []

  /// Makes an index of nothing.
  ///
  /// - Parameters:
  ///   - seed: A random number for the name table.
  ///   - maximumLines: The most lines that are noted.
  package init(seed: UInt64, maximumLines: Int = TimeIndex.maximumLines) {
    self.maximumLines = maximumLines
    sources = NameTable(seed: seed)
  }

  /// Whether there were more lines than are noted; the index is then of no use.
  package private(set) var isOverfull = false

  /// Notes a line; there is no answer.
  package mutating func answer(
    _ bytes: [UInt8], _ range: Range<Int>, at place: LinePlace, into output: inout JSONWriter
  ) -> LineProblem? {
    if isBlank(bytes, range) { return nil }
    guard entries.count < maximumLines, let number = Int32(exactly: place.number) else {
      isOverfull = true
      return nil
    }
    do throws(LineProblem) {
      try line.read(bytes, range)
      entries.append(
        Entry(
          time: try time(), position: place.position, length: Int32(range.count), number: number))
      return nil
    } catch {
      return error
    }
  }

  private mutating func time() throws(LineProblem) -> Int64 {
    if line.isHead { return line.time ?? .min }
    // Only where the broker kept no time must the record itself be looked at; if it is malformed,
    // the replay says so.
    if line.timestamp ?? -1 < 0 { try? line.readRecord() }
    let partition = Partition(
      source: try sources.number(of: line.source), number: line.partition ?? -1)
    let time = max(line.time ?? .min, latest[partition] ?? .min)
    latest[partition] = time
    return time
  }

  /// All lines in the order of time; those of the same time in the order of the file.
  package consuming func inOrderOfTime() -> [Entry] {
    entries.sort { ($0.time, $0.number) < ($1.time, $1.number) }
    return entries
  }
}
