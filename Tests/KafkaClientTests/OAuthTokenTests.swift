import KafkaClient
import Testing

@Suite("Bearer tokens out of a file")
struct OAuthTokenTests {
  static let now: Int64 = 1_700_000_000_000
  static let file = OAuthTokenFile(path: "/somewhere/token")

  /// Base64 of the plain kind, with padding.
  static func base64(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    var text = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let three = bytes[start..<min(start + 3, bytes.count)]
      var bits = 0
      for place in 0..<3 {
        bits = bits * 256 + (place < three.count ? Int(three[start + place]) : 0)
      }
      for place in 0..<4 {
        let digit = bits / [262_144, 4_096, 64, 1][place] % 64
        text.append(place <= three.count ? digits[digit] : "=")
      }
    }
    return text
  }

  static func base64(_ text: String) -> String {
    base64(Array(text.utf8)).filter { $0 != "=" }
  }

  static func jwt(_ claims: String) -> String {
    "\(base64(#"{"alg":"RS256"}"#)).\(base64(claims)).c2lnbmF0dXJl"
  }

  func read(_ text: String, _ file: OAuthTokenFile = file) throws -> OAuthToken {
    try OAuthToken.read(Array(text.utf8), file: file, now: Self.now)
  }

  @Test("a JSON Web Token says who and how long, white space around it does not matter")
  func claims() throws {
    let text = Self.jwt(
      #"{"aud":["kafka"],"exp":1700000600,"sub":"system:serviceaccount:a:b","x":{"exp":1}}"#)
    let token = try read("\n \(text)\r\n")
    #expect(token.text == text)
    #expect(token.principal == "system:serviceaccount:a:b")
    #expect(token.expiresAt == 1_700_000_600_000)
  }

  @Test("a fraction of a second counts, and a claim of another type is as good as none")
  func oddClaims() throws {
    #expect(try read(Self.jwt(#"{"exp":1700000600.25}"#)).expiresAt == 1_700_000_600_250)
    let token = try read(Self.jwt(#"{"exp":"soon","sub":7}"#))
    #expect(token.principal == "unknown" && token.expiresAt == Self.now + 300_000)
    #expect(try read(Self.jwt(#"{"sub":"","exp":1e300}"#)).principal == "unknown")
    #expect(try read(Self.jwt(#"{"sub":"a\u0000b"}"#)).principal == "unknown")
    let far = try read(Self.jwt(#"{"exp":1e300}"#)).expiresAt
    #expect(far == Self.now + OAuthToken.maximumLifeMilliseconds)
    #expect(try read(Self.jwt("{}")).expiresAt == Self.now + 300_000)
  }

  @Test("a token that ends now has expired, one that ends a millisecond later has not")
  func expiry() throws {
    #expect(throws: OAuthToken.Problem.expired) { try read(Self.jwt(#"{"exp":1700000000}"#)) }
    #expect(throws: OAuthToken.Problem.expired) { try read(Self.jwt(#"{"exp":-5}"#)) }
    #expect(try read(Self.jwt(#"{"exp":1700000000.001}"#)).expiresAt == Self.now + 1)
  }

  @Test("anything else that a token may consist of is an opaque token")
  func opaque() throws {
    for text in ["abc", "a.b.c", "a.b", "..", "a~b+c/d==", "AAAA.e30.x"] {
      let token = try read(text)
      #expect(token.text == text && token.principal == "unknown")
      #expect(token.expiresAt == Self.now + 300_000)
    }
    var file = Self.file
    file.opaquePrincipal = "me"
    file.opaqueLifeSeconds = 60
    let token = try read("abc", file)
    #expect(token.principal == "me" && token.expiresAt == Self.now + 60_000)
  }

  @Test("what cannot be a token is refused")
  func refused() {
    for text in ["", " \n\t"] {
      #expect(throws: OAuthToken.Problem.empty) { try read(text) }
    }
    for text in ["a b", "a\0b", "Bearer\u{7f}", "tökén", "a\"b", "{}"] {
      #expect(throws: OAuthToken.Problem.notBearer) { try read(text) }
    }
    for claims in ["", "{", "[]", "{}x", #"{"exp":1e}"#, #"{"sub":"\ud800"}"#] {
      #expect(throws: OAuthToken.Problem.badClaims, "\(claims)") { try read(Self.jwt(claims)) }
    }
    let long = String(repeating: "a", count: OAuthToken.maximumBytes)
    #expect(throws: Never.self) { try read(long) }
    #expect(throws: OAuthToken.Problem.tooLong) { try read(long + "a") }
  }

  @Test("base64 of every length comes back, with and without padding")
  func base64RoundTrip() {
    for length in 0..<70 {
      let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ length) }
      let padded = Self.base64(bytes)
      #expect(Base64URL.decode(Array(padded.utf8)) == bytes)
      #expect(Base64URL.decode(Array(padded.filter { $0 != "=" }.utf8)) == bytes)
    }
    for text in ["a", "aaaaa", "a=", "a+", "a/bc", "a=aa", "aa===", "aa aa"] {
      #expect(Base64URL.decode(Array(text.utf8)) == nil, "\(text)")
    }
  }
}
