import CToml

/// The first place at which a file is not TOML.
package struct TOMLSyntaxError: Error, Equatable {
  /// The line of the file, from 1.
  package let line: Int
  /// The column in the line, from 1.
  package let column: Int
  /// What toml++ says about it.
  package let message: String
}

extension TOMLTable {
  /// Tables and arrays inside each other, the file itself included.
  package static let maxDepth = 32

  /// Parses TOML 1.0 with toml++.
  ///
  /// - Parameter bytes: The file. Any bytes are allowed; what is not UTF-8 is a syntax error.
  /// - Throws: The first syntax error.
  package init(parsing bytes: [UInt8]) throws(TOMLSyntaxError) {
    var error = ctoml_error()
    // SAFETY: toml++ reads `count` bytes inside the call and keeps no pointer to them.
    let document = unsafe bytes.withUnsafeBufferPointer { buffer in
      unsafe ctoml_parse(buffer.baseAddress, buffer.count, Self.maxDepth, &error)
    }
    // SAFETY: The pointer is only compared and handed back to the functions of its own library.
    guard let document = unsafe document else { throw TOMLSyntaxError(error) }
    // SAFETY: The document is released once, after its last use in this function.
    defer { unsafe ctoml_free(document) }
    var builder = TreeBuilder()
    // SAFETY: The document lives until the end of this function.
    for index in 0..<(unsafe ctoml_event_count(document)) {
      // SAFETY: The index is below the count, and the event is copied before the next call.
      unsafe builder.add(Event(ctoml_event_at(document, index)))
    }
    self = builder.root
  }
}

extension TOMLSyntaxError {
  fileprivate init(_ error: ctoml_error) {
    line = Int(error.line)
    column = Int(error.column)
    // SAFETY: The message is an array inside the structure; only its own bytes are read.
    let text = unsafe withUnsafeBytes(of: error.message) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    message = onOneLine(text)
  }
}

/// One event of the parser, copied out of the C library.
private struct Event {
  let kind: ctoml_kind
  let line: Int
  let key: String?
  let text: String
  let integer: Int64
  let real: Double

  // SAFETY: The pointers of the event are null or followed by as many bytes as their length says,
  // and the document that they are borrowed from outlives this call; the bytes are copied.
  init(_ event: ctoml_event) {
    unsafe kind = event.kind
    unsafe line = Int(event.line)
    unsafe key = event.key.map { unsafe Event.copy($0, event.key_length) }
    unsafe text = event.text.map { unsafe Event.copy($0, event.text_length) } ?? ""
    unsafe integer = event.integer
    unsafe real = event.real
  }

  // SAFETY: `length` bytes can be read behind the pointer; see init.
  private static func copy(_ start: UnsafePointer<CChar>, _ length: Int) -> String {
    unsafe String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
  }
}

/// Puts the flat list of events together to a tree.
private struct TreeBuilder {
  /// A table or an array that is still open; the root is the first.
  private struct Open {
    let key: String?
    let line: Int
    var entries: [TOMLTable.Entry] = []
    var elements: [TOMLElement] = []
  }

  private var open: [Open] = []
  private(set) var root = TOMLTable()

  mutating func add(_ event: Event) {
    switch event.kind {
    case CTOML_TABLE_BEGIN, CTOML_ARRAY_BEGIN: open.append(Open(key: event.key, line: event.line))
    case CTOML_TABLE_END: close { .table(TOMLTable(entries: $0.entries)) }
    case CTOML_ARRAY_END: close { .array($0.elements) }
    case CTOML_STRING: add(event.key, .string(event.text), event.line)
    case CTOML_INTEGER: add(event.key, .integer(event.integer), event.line)
    case CTOML_FLOAT: add(event.key, .float(event.real), event.line)
    case CTOML_BOOLEAN: add(event.key, .boolean(event.integer != 0), event.line)
    default: add(event.key, .datetime, event.line)
    }
  }

  private mutating func add(_ key: String?, _ value: TOMLValue, _ line: Int) {
    guard !open.isEmpty else { return }
    if let key {
      open[open.count - 1].entries.append(TOMLTable.Entry(key: key, value: value, line: line))
    } else {
      open[open.count - 1].elements.append(TOMLElement(value: value, line: line))
    }
  }

  private mutating func close(_ value: (Open) -> TOMLValue) {
    guard let closed = open.popLast() else { return }
    if open.isEmpty {
      root = TOMLTable(entries: closed.entries)
    } else {
      add(closed.key, value(closed), closed.line)
    }
  }
}
