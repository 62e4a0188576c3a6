internal import HTTPServer

/// A response as a client sees it, possibly still under way.
package struct Reply {
  /// The status code, 0 while there is none.
  package private(set) var status = 0
  /// The fields of the head, names in lower case.
  package private(set) var fields: [(name: String, value: String)] = []
  /// The content so far.
  package private(set) var content: [UInt8] = []
  /// The chunks of the content, without the last empty one.
  package private(set) var chunks: [[UInt8]] = []
  /// Whether all of the content is there.
  package private(set) var isComplete = false

  /// Takes apart what a server has sent so far.
  package init(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.firstRange(of: "\r\n\r\n") else { return }
    let lines = text[..<end.lowerBound].components(of: "\r\n")
    status = Int(lines[0].split(separator: " ")[1]) ?? 0
    fields = lines.dropFirst().map { line in
      let parts = line.split(separator: ":", maxSplits: 1)
      let value = parts.count > 1 ? parts[1].drop { $0 == " " } : ""
      return (parts[0].lowercased(), String(value))
    }
    let head = text[..<end.upperBound].utf8.count
    let rest = Array(bytes[head...])
    if field("transfer-encoding") == "chunked" {
      takeChunks(rest)
    } else {
      content = rest
      isComplete = field("content-length") == "\(rest.count)"
    }
  }

  private mutating func takeChunks(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while let end = rest.firstIndex(of: 13),
      let size = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16)
    {
      let start = end + 2
      guard rest.endIndex >= start + size + 2 else { return }
      if size == 0 {
        isComplete = true
        return
      }
      chunks.append(Array(rest[start..<start + size]))
      content += chunks[chunks.count - 1]
      rest = rest[(start + size + 2)...]
    }
  }

  /// The first value of a field.
  package func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
  /// All values of a field.
  package func values(_ name: String) -> [String] {
    fields.filter { $0.name == name }.map(\.value)
  }

  /// The content as text.
  package var text: String { String(decoding: content, as: UTF8.self) }

  /// The envelopes of the content: flags and text.
  package var envelopes: [(flags: UInt8, text: String)] {
    var result: [(UInt8, String)] = []
    var rest = content[...]
    while rest.count >= 5 {
      let start = rest.startIndex
      let length = rest[(start + 1)..<(start + 5)].reduce(0) { $0 << 8 | Int($1) }
      guard rest.count >= 5 + length else { break }
      var message = Array(rest[(start + 5)..<(start + 5 + length)])
      if rest[start] & 1 == 1 {
        message = gunzip(message) ?? []
      }
      result.append((rest[start], String(decoding: message, as: UTF8.self)))
      rest = rest[(start + 5 + length)...]
    }
    return result
  }

  /// The envelopes as lines: flags, a space, text.
  package var lines: [String] { envelopes.map { "\($0.flags) \($0.text)" } }
}

extension Substring {
  fileprivate func components(of separator: String) -> [String] {
    split(separator: separator, omittingEmptySubsequences: false).map(String.init)
  }
}

/// Bytes in the gzip format; none if they do not become smaller.
package func gzip(_ bytes: [UInt8]) -> [UInt8] { Gzip.compressed(bytes.span) ?? [] }

/// Bytes out of the gzip format; nil if they are in none, or too many.
package func gunzip(_ bytes: [UInt8]) -> [UInt8]? {
  try? Gzip.inflated(bytes.span, atMost: 1 << 20)
}
