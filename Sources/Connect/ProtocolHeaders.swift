import HTTPServer

/// The fields of a request in which Connect is spoken, read and checked.
enum ProtocolHeaders {
  /// The longest `connect-timeout-ms`.
  private static let maximumTimeoutDigits = 10

  /// Checks the version that the client speaks; none given is fine.
  static func checkVersion(_ value: ArraySlice<UInt8>?) throws(ConnectError) {
    guard let value, !ASCII.equal(value.span, "1") else { return }
    throw ConnectError(
      .invalidArgument, "Connect-Protocol-Version must be \"1\": got \(quoted(value))")
  }

  /// The milliseconds that the client waits; nil if it does not say.
  ///
  /// - Throws: `invalid_argument` for what is no number of at most ten digits, and
  ///   `deadline_exceeded` for 0, which is over already.
  static func timeout(_ value: ArraySlice<UInt8>?) throws(ConnectError) -> Int64? {
    guard let value else { return nil }
    guard 1...maximumTimeoutDigits ~= value.count, value.allSatisfy(ASCII.isDigit) else {
      throw ConnectError(
        .invalidArgument,
        "protocol error: invalid timeout \(quoted(value)): at most ten digits are allowed")
    }
    let milliseconds = value.reduce(Int64(0)) { $0 &* 10 &+ Int64($1 &- UInt8(ascii: "0")) }
    guard milliseconds > 0 else {
      throw ConnectError(.deadlineExceeded, "the time given for this call is over")
    }
    return milliseconds
  }

  /// Whether content is compressed with gzip, by the name of its encoding.
  ///
  /// - Throws: `unimplemented` for any encoding but `gzip` and `identity`.
  static func isGzip(encoding name: ArraySlice<UInt8>?) throws(ConnectError) -> Bool {
    guard let name, !name.isEmpty, !equal(name, "identity") else {
      return false
    }
    guard equal(name, "gzip") else {
      throw ConnectError(
        .unimplemented,
        "unknown compression \(quoted(name)): supported encodings are gzip, identity")
    }
    return true
  }

  /// Whether the client reads gzip, by its list of encodings.
  ///
  /// - Parameter otherwise: the answer when there is no list: who sends gzip reads it too.
  static func acceptsGzip(_ list: ArraySlice<UInt8>?, otherwise: Bool) -> Bool {
    guard let list else { return otherwise }
    for element in list.split(separator: UInt8(ascii: ",")) {
      let parts = element.split(separator: UInt8(ascii: ";")).map(trimmed)
      guard let name = parts.first, equal(name, "gzip") else { continue }
      return !parts.dropFirst().contains { isZeroWeight($0) }
    }
    return false
  }

  /// `q=0`, `q=0.0` and so on: the client refuses (RFC 9110 section 12.4.2).
  private static func isZeroWeight(_ parameter: ArraySlice<UInt8>) -> Bool {
    let weight = parameter.dropFirst(2)
    return equal(parameter.prefix(2), "q=") && !weight.isEmpty
      && weight.allSatisfy { $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: ".") }
  }

  /// The answer's type for a request's `content-type`; nil if that is not the expected one.
  ///
  /// - Parameter expected: a type without parameters; UTF-8 is the only character set.
  static func contentType(
    _ value: ArraySlice<UInt8>?, expected: ContentType
  ) -> ContentType? {
    guard let value else { return nil }
    let parts = value.split(separator: UInt8(ascii: ";")).map(trimmed)
    guard let type = parts.first, equal(type, expected.value) else {
      return nil
    }
    for parameter in parts.dropFirst()
    where equal(parameter.prefix(8), "charset=") {
      let name = parameter.dropFirst(8).filter { $0 != UInt8(ascii: "\"") }
      guard equal(name[...], "utf-8") else { return nil }
      // Unary clients may expect the type that they sent.
      return expected.isJSON ? .jsonUTF8 : expected
    }
    return expected
  }

  /// Whether a text is a literal in lower case, whatever the case of its letters.
  private static func equal(_ text: ArraySlice<UInt8>, _ literal: StaticString) -> Bool {
    ASCII.equalIgnoringCase(text.span, literal)
  }

  private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var text = text.drop { $0 == ASCII.space || $0 == ASCII.tab }
    while let last = text.last, last == ASCII.space || last == ASCII.tab { text.removeLast() }
    return text
  }

  /// A foreign value for an error message: short, and no more than visible ASCII.
  static func quoted(_ value: ArraySlice<UInt8>) -> String {
    let shown = value.prefix(64).map { 0x20...0x7E ~= $0 ? $0 : UInt8(ascii: "?") }
    return "\"\(String(decoding: shown, as: UTF8.self))\""
  }
}

extension ContentType {
  /// `application/connect+json`, the type of streams.
  static let connectJSON = ContentType("application/connect+json")
  /// `application/json; charset=utf-8`.
  static let jsonUTF8 = ContentType("application/json; charset=utf-8")

  /// Whether this is the type of unary calls.
  fileprivate var isJSON: Bool { "\(value)" == "\(ContentType.json.value)" }
}
