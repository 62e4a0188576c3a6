import Offline
import Testing

@Suite struct TimeIndexTests {
  private func index(
    _ lines: [String], maximumLines: Int = 100
  ) -> (order: [Int32], isOverfull: Bool, errors: String) {
    var run = LineFilterRun(
      TimeIndex(seed: 1, maximumLines: maximumLines), errorPrefix: "")
    let text = Array(lines.joined(separator: "\n").utf8)
    run.consume(text.span)
    run.finish()
    let errors = String(decoding: run.errors, as: UTF8.self)
    let index = run.end()
    let isOverfull = index.isOverfull
    let entries = index.inOrderOfTime()
    for entry in entries {
      let start = Int(entry.position)
      let line = text[start..<(start + Int(entry.length))]
      #expect(String(decoding: line, as: UTF8.self) == lines[Int(entry.number) - 1])
    }
    return (entries.map(\.number), isOverfull, errors)
  }

  private func record(_ time: Int64?, partition: Int, source: String = "c") -> String {
    "{\"source\":\"\(source)\",\"partition\":\(partition),"
      + (time.map { "\"timestamp\":\($0)," } ?? "") + "\"key\":\"0003000167\",\"value\":null}"
  }

  @Test func bringsPartitionsIntoTheOrderOfTime() {
    let found = index([
      record(10, partition: 0), record(30, partition: 0), "", record(20, partition: 1),
      record(30, partition: 1), #"{"type":"head","timestamp":25}"#, record(5, partition: 2),
    ])
    #expect(found.order == [7, 1, 4, 6, 2, 5])
    #expect(found.errors.isEmpty)
  }

  /// The order of the log decides within a partition, whatever its timestamps say.
  @Test func keepsTheOrderOfTheLogWithinAPartition() {
    let found = index([
      record(10, partition: 0), record(30, partition: 0), record(20, partition: 0),
      record(-1, partition: 0), record(25, partition: 1), record(1, partition: 0, source: "d"),
    ])
    #expect(found.order == [6, 1, 5, 2, 3, 4])
  }

  /// Brokers before 0.10 kept no time of a record; the commit time in the value serves.
  @Test func takesTheCommitTimeWhereTheRecordHasNone() {
    func commit(_ time: Int) -> String {
      let digits = String(time, radix: 16)
      let padded = String(repeating: "0", count: 16 - digits.count) + digits
      return "{\"partition\":\(time),\"timestamp\":-1,\"key\":\"000100016700017400000000\","
        + "\"value\":\"00000000000000000001\(padded.isEmpty ? "" : "0000")\(padded)\"}"
    }
    let found = index([
      record(nil, partition: 500), commit(30), record(20, partition: 501), commit(10),
      "{\"timestamp\":-1,\"key\":\"zz\",\"value\":null}",
    ])
    #expect(found.order == [1, 5, 4, 3, 2])
  }

  @Test func leavesOutWhatIsNoJSON() {
    let found = index([record(10, partition: 0), "x", record(5, partition: 1)])
    #expect(found.order == [3, 1])
    #expect(found.errors == "line 2: not the JSON of a record: expected an object at byte 0\n")
  }

  @Test func isBounded() {
    let lines = (0..<4).map { record(Int64($0), partition: 0) }
    #expect(!index(lines, maximumLines: 4).isOverfull)
    #expect(index(lines, maximumLines: 3).isOverfull)
  }
}
