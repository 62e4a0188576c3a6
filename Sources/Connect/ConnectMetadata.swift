package import HTTPServer
package import JSON

/// Names and values that go beside the messages of a call, before or behind them.
///
/// Leading metadata are HTTP fields. Trailing ones are HTTP fields with `trailer-` before their
/// names in a unary call, and stand in the last envelope of a stream.
package struct ConnectMetadata: Sendable, Equatable {
  /// The most values of one call; what is more is refused.
  package static let maximumEntries = 24

  private struct Entry: Sendable, Equatable {
    let name: [UInt8]
    let value: [UInt8]
  }

  private var entries: [Entry] = []

  /// Makes metadata without a value.
  package init() {}

  /// Whether there is no value.
  package var isEmpty: Bool { entries.isEmpty }

  /// Adds a value; a name may have several.
  ///
  /// - Parameters:
  ///   - name: lower-case letters, digits, `_`, `-` and `.`; none that Connect or HTTP use
  ///     themselves. Behind a name that ends in `-bin` the value must be base64.
  ///   - value: visible ASCII, with spaces inside at most.
  /// - Returns: false if name or value may not be sent; nothing was added then.
  @discardableResult
  package mutating func add(_ name: String, _ value: String) -> Bool {
    let name = Array(name.utf8)
    let value = Array(value.utf8)
    if Self.isBinary(name), Base64.decoded(value.span) == nil { return false }
    return add(Entry(name: name, value: value))
  }

  /// Adds a value of any bytes.
  ///
  /// - Parameter name: as above, and it ends in `-bin`.
  @discardableResult
  package mutating func add(binary name: String, _ value: [UInt8]) -> Bool {
    let name = Array(name.utf8)
    guard Self.isBinary(name) else { return false }
    var text: [UInt8] = []
    Base64.append(value.span, to: &text, isPadded: false)
    return add(Entry(name: name, value: text))
  }

  private mutating func add(_ entry: Entry) -> Bool {
    guard entries.count < Self.maximumEntries, Self.isAllowed(entry.name),
      entry.value.allSatisfy({ 0x20...0x7E ~= $0 }),
      entry.value.first != ASCII.space, entry.value.last != ASCII.space
    else { return false }
    entries.append(entry)
    return true
  }

  private static func isBinary(_ name: [UInt8]) -> Bool {
    name.suffix(4).elementsEqual("-bin".utf8)
  }

  /// Names that are HTTP's business, and the server's.
  private static let reserved: Set<[UInt8]> = Set(
    [
      "accept-encoding", "accept-post", "allow", "connection", "content-encoding",
      "content-length", "content-type", "date", "host", "keep-alive", "proxy-connection", "te",
      "trailer", "transfer-encoding", "upgrade", "vary",
    ].map { Array($0.utf8) })

  private static func isAllowed(_ name: [UInt8]) -> Bool {
    guard 1...128 ~= name.count, !reserved.contains(name) else { return false }
    guard !name.starts(with: "connect-".utf8), !name.starts(with: "trailer-".utf8) else {
      return false
    }
    return name.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: "."):
        true
      default: ASCII.isDigit(byte)
      }
    }
  }

  /// Appends the values as HTTP fields.
  ///
  /// - Parameter prefix: stands before each name: `trailer-`, or nothing.
  package func append(to headers: inout [Header], prefix: String = "") {
    for entry in entries {
      guard let header = Header(name: Array(prefix.utf8) + entry.name, value: entry.value) else {
        continue
      }
      headers.append(header)
    }
  }

  /// Writes the values as a JSON object of arrays of strings, names in the order they came.
  package func write(to writer: inout JSONWriter) {
    writer.beginObject()
    for (index, entry) in entries.enumerated() {
      if entries[..<index].contains(where: { $0.name == entry.name }) { continue }
      writer.key(entry.name.span)
      writer.beginArray()
      for other in entries[index...] where other.name == entry.name {
        writer.value(other.value.span)
      }
      writer.endArray()
    }
    writer.endObject()
  }
}

extension Request {
  /// The bytes of a field whose name ends in `-bin`; nil without it, or if it is no base64.
  ///
  /// - Parameter name: in lower case.
  package func binaryMetadata(_ name: StaticString) -> [UInt8]? {
    header(name).flatMap { Base64.decoded($0.span) }
  }
}
