import Foundation
import JSON
import SeededRandom
import Testing

/// Random texts, whole and damaged, against Foundation's reader.
@Suite struct JSONReaderRandomTests {
  private static let seed: UInt64 = 20_261_121

  @Test func agreesWithFoundation() {
    var generator = SeededGenerator(seed: Self.seed)
    var accepted = 0
    var refused = 0
    for round in 0..<12_000 {
      var bytes = Self.randomText(depth: 4, loneSurrogates: true, &generator)
      if round % 3 != 0 { Self.damage(&bytes, &generator) }
      let ours = Result { () throws(JSONError) in try JSONTree(reading: bytes) }
      let why: Comment = "seed \(Self.seed), round \(round): \(Self.show(bytes))"
      if case .failure(let error) = ours {
        // A number may be too large for a double and still be JSON.
        #expect(!Self.skips(bytes) || error.reason == .outOfRange, why)
      } else {
        #expect(Self.skips(bytes), why)
      }
      // Foundation guesses at UTF-16 and UTF-32 and passes a byte order mark; we do not.
      // So does it a comma before the bracket that closes an array.
      let text = String(decoding: bytes, as: UTF8.self)
      if bytes.contains(0) || bytes.starts(with: [0xEF, 0xBB, 0xBF]) || text.contains(/,\s*]/) {
        continue
      }
      switch (ours, Result { try JSONTree(foundation: bytes) }) {
      case (.success(let ours), .success(let theirs)):
        #expect(ours.agrees(with: theirs), why)
        accepted += 1
      case (.failure, .failure): refused += 1
      case (.success, .failure), (.failure, .success): Issue.record(why)
      }
    }
    #expect(accepted > 2000 && refused > 2000)
  }

  @Test func everyPrefixEndsInAnError() {
    var generator = SeededGenerator(seed: Self.seed)
    for _ in 0..<200 {
      let bytes =
        [UInt8(ascii: "[")] + Self.randomText(depth: 3, loneSurrogates: false, &generator) + [
          UInt8(ascii: "]")
        ]
      for length in 0..<bytes.count { #expect(!Self.skips(Array(bytes[..<length]))) }
      #expect(Self.skips(bytes))
    }
  }

  @Test func anyBytesGiveAnErrorAtWorst() {
    var generator = SeededGenerator(seed: Self.seed)
    let alphabet = Array(#"{}[]:,"\u0dDeE+-.1 truefalsn"#.utf8) + [0xC3, 0xA9, 0xFF, 0]
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...24, using: &generator)).map { _ in
        alphabet.randomElement(using: &generator) ?? 0
      }
      _ = Self.skips(bytes)
      _ = try? JSONTree(reading: bytes)
      var reader = JSONReader(bytes)
      for _ in 0..<12 { Self.randomCall(&reader, &generator) }
    }
  }

  /// Calls that no sensible caller would make in this order.
  private static func randomCall(_ reader: inout JSONReader, _ generator: inout SeededGenerator) {
    switch Int.random(in: 0..<12, using: &generator) {
    case 0: _ = try? reader.beginObject()
    case 1: _ = try? reader.beginArray()
    case 2: _ = try? reader.nextKey()
    case 3: _ = try? reader.nextElement()
    case 4: _ = try? reader.readString()
    case 5: _ = try? reader.readInt64()
    case 6: _ = try? reader.readUInt64()
    case 7: _ = try? reader.readDouble()
    case 8: _ = try? reader.readBool()
    case 9: _ = try? reader.readNull()
    case 10: _ = try? reader.skipValue()
    default:
      _ = reader.key()
      _ = reader.isKey("a")
    }
  }

  private static func skips(_ bytes: [UInt8]) -> Bool {
    var reader = JSONReader(bytes)
    do {
      try reader.skipValue()
      try reader.finish()
      return true
    } catch { return false }
  }

  private static func show(_ bytes: [UInt8]) -> String {
    String(decoding: bytes, as: UTF8.self) + " = \(bytes)"
  }

  private static func damage(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
    for _ in 0..<Int.random(in: 1...2, using: &generator) where !bytes.isEmpty {
      let place = Int.random(in: bytes.indices, using: &generator)
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: bytes.remove(at: place)
      case 1: bytes[place] = Array(#"{}[]:,"\u0e.-1 "#.utf8).randomElement(using: &generator) ?? 0
      case 2: bytes[place] = UInt8.random(in: 0...255, using: &generator)
      default: bytes.insert(bytes[place], at: place)
      }
    }
  }

  private static func randomText(
    depth: Int, loneSurrogates: Bool, _ generator: inout SeededGenerator
  ) -> [UInt8] {
    var text: [UInt8] = []
    func space() {
      while Int.random(in: 0..<6, using: &generator) == 0 {
        text.append(Array(" \n\r\t".utf8).randomElement(using: &generator) ?? 0x20)
      }
    }
    func string(prefix: String = "") {
      text.append(UInt8(ascii: "\""))
      text += Array(prefix.utf8)
      for _ in 0..<Int.random(in: 0...12, using: &generator) {
        let pieces = [
          "a", "bc", "<", " ", "é", "組", "🙂", #"\n"#, #"\\"#, #"\""#, #"\/"#, #"\u00e9"#,
          #"\ud83d\ude42"#, #"\ud83d"#, #"\u0000"#, "0123456789", "\u{7F}",
        ]
        let piece = pieces.randomElement(using: &generator) ?? ""
        let isLone = piece == #"\ud83d"#
        if !isLone || loneSurrogates && Int.random(in: 0..<40, using: &generator) == 0 {
          text += Array(piece.utf8)
        }
      }
      text.append(UInt8(ascii: "\""))
    }
    func number() {
      let numbers = [
        "0", "-0", "1", "-1", "12.5", "1e3", "-1.25E-2", "9223372036854775807",
        "123456789012345678",
        "0.1", "1E+2", "-0.5e0",
      ]
      text += Array((numbers.randomElement(using: &generator) ?? "0").utf8)
    }
    func value(_ depth: Int) {
      space()
      switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &generator) {
      case 0, 1: string()
      case 2: number()
      case 3: text += Array("null".utf8)
      case 4: text += Array((Bool.random(using: &generator) ? "true" : "false").utf8)
      case 5, 6:
        text.append(UInt8(ascii: "{"))
        let count = Int.random(in: 0...4, using: &generator)
        for index in 0..<count {
          space()
          // Which of two equal names wins is not Foundation's to say: names differ.
          string(prefix: String(index))
          space()
          text.append(UInt8(ascii: ":"))
          value(depth - 1)
          if index < count - 1 { text.append(UInt8(ascii: ",")) }
        }
        space()
        text.append(UInt8(ascii: "}"))
      default:
        text.append(UInt8(ascii: "["))
        let count = Int.random(in: 0...4, using: &generator)
        for index in 0..<count {
          value(depth - 1)
          if index < count - 1 { text.append(UInt8(ascii: ",")) }
        }
        space()
        text.append(UInt8(ascii: "]"))
      }
      space()
    }
    value(depth)
    return text
  }
}
