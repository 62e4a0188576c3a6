/// A request target taken apart (RFC 9112 section 3.2): ranges of the bytes it was read from.
struct RequestTarget {
  /// The path as received, percent-encoded; begins with a slash unless it is empty.
  var path: Range<Int>
  /// What follows the question mark, without it.
  var query: Range<Int>?
  /// The authority of an absolute-form target, which counts instead of the Host field.
  var authority: Range<Int>?

  /// Takes a target apart; nil if it is neither `/…` nor `http://…`, or has bytes or percent
  /// escapes that cannot stand in one.
  ///
  /// All visible ASCII but `#` may stand in path and query, also the few characters that RFC 3986
  /// wants escaped, because browsers send some of them as they are.
  static func parse(_ bytes: Span<UInt8>, _ range: Range<Int>) -> RequestTarget? {
    var pathStart = range.lowerBound
    var authority: Range<Int>?
    guard !range.isEmpty else { return nil }
    if bytes[pathStart] != UInt8(ascii: "/") {
      let scheme: StaticString = "http://"
      let length = scheme.utf8CodeUnitCount
      guard range.count > length,
        ASCII.equalIgnoringCase(bytes.extracting(pathStart..<pathStart + length), scheme)
      else { return nil }
      let start = pathStart + length
      pathStart = start
      while pathStart < range.upperBound, bytes[pathStart] != UInt8(ascii: "/"),
        bytes[pathStart] != UInt8(ascii: "?")
      { pathStart += 1 }
      authority = start..<pathStart
      guard start < pathStart, isHost(bytes, start..<pathStart) else { return nil }
    }
    var pathEnd = range.upperBound
    var query: Range<Int>?
    var index = pathStart
    while true {
      index = ASCII.end(of: isPlain, in: bytes, index..<range.upperBound)
      guard index < range.upperBound else { break }
      let byte = bytes[index]
      index += 1
      if byte == UInt8(ascii: "?") {
        guard query == nil else { continue }
        pathEnd = index - 1
        query = index..<range.upperBound
      } else {
        guard byte == UInt8(ascii: "%") else { return nil }
        guard query == nil else { continue }
        guard index + 1 < range.upperBound, ASCII.hexValue(bytes[index]) != nil,
          ASCII.hexValue(bytes[index + 1]) != nil
        else { return nil }
      }
    }
    return RequestTarget(path: pathStart..<pathEnd, query: query, authority: authority)
  }

  // As in `ASCII.isToken`: all that is visible but "#%?".
  private static let plainLow: UInt64 = 0x7FFF_FFD6_0000_0000
  private static let plainHigh: UInt64 = 0x7FFF_FFFF_FFFF_FFFF

  /// Whether a byte of a target says nothing but itself.
  @inline(__always)
  private static func isPlain(_ byte: UInt8) -> Bool {
    guard byte < 128 else { return false }
    let word = byte < 64 ? plainLow : plainHigh
    return (word >> UInt64(byte & 63)) & 1 == 1
  }

  // Letters, digits and "-._~:[]%", as in `ASCII.isToken`.
  private static let hostLow: UInt64 = 0x07FF_6020_0000_0000
  private static let hostHigh: UInt64 = 0x47FF_FFFE_AFFF_FFFE

  /// Whether bytes can be a host with an optional port: no spaces, slashes, user names.
  static func isHost(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    ASCII.end(of: isHostByte, in: bytes, range) == range.upperBound
  }

  @inline(__always)
  private static func isHostByte(_ byte: UInt8) -> Bool {
    guard byte < 128 else { return false }
    let word = byte < 64 ? hostLow : hostHigh
    return (word >> UInt64(byte & 63)) & 1 == 1
  }

  /// Decodes percent escapes once; an escape that is none stays as it is.
  static func decoded(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = bytes.startIndex
    while index < bytes.endIndex {
      if bytes[index] == UInt8(ascii: "%"), bytes.endIndex - index > 2,
        let high = ASCII.hexValue(bytes[index + 1]), let low = ASCII.hexValue(bytes[index + 2])
      {
        result.append(high << 4 | low)
        index += 3
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return result
  }
}
