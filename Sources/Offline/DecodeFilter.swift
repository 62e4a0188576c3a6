import ConsumerOffsets
package import JSON

/// Answers each captured record with what it says, as one JSON line.
///
/// One line out for each line in, without exception: what cannot be read is answered as
/// `malformed` with the reason.
package struct DecodeFilter: LineFilter {
  private var line = CaptureLine(for: .record)

  /// Makes a filter; it keeps nothing from line to line.
  package init() {}

  /// Answers a record with what it says; no line is ever a problem.
  package mutating func answer(
    _ bytes: [UInt8], _ range: Range<Int>, at place: LinePlace, into output: inout JSONWriter
  ) -> LineProblem? {
    do throws(LineProblem) {
      try line.read(bytes, range)
      if line.isControl {
        Self.writeControl(into: &output)
      } else {
        try line.readRecord()
        try writeRecord(into: &output)
      }
    } catch {
      Self.writeMalformed(error, into: &output)
    }
    output.newline()
    return nil
  }

  /// Answers a line that was too long as malformed.
  package mutating func answerTooLong(at place: LinePlace, into output: inout JSONWriter)
    -> LineProblem?
  {
    Self.writeMalformed(.tooLong, into: &output)
    output.newline()
    return nil
  }

  private func writeRecord(into output: inout JSONWriter) throws(LineProblem) {
    let record: Record
    do throws(DecodeError) {
      if line.isTombstone {
        record = try Record.decode(key: line.key.span, value: nil)
      } else {
        record = try Record.decode(key: line.key.span, value: line.value.span)
      }
    } catch {
      throw LineProblem(error.description)
    }
    RecordJSON.write(record, key: line.key, value: line.value, into: &output)
  }

  private static func writeControl(into output: inout JSONWriter) {
    output.beginObject()
    output.field("type", verbatim: "control")
    output.endObject()
  }

  private static func writeMalformed(_ problem: LineProblem, into output: inout JSONWriter) {
    output.beginObject()
    output.field("type", verbatim: "malformed")
    output.field("reason", problem.text)
    output.endObject()
  }
}
