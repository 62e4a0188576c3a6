import Configuration
import ConsumerOffsets
import JSON

/// The readers of foreign bytes: each ends with a value or an error.
enum FuzzReaders {
  /// The first byte is the length of the key; the rest is the value.
  static func offsets(_ bytes: [UInt8]) {
    var input = FuzzInput(bytes)
    let key = input.run(Int(input.byte()))
    let value = input.rest()
    do throws(DecodeError) {
      _ = try Record.decode(key: key.span, value: nil)
      _ = try Record.decode(key: key.span, value: value.span)
    } catch {
      let length = error.part == .key ? key.count : value.count
      precondition((0...length).contains(error.position), "an error stands outside")
    }
    _ = OffsetsTopicPartitioner.partition(ofGroup: key.span, partitionCount: 50)
  }

  static func toml(_ bytes: [UInt8]) {
    guard let table = try? TOMLTable(parsing: bytes) else { return }
    for entry in table.entries { precondition(entry.line >= 1, "a line before the first") }
  }

  /// A text that can be read can be skipped and the other way round, but for numbers too large.
  static func json(_ bytes: [UInt8]) {
    var skipping = JSONReader(bytes)
    let skipped: ()? = try? skipping.skipValue()
    let isSkipped = skipped != nil && (try? skipping.finish()) != nil
    var reading = JSONReader(bytes)
    do throws(JSONError) {
      try read(&reading)
      try reading.finish()
      precondition(isSkipped, "what can be read cannot be skipped")
    } catch {
      precondition(!isSkipped || error.reason == .outOfRange, "what can be skipped is no JSON")
    }
  }

  private static func read(_ reader: inout JSONReader) throws(JSONError) {
    switch try reader.peek() {
    case .object:
      try reader.beginObject()
      while try reader.nextKey() {
        _ = reader.key()
        try read(&reader)
      }
    case .array:
      try reader.beginArray()
      while try reader.nextElement() { try read(&reader) }
    case .string: _ = try reader.readString()
    case .number: _ = try reader.readDouble()
    case .bool: _ = try reader.readBool()
    case .null: _ = try reader.readNull()
    }
  }
}
