import Foundation
import Glibc
import LagCore
import SeededRandom
import Testing

/// Hosts as Kafka writes them, and the one form of each address.
@Suite("Canonical addresses")
struct CanonicalAddressTests {
  @Test(
    "Each host has the form that the table says",
    arguments: [
      // IPv4, as every broker writes it.
      ("/10.0.0.7", "10.0.0.7"), ("10.0.0.7", "10.0.0.7"), ("/127.0.0.1", "127.0.0.1"),
      ("/0.0.0.0", "0.0.0.0"), ("/255.255.255.255", "255.255.255.255"),
      ("node-1.example/10.0.0.7", "10.0.0.7"),
      // IPv6 as Java spells it out, and as others write it.
      ("/0:0:0:0:0:0:0:1", "::1"), ("/0:0:0:0:0:0:0:0", "::"), ("::", "::"), ("::1", "::1"),
      ("/2001:db8:0:0:0:0:2:1", "2001:db8::2:1"), ("2001:DB8::0002:0001", "2001:db8::2:1"),
      ("/fd00:10:244:0:0:0:0:2a", "fd00:10:244::2a"),
      ("host/2001:db8:0:0:0:0:0:1", "2001:db8::1"), ("[2001:db8::1]", "2001:db8::1"),
      // RFC 5952, section 4.2: one zero is written out, the first of two equal runs is left out.
      ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
      ("2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
      ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
      ("1:0:0:2:3:0:0:4", "1::2:3:0:0:4"), ("0:0:1:0:0:0:0:0", "0:0:1::"),
      ("1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:0"), ("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"),
      ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
      ("FE80::ABCD", "fe80::abcd"),
      // A scope is the broker's own.
      ("/fe80:0:0:0:0:0:0:1%eth0", "fe80::1"), ("fe80::1%2", "fe80::1"), ("[fe80::1%2]", "fe80::1"),
      ("fe80::1%", "fe80::1"),
      // IPv4-mapped, in every spelling; other addresses with a dotted end stay IPv6.
      ("::ffff:1.2.3.4", "1.2.3.4"), ("/::FFFF:1.2.3.4", "1.2.3.4"), ("::ffff:102:304", "1.2.3.4"),
      ("/0:0:0:0:0:ffff:a00:7", "10.0.0.7"), ("::ffff:0:0", "0.0.0.0"),
      ("0:0:0:0:0:ffff:255.255.255.255", "255.255.255.255"),
      ("64:ff9b::1.2.3.4", "64:ff9b::102:304"), ("::1.2.3.4", "::102:304"),
      ("::fffe:1.2.3.4", "::fffe:102:304"), ("1::ffff:1.2.3.4", "1::ffff:102:304"),
      ("::ffff:0:1.2.3.4", "::ffff:0:102:304"),
      // Names, and what only looks like an address.
      ("", ""), ("/", ""), ("//", "/"), ("localhost", "localhost"),
      ("/Node-1.Example", "Node-1.Example"),
      ("node/<unresolved>", "node/<unresolved>"), ("a/b/c", "a/b/c"), ("10.0.0", "10.0.0"),
      ("10.0.0.256", "10.0.0.256"), ("10.0.0.07", "10.0.0.07"), ("10.0.0.7.1", "10.0.0.7.1"),
      ("10..0.7", "10..0.7"), ("1.2.3.4:9092", "1.2.3.4:9092"), ("+1.2.3.4", "+1.2.3.4"),
      ("[1.2.3.4]", "[1.2.3.4]"), (":", ":"), (":::", ":::"), ("1:", "1:"), (":1", ":1"),
      ("1:2:3:4:5:6:7", "1:2:3:4:5:6:7"), ("1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:9"),
      ("1::2::3", "1::2::3"), ("1:2:3:4::5:6:7:8", "1:2:3:4::5:6:7:8"), ("12345::", "12345::"),
      ("g::1", "g::1"), ("::1.2.3", "::1.2.3"), ("1.2.3.4::", "1.2.3.4::"),
      ("1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4"), ("[::1", "[::1"), ("%", "%"),
      ("[]", "[]"),
      ("é::1", "é::1"),
    ])
  func table(host: String, expected: String) {
    #expect(canonicalAddress(of: host) == expected)
    // What is canonical stays so, with or without Java's slash.
    if !expected.contains("/") {
      #expect(canonicalAddress(of: expected) == expected)
      #expect(canonicalAddress(of: "/" + expected) == expected)
    }
  }

  @Test("Random addresses in random spellings come out as the C library writes them")
  func againstTheLibrary() {
    let seed = testSeed &+ 60
    var random = SeededGenerator(seed: seed)
    var comparison = Comparison("addresses, seed \(seed)")
    for _ in 0..<20_000 {
      let groups = (0..<8).map { _ in
        random.oneIn(2) ? 0 : UInt16(random.below(random.oneIn(2) ? 0x10000 : 0x20))
      }
      let spelling = Self.spell(groups, &random)
      comparison.expect(
        canonicalAddress(of: "/" + spelling), Self.library(groups), "\(spelling), seed \(seed)")
    }
    comparison.conclude()
  }

  /// Some text of an address that is not canonical.
  private static func spell(_ groups: [UInt16], _ random: inout SeededGenerator) -> String {
    var texts = groups.map { group in
      let digits = String(group, radix: 16, uppercase: random.oneIn(2))
      return String(repeating: "0", count: random.below(5 - digits.count)) + digits
    }
    if random.oneIn(3), let zero = groups.firstIndex(of: 0) {
      var end = zero + 1
      while end < 8, groups[end] == 0, !random.oneIn(3) { end += 1 }
      texts.replaceSubrange(zero..<end, with: [""])
      return (zero == 0 ? ":" : "") + texts.joined(separator: ":") + (end == 8 ? ":" : "")
    }
    return texts.joined(separator: ":")
  }

  /// The address by `inet_ntop`, but for mapped and compatible ones, which it writes otherwise.
  private static func library(_ groups: [UInt16]) -> String {
    if groups[..<5].allSatisfy({ $0 == 0 }), groups[5] == 0xFFFF {
      return [groups[6] >> 8, groups[6] & 255, groups[7] >> 8, groups[7] & 255]
        .map { "\($0)" }.joined(separator: ".")
    }
    if groups[..<6].allSatisfy({ $0 == 0 }), groups[6] != 0 {
      return "::" + groups[6...].map { String($0, radix: 16) }.joined(separator: ":")
    }
    var bytes = groups.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
    var text = [CChar](repeating: 0, count: 64)
    inet_ntop(AF_INET6, &bytes, &text, 64)
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
