import ConsumerOffsets
import JSON

/// One line of a captured `__consumer_offsets` log: a JSON object with a record and its place.
///
/// The members read are `key` and `value` (hexadecimal; `value` is null for a tombstone), `batch`
/// with `control`, `transactional` and `producer_id`, and on demand `source`, `partition`, `offset`
/// and `timestamp`, or the members of a head line. All others are passed over. Of two members with
/// one name the last counts. The value is meant to be used for one line after the other: it keeps
/// its buffers.
struct CaptureLine {
  /// A string member before it is looked at.
  enum Field: Equatable {
    case missing, null, string, other
  }

  /// What the lines are read for.
  enum Purpose {
    /// The record alone.
    case record
    /// The record and its place in a log, and head lines.
    case log
  }

  let purpose: Purpose
  /// The bytes of the record's key, once `readRecord` was called.
  private(set) var key: [UInt8] = []
  /// The bytes of the record's value, once `readRecord` was called; empty for a tombstone.
  private(set) var value: [UInt8] = []
  /// Whether the record's value is null.
  private(set) var isTombstone = false
  /// Whether the record is a transaction marker: no group's record, whatever its key looks like.
  private(set) var isControl = false
  /// Whether the record belongs to a transaction.
  private(set) var isTransactional = false
  /// The producer that wrote the batch; -1 for none.
  private(set) var producerID: Int64 = -1
  /// The cluster that the line was captured from; empty when not said.
  private(set) var source: [UInt8] = []
  /// The partition: of `__consumer_offsets`, or in a head line of its topic.
  private(set) var partition: Int32?
  /// The offset of the record, or in a head line the log-end offset.
  private(set) var offset: Int64?
  /// When the record was written, in milliseconds since 1970; -1 where the broker kept no time.
  private(set) var timestamp: Int64?
  /// The `type` of a line that is no record, such as `head`; empty for records.
  private(set) var type: [UInt8] = []
  /// The topic of a head line.
  private(set) var topic: [UInt8] = []

  private var keyField = Field.missing
  private var keyDigits: [UInt8] = []
  private var valueField = Field.missing
  private var valueDigits: [UInt8] = []

  init(for purpose: Purpose) {
    self.purpose = purpose
  }

  // MARK: Reading

  /// Reads a line; key and value stay undecoded, as a marker's are of no interest.
  mutating func read(_ bytes: [UInt8], _ range: Range<Int>) throws(LineProblem) {
    reset()
    do throws(JSONError) {
      var reader = JSONReader(bytes, in: range)
      try reader.beginObject()
      while try reader.nextKey() { try readMember(&reader) }
      try reader.finish()
    } catch {
      throw LineProblem("not the JSON of a record: \(error)")
    }
  }

  private mutating func reset() {
    (keyField, valueField) = (.missing, .missing)
    (isControl, isTransactional, producerID) = (false, false, -1)
    isTombstone = false
    key.removeAll(keepingCapacity: true)
    value.removeAll(keepingCapacity: true)
    (partition, offset, timestamp) = (nil, nil, nil)
    source.removeAll(keepingCapacity: true)
    type.removeAll(keepingCapacity: true)
    topic.removeAll(keepingCapacity: true)
  }

  private mutating func readMember(_ reader: inout JSONReader) throws(JSONError) {
    if reader.isKey("key") {
      keyField = try Self.readField(&reader, into: &keyDigits)
    } else if reader.isKey("value") {
      valueField = try Self.readField(&reader, into: &valueDigits)
    } else if reader.isKey("batch") {
      try readBatch(&reader)
    } else if purpose == .log {
      try readPlace(&reader)
    } else {
      try reader.skipValue()
    }
  }

  private mutating func readPlace(_ reader: inout JSONReader) throws(JSONError) {
    if reader.isKey("source") {
      try Self.readName(&reader, into: &source)
    } else if reader.isKey("type") {
      try Self.readName(&reader, into: &type)
    } else if reader.isKey("topic") {
      try Self.readName(&reader, into: &topic)
    } else if reader.isKey("partition") {
      partition = try reader.readNull() ? nil : reader.readInt32()
    } else if reader.isKey("offset") {
      offset = try reader.readNull() ? nil : reader.readInt64()
    } else if reader.isKey("timestamp") {
      timestamp = try reader.readNull() ? nil : reader.readInt64()
    } else {
      try reader.skipValue()
    }
  }

