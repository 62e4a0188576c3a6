/// The head of an answer (RFC 9112 section 4).
package struct ClientResponseHead: Equatable, Sendable {
  /// The three digits of the status, 100...599.
  package var status: Int
  /// Names in lower case and values, in the order in which they came.
  package var fields: [(name: String, value: String)] = []

  /// The value of the first field of a name, which is given in lower case.
  package func field(_ name: String) -> String? {
    fields.first { $0.name == name }?.value
  }

  /// The content's media type in lower case, without parameters; empty without one.
  package var mediaType: String {
    let value = field("content-type") ?? ""
    let end = value.utf8.firstIndex(of: UInt8(ascii: ";")) ?? value.utf8.endIndex
    let type = value.utf8[..<end].filter { $0 != ASCII.space && $0 != ASCII.tab }
    return String(decoding: type.map(ASCII.lowercased), as: UTF8.self)
  }

  package static func == (left: ClientResponseHead, right: ClientResponseHead) -> Bool {
    left.status == right.status && left.fields.elementsEqual(right.fields, by: ==)
  }
}

/// An answer with its whole content.
package struct ClientResponse: Equatable, Sendable {
  /// Status and fields.
  package var head: ClientResponseHead
  /// The content.
  package var content: [UInt8]
}
