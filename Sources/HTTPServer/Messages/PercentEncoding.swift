/// Percent-encoding of path segments (RFC 3986 section 2.1).
package enum PercentEncoding {
  /// Decodes percent escapes once; an escape that is none stays as it is.
  package static func decoded(_ text: String) -> String {
    String(decoding: RequestTarget.decoded(Array(text.utf8)[...]), as: UTF8.self)
  }

  /// Encodes what cannot stand in a segment of a path as it is.
  ///
  /// What Go's `url.EscapedPath` leaves alone stays, but for the slash, which would separate.
  package static func encoded(segment: String) -> String {
    var bytes: [UInt8] = []
    for byte in segment.utf8 {
      if isPlain(byte) {
        bytes.append(byte)
      } else {
        bytes.append(UInt8(ascii: "%"))
        bytes.append(digit(byte >> 4))
        bytes.append(digit(byte & 0xF))
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"),
      UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "+"), UInt8(ascii: ","),
      UInt8(ascii: ":"), UInt8(ascii: ";"), UInt8(ascii: "="), UInt8(ascii: "@"):
      true
    default: false
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
  }
}
