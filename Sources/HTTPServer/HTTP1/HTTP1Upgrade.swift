/// A change of an HTTP/1.1 connection to HTTP/2 that was agreed to (RFC 7540 section 3.2).
package struct HTTP1Upgrade {
  /// The payload of the SETTINGS frame that stands in the request.
  package let settings: [UInt8]
  /// The request, which becomes stream 1.
  let head: RequestHead
  /// What has arrived behind the request: HTTP/2's, because 101 is in the output.
  package let rest: [UInt8]
}

/// What a head says about a change to HTTP/2.
///
/// RFC 9113 has given that change up, but curl, nghttp and Java's client still ask for it. It is
/// made only where nothing can be misunderstood; everywhere else the fields are ignored, as
/// HTTP/1.1 allows (RFC 9110 section 7.8), and what follows is HTTP/1.1.
struct HTTP1UpgradeFields {
  /// Whether `Upgrade` lists `h2c`.
  var namesHTTP2 = false
  /// Whether `Connection` lists `upgrade`.
  var isListed = false
  /// Whether `Connection` lists `http2-settings`.
  var listsSettings = false
  /// How many `HTTP2-Settings` fields there are.
  var settingsFields = 0
  /// Where the value of the last of them stands in the head.
  var settings = 0..<0

  /// Whether the fields ask for the change as they must; the settings' value is not looked at.
  var isComplete: Bool { namesHTTP2 && isListed && listsSettings && settingsFields == 1 }

  /// Reads a list of protocols (RFC 9110 section 7.8).
  mutating func readProtocol(_ name: Span<UInt8>) {
    if ASCII.equalIgnoringCase(name, "h2c") { namesHTTP2 = true }
  }

  /// Reads an element of `Connection`.
  mutating func readOption(_ option: Span<UInt8>) {
    if ASCII.equalIgnoringCase(option, "upgrade") { isListed = true }
    if ASCII.equalIgnoringCase(option, "http2-settings") { listsSettings = true }
  }
}

/// The value of `HTTP2-Settings`: a SETTINGS frame's payload in base64url without padding.
enum HTTP2SettingsField {
  /// Entries of a SETTINGS frame, as nghttp2 bounds them by itself.
  private static let maximumEntries = 32
  /// An entry is six bytes, which are exactly so many characters.
  private static let charactersOfEntry = 8

  /// Decodes a value; nil if it is no base64url, no whole number of entries or too many of them.
  static func decode(_ value: Span<UInt8>) -> [UInt8]? {
    guard value.count.isMultiple(of: charactersOfEntry),
      value.count / charactersOfEntry <= maximumEntries
    else { return nil }
    var payload: [UInt8] = []
    payload.reserveCapacity(value.count / 4 * 3)
    var group: UInt32 = 0
    for index in value.indices {
      guard let digit = digit(value[index]) else { return nil }
      group = group << 6 | digit
      guard index % 4 == 3 else { continue }
      payload.append(UInt8(truncatingIfNeeded: group >> 16))
      payload.append(UInt8(truncatingIfNeeded: group >> 8))
      payload.append(UInt8(truncatingIfNeeded: group))
      group = 0
    }
    return payload
  }

  /// The value of a character (RFC 4648 section 5).
  private static func digit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a") + 26)
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0") + 52)
    case UInt8(ascii: "-"): 62
    case UInt8(ascii: "_"): 63
    default: nil
    }
  }
}
