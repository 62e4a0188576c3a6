extension JSONWriter {
  /// Appends what `write` puts at the pointer it is handed, and returns as a count of bytes.
  ///
  /// The one place where the writer touches memory by hand: growth is asked for once a token
  /// instead of once a byte, which makes the writer twice as fast.
  ///
  /// - Parameters:
  ///   - capacity: The most bytes that `write` writes.
  ///   - write: Fills memory from its argument on and returns how many bytes it filled.
  @inline(__always)
  mutating func append(atMost capacity: Int, _ write: (UnsafeMutablePointer<UInt8>) -> Int) {
    bytes.append(addingCapacity: capacity) { output in
      // SAFETY: the span has room for `capacity` more bytes behind the initialised ones, and
      // `write` keeps to them. Bytes are trivial, so that writing initialises.
      unsafe output.withUnsafeMutableBufferPointer { buffer, count in
        guard let start = buffer.baseAddress else { return }
        unsafe count &+= write(start + count)
      }
    }
  }

  /// Appends text of the program's own, which is known to need no escapes.
  mutating func appendVerbatim(_ text: StaticString) {
    // SAFETY: the pointer of a StaticString lives as long as the program; the count is its own.
    unsafe append(atMost: text.utf8CodeUnitCount) { start in
      unsafe start.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
      return text.utf8CodeUnitCount
    }
  }

  /// Appends bytes as they are.
  mutating func appendVerbatim(_ text: Span<UInt8>) {
    unsafe text.withUnsafeBufferPointer { source in
      guard let sourceStart = source.baseAddress else { return }
      // SAFETY: `bytes` cannot be the memory of `text`, which is borrowed while `self` changes.
      unsafe append(atMost: source.count) { start in
        unsafe start.update(from: sourceStart, count: source.count)
        return source.count
      }
    }
  }

  // MARK: Tokens

  /// The most bytes that `writeKey` adds to a name: a comma, two quotation marks and a colon.
  static var keyRoom: Int { 4 }
  /// The most bytes of an integer: a sign and the 20 digits of `UInt64.max`.
  static var integerRoom: Int { 21 }

  /// Writes a name that needs no escapes and returns where its value begins.
  @inline(__always)
  static func writeKey(
    _ name: StaticString, comma: Bool, at start: UnsafeMutablePointer<UInt8>
  ) -> UnsafeMutablePointer<UInt8> {
    let length = name.utf8CodeUnitCount
    // SAFETY: `length` + `keyRoom` bytes at most; a StaticString's memory is never freed.
    unsafe start.pointee = UInt8(ascii: ",")
    var end = unsafe start + (comma ? 1 : 0)
    unsafe end.pointee = UInt8(ascii: "\"")
    unsafe (end + 1).update(from: name.utf8Start, count: length)
    unsafe end += length &+ 1
    unsafe end.pointee = UInt8(ascii: "\"")
    unsafe (end + 1).pointee = UInt8(ascii: ":")
    return unsafe end + 2
  }

  /// The digits of all numbers of two digits, 00 to 99, one behind the other.
  static var digitPairs: StaticString {
    """
    0001020304050607080910111213141516171819\
    2021222324252627282930313233343536373839\
    4041424344454647484950515253545556575859\
    6061626364656667686970717273747576777879\
    8081828384858687888990919293949596979899
    """
  }

  /// Writes an integer in decimal digits and returns where it ends.
  @inline(__always)
  static func writeInteger(
    negative: Bool, _ magnitude: UInt64, at start: UnsafeMutablePointer<UInt8>
  ) -> UnsafeMutablePointer<UInt8> {
    // SAFETY: at most `integerRoom` bytes; `count` is the number of digits, counted before they
    // are written in pairs from the last one on.
    unsafe start.pointee = UInt8(ascii: "-")
    let first = unsafe start + (negative ? 1 : 0)
    var count = digitCount(magnitude)
    let end = unsafe first + count
    var rest = magnitude
    while rest >= 10 {
      let quotient = rest / 100
      let pair = Int(truncatingIfNeeded: rest &- quotient &* 100)
      count &-= 2
      unsafe (first + count).update(from: digitPairs.utf8Start + 2 &* pair, count: 2)
      rest = quotient
    }
    if count > 0 { unsafe first.pointee = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest) }
    return unsafe end
  }

  /// How many decimal digits a number has; 1 for 0.
  @inline(__always)
  private static func digitCount(_ value: UInt64) -> Int {
    var count = 1
    var rest = value
    while rest >= 10_000 {
      rest /= 10_000
      count &+= 4
    }
    return count &+ (rest >= 1000 ? 3 : rest >= 100 ? 2 : rest >= 10 ? 1 : 0)
  }
}