  private mutating func readBatch(_ reader: inout JSONReader) throws(JSONError) {
    (isControl, isTransactional, producerID) = (false, false, -1)
    if try reader.readNull() { return }
    try reader.beginObject()
    while try reader.nextKey() {
      if reader.isKey("control") {
        isControl = try reader.readBool()
      } else if purpose == .log, reader.isKey("transactional") {
        isTransactional = try reader.readBool()
      } else if purpose == .log, reader.isKey("producer_id") {
        producerID = try reader.readInt64()
      } else {
        try reader.skipValue()
      }
    }
  }

  private static func readField(
    _ reader: inout JSONReader, into digits: inout [UInt8]
  ) throws(JSONError) -> Field {
    digits.removeAll(keepingCapacity: true)
    switch try reader.peek() {
    case .string:
      try reader.readString(into: &digits)
      return .string
    case .null:
      _ = try reader.readNull()
      return .null
    default:
      try reader.skipValue()
      return .other
    }
  }

  private static func readName(
    _ reader: inout JSONReader, into name: inout [UInt8]
  ) throws(JSONError) {
    name.removeAll(keepingCapacity: true)
    if try !reader.readNull() { try reader.readString(into: &name) }
  }

  // MARK: The record

  /// Decodes the hexadecimal digits of `key` and `value`.
  mutating func readRecord() throws(LineProblem) {
    switch keyField {
    case .string: break
    case .missing: throw LineProblem("\"key\" is missing")
    case .null: throw LineProblem("\"key\" is null, which no record's is")
    case .other: throw LineProblem("\"key\" is not a string of hexadecimal digits")
    }
    try Self.decode("key", keyDigits, into: &key)
    switch valueField {
    case .string:
      isTombstone = false
      try Self.decode("value", valueDigits, into: &value)
    case .null:
      isTombstone = true
      value.removeAll(keepingCapacity: true)
    case .missing: throw LineProblem("\"value\" is missing; a tombstone's is null")
    case .other: throw LineProblem("\"value\" is neither null nor a string of hexadecimal digits")
    }
  }

  private static func decode(
    _ name: String, _ digits: [UInt8], into bytes: inout [UInt8]
  ) throws(LineProblem) {
    bytes.removeAll(keepingCapacity: true)
    do throws(Hexadecimal.Problem) {
      try Hexadecimal.decode(digits.span, into: &bytes)
    } catch {
      switch error {
      case .oddCount:
        throw LineProblem("\"\(name)\" has an odd number of hexadecimal digits")
      case .notADigit(let index):
        throw LineProblem("\"\(name)\" has no hexadecimal digit at character \(index)")
      }
    }
  }

  // MARK: What log readers look for

  /// Whether the line gives a log-end offset instead of a record.
  var isHead: Bool { keyField == .missing && type == Array("head".utf8) }

  /// When the line was written, in milliseconds since 1970, if anything says it.
  ///
  /// Brokers before 0.10 kept no time of a record, but its commit time stands in the value; that
  /// needs `readRecord` to have been called.
  var time: Int64? {
    if let timestamp, timestamp >= 0 { return timestamp }
    if isHead || isControl || key.isEmpty { return nil }
    let commitTimestamp = (try? offsetRecord())?.value?.commitTimestamp ?? -1
    return commitTimestamp >= 0 ? commitTimestamp : nil
  }

  /// A committed offset, or its tombstone if the value is nil, as ranges of `key` and `value`.
  struct OffsetRecord {
    let key: OffsetCommitKey
    let value: OffsetCommitValue?
  }

  /// The record as a committed offset, once `readRecord` was called.
  ///
  /// - Returns: The offset; nil for a record of another type or of a version no broker writes.
  /// - Throws: What is malformed.
  func offsetRecord() throws(LineProblem) -> OffsetRecord? {
    do throws(DecodeError) {
      guard case .offsetCommit(let offsetKey) = try RecordKey.decode(key.span) else { return nil }
      if isTombstone { return OffsetRecord(key: offsetKey, value: nil) }
      return OffsetRecord(key: offsetKey, value: try OffsetCommitValue.decode(value.span))
    } catch {
      if error.isUnsupportedVersion { return nil }
      throw LineProblem(error.description)
    }
  }
}
