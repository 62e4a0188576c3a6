import JSON

/// A bearer token (RFC 6750) as SASL OAUTHBEARER sends it, with what librdkafka wants to know.
package struct OAuthToken: Equatable, Sendable {
  /// Why a text is no token; never says what the text is.
  package enum Problem: Error, Equatable {
    /// There is nothing but white space.
    case empty
    /// It is longer than `maximumBytes`.
    case tooLong
    /// It holds characters that no bearer token has.
    case notBearer
    /// It is a JSON Web Token, but its claims are none.
    case badClaims
    /// Its time is over.
    case expired
  }

  /// The longest token, in bytes: a broker takes 64 KiB of SASL by default.
  package static let maximumBytes = 65_536
  /// A life beyond this is taken for this, in milliseconds: 10 years.
  package static let maximumLifeMilliseconds: Int64 = 315_360_000_000

  /// The token itself.
  package let text: String
  /// Who it speaks for.
  package let principal: String
  /// When it ends, in milliseconds since 1970.
  package let expiresAt: Int64

  /// Reads the contents of a token file.
  ///
  /// A JSON Web Token (RFC 7519) says by its claims `sub` and `exp` for whom and how long it is
  /// good; its signature is the broker's business. Any other text is an opaque token.
  ///
  /// - Parameters:
  ///   - bytes: the file; white space around the token is left out.
  ///   - file: what to assume of an opaque token.
  ///   - now: milliseconds since 1970.
  package static func read(
    _ bytes: [UInt8], file: OAuthTokenFile, now: Int64
  ) throws(Problem) -> OAuthToken {
    guard bytes.count <= maximumBytes else { throw .tooLong }
    let isSpace: (UInt8) -> Bool = { $0 == 0x20 || ($0 >= 0x09 && $0 <= 0x0d) }
    guard let first = bytes.firstIndex(where: { !isSpace($0) }),
      let last = bytes.lastIndex(where: { !isSpace($0) })
    else { throw .empty }
    let token = Array(bytes[first...last])
    // librdkafka repeats a token that it does not take in its error: it must not come to that.
    guard token.allSatisfy(isTokenByte) else { throw .notBearer }
    let claims = try Claims.read(token)
    let expiresAt: Int64
    if let end = claims?.expiresAt {
      guard end > now else { throw .expired }
      expiresAt = min(end, now &+ maximumLifeMilliseconds)
    } else {
      expiresAt = now &+ Int64(file.opaqueLifeSeconds) &* 1_000
    }
    return OAuthToken(
      text: String(decoding: token, as: UTF8.self),
      principal: claims?.subject ?? file.opaquePrincipal, expiresAt: expiresAt)
  }

  /// RFC 6750 section 2.1, `b64token`.
  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "+"), UInt8(ascii: "/"),
      UInt8(ascii: "="):
      true
    default: false
    }
  }

  /// The claims of a JSON Web Token that matter here.
  struct Claims: Equatable {
    var subject: String?
    /// Milliseconds since 1970.
    var expiresAt: Int64?

    /// The claims in a token, or nil when it is no JSON Web Token.
    static func read(_ token: [UInt8]) throws(Problem) -> Claims? {
      let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
      // Three parts are a signed token; five would be an encrypted one, whose claims are hidden.
      guard parts.count == 3, let header = Base64URL.decode(Array(parts[0])),
        header.first == UInt8(ascii: "{")
      else { return nil }
      guard let payload = Base64URL.decode(Array(parts[1])) else { throw .badClaims }
      do throws(JSONError) {
        return try claims(JSONReader(payload))
      } catch {
        throw .badClaims
      }
    }

    private static func claims(_ text: JSONReader) throws(JSONError) -> Claims {
      var reader = text
      var claims = Claims()
      try reader.beginObject()
      while try reader.nextKey() {
        let kind = try reader.peek()
        if reader.isKey("sub"), kind == .string {
          claims.subject = try reader.readString()
        } else if reader.isKey("exp"), kind == .number {
          // RFC 7519 NumericDate: seconds, with a fraction if need be.
          let seconds = try reader.readDouble()
          claims.expiresAt = Int64(exactly: (min(max(seconds, 0), 1e12) * 1_000).rounded())
        } else {
          try reader.skipValue()
        }
      }
      try reader.finish()
      if claims.subject?.isEmpty == true || claims.subject?.utf8.contains(0) == true {
        claims.subject = nil
      }
      return claims
    }
  }
}

/// The base64 of RFC 4648 section 5.
package enum Base64URL {
  /// The bytes, or nil when the text is none; padding may be there or not.
  package static func decode(_ text: [UInt8]) -> [UInt8]? {
    var digits = text[...]
    while digits.last == UInt8(ascii: "="), text.count - digits.count < 2 {
      digits = digits.dropLast()
    }
    guard digits.count % 4 != 1 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count * 3 / 4)
    var held: UInt32 = 0
    var heldBits = 0
    for digit in digits {
      guard let value = value(of: digit) else { return nil }
      held = (held << 6 | value) & 0xffff
      heldBits += 6
      guard heldBits >= 8 else { continue }
      heldBits -= 8
      bytes.append(UInt8(truncatingIfNeeded: held >> UInt32(heldBits)))
    }
    return bytes
  }

  private static func value(of digit: UInt8) -> UInt32? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit &- UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit &- UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit &- UInt8(ascii: "0")) + 52
    case UInt8(ascii: "-"): 62
    case UInt8(ascii: "_"): 63
    default: nil
    }
  }
}
