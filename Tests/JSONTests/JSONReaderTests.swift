import Foundation
import JSON
import SeededRandom
import Testing

private func reader(_ text: String) -> JSONReader { JSONReader(Array(text.utf8)) }

/// The error that skipping the whole text gives.
private func skipError(_ bytes: [UInt8]) -> JSONError? {
  var reader = JSONReader(bytes)
  do {
    try reader.skipValue()
    try reader.finish()
    return nil
  } catch { return error }
}

private func skipError(_ text: String) -> JSONError? { skipError(Array(text.utf8)) }

@Suite struct JSONReaderTests {
  @Test func readsWhatIsAskedForAndSkipsTheRest() throws {
    var reader = reader(
      #" { "skip" : [ {"offset":[]}, "]}", -1.5e+3, true,false , null ] , "offset" :12,"#
        + #""na\u006de":"x\n\ud83d\ude42","list":[1 , 2],"none":null,"flag":true,"empty":{},"#
        + #""ratio":0.25 } "#)
    var offset: Int64?
    var name: String?
    var list: [Int64] = []
    var wasNull = false
    var flag = false
    var ratio: Double?
    var skipped: [String] = []
    try reader.beginObject()
    while try reader.nextKey() {
      if reader.isKey("offset") {
        offset = try reader.readInt64()
      } else if reader.isKey("name") {
        name = try reader.readString()
      } else if reader.isKey("list") {
        try reader.beginArray()
        while try reader.nextElement() { list.append(try reader.readInt64()) }
      } else if reader.isKey("none") {
        wasNull = try reader.readNull()
      } else if reader.isKey("flag") {
        flag = try !reader.readNull() && reader.readBool()
      } else if reader.isKey("ratio") {
        ratio = try reader.readDouble()
      } else {
        skipped.append(reader.key())
        try reader.skipValue()
      }
    }
    try reader.finish()
    #expect(offset == 12)
    #expect(name == "x\n🙂")
    #expect(list == [1, 2])
    #expect(wasNull)
    #expect(flag)
    #expect(ratio == 0.25)
    #expect(skipped == ["skip", "empty"])
  }

  @Test func readsAPartOfAnArray() throws {
    let bytes = Array(#"[1] {"a":"b"} 7"#.utf8)
    var object = JSONReader(bytes, in: 4..<13)
    try object.beginObject()
    #expect(try object.nextKey())
    #expect(object.isKey("a") && !object.isKey("ab") && !object.isKey("b"))
    var value = Array("x".utf8)
    try object.readString(into: &value)
    #expect(value == Array("xb".utf8))
    #expect(try !object.nextKey())
    try object.finish()
    #expect(object.position == 9)
    #expect(skipErrorOfPart(bytes, 4..<12) == JSONError(reason: .unexpectedEnd, offset: 8))
    // A range that leaves the array is cut.
    #expect(skipErrorOfPart(bytes, 14..<400) == nil)
  }

  private func skipErrorOfPart(_ bytes: [UInt8], _ range: Range<Int>) -> JSONError? {
    var reader = JSONReader(bytes, in: range)
    do {
      try reader.skipValue()
      try reader.finish()
      return nil
    } catch { return error }
  }

  @Test(arguments: [
    ("", JSONError.Reason.unexpectedEnd, 0), (" \t\r\n", .unexpectedEnd, 4),
    ("[", .unexpectedEnd, 1),
    ("[1", .unexpectedEnd, 2), ("[1,", .unexpectedEnd, 3), ("{", .unexpectedEnd, 1),
    (#"{"a"#, .unexpectedEnd, 3), (#"{"a""#, .unexpectedEnd, 4), (#"{"a":"#, .unexpectedEnd, 5),
    (#"{"a":1"#, .unexpectedEnd, 6), (#""abc"#, .unexpectedEnd, 4), (#""abc\"#, .unexpectedEnd, 5),
    ("tru", .expectedBool, 0), ("t", .expectedBool, 0), ("nul", .expectedValue, 0),
    ("True", .expectedValue, 0), ("truee", .trailingText, 4), ("nan", .expectedValue, 0),
    ("NaN", .expectedValue, 0), ("Infinity", .expectedValue, 0), ("-Infinity", .badNumber, 1),
    ("'a'", .expectedValue, 0), ("[,]", .expectedValue, 1), ("[1,]", .expectedValue, 3),
    ("[1 2]", .expectedCommaOrBracket, 3), ("[1}", .expectedCommaOrBracket, 2),
    ("{]", .expectedName, 1), (#"{"a":1]"#, .expectedCommaOrBrace, 6), ("{,}", .expectedName, 1),
    (#"{"a":1,}"#, .expectedName, 7), ("{1:2}", .expectedName, 1), ("{null:1}", .expectedName, 1),
    (#"{"a" 1}"#, .expectedColon, 5), (#"{"a"=1}"#, .expectedColon, 4),
    (#"{"a"::1}"#, .expectedValue, 5), (#"{"a":}"#, .expectedValue, 5), ("]", .expectedValue, 0),
    ("}", .expectedValue, 0), ("[]]", .trailingText, 2), ("1 2", .trailingText, 2),
    ("{} {}", .trailingText, 3), ("[1]/**/", .trailingText, 3), ("// a\n1", .expectedValue, 0),
    ("01", .trailingText, 1), ("-01", .trailingText, 2), ("+1", .expectedValue, 0),
    (".5", .expectedValue, 0), ("1.", .unexpectedEnd, 2), ("1.e1", .badNumber, 2),
    ("-", .unexpectedEnd, 1), ("--1", .badNumber, 1), ("1e", .unexpectedEnd, 2),
    ("1e+", .unexpectedEnd, 3), ("1ea", .badNumber, 2), ("1e1.5", .trailingText, 3),
    ("0x10", .trailingText, 1), ("1_000", .trailingText, 1), ("-a", .badNumber, 1),
    ("\"\t\"", .controlCharacter, 1), ("\"a\u{0}\"", .controlCharacter, 2),
    (#""\a""#, .badEscape, 1), (#""\'""#, .badEscape, 1), (#""\u12""#, .badEscape, 1),
    (#""\u12g4""#, .badEscape, 1), (#""\U0041""#, .badEscape, 1), (#""\u+123""#, .badEscape, 1),
    (#""\ud800""#, .loneSurrogate, 1), (#""a\udc00""#, .loneSurrogate, 2),
    (#""\ud800\ud800""#, .loneSurrogate, 1), (#""\ud800\n""#, .loneSurrogate, 1),
    (#""\ud800\u0041""#, .loneSurrogate, 1), ("\u{FEFF}1", .expectedValue, 0),
    ("\u{A0}1", .expectedValue, 0), ("\u{C}1", .expectedValue, 0),
  ])
  func refuses(text: String, reason: JSONError.Reason, offset: Int) {
    #expect(skipError(text) == JSONError(reason: reason, offset: offset))
    #expect((try? JSONTree(reading: Array(text.utf8))) == nil)
  }

  @Test(
    arguments: [
      [0xFF], [0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
      [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80],
      [0xF5, 0x80, 0x80, 0x80],
      [0xC3], [0xE4, 0xB8], [0xF0, 0x9F, 0x98], [0xFC, 0x80, 0x80, 0x80, 0x80, 0x80],
    ] as [[UInt8]])
  func refusesWhatIsNotUTF8(sequence: [UInt8]) {
    let bytes = Array(#"["ab"#.utf8) + sequence + Array(#""]"#.utf8)
    #expect(skipError(bytes) == JSONError(reason: .notUTF8, offset: 4))
  }

  @Test(arguments: [
    "0", "-0", "-1", "1.0", "0.0", "1e5", "1E+5", "1e-5", "-0.0e-0", "1.5E3", " [ ] ", "{}", "null",
    "true", "false", #""""#, #""\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE42""#, "\"\u{7F}é組🙂\"",
    #"{"":0}"#, #"{"a":1,"a":2}"#, "[[[[[]]]]]", #"[{"a":[{"b":{}}]},1]"#, "\r\n\t 1\r\n\t ",
    #""\u0000""#, #""\ufffe\uffff""#, #""\uDBFF\uDFFF""#,
    "100000000000000000000000000000000000000000", "0.00000000000000000000000000000000001",
  ])
  func accepts(text: String) throws {
    #expect(skipError(text) == nil)
    let ours = try JSONTree(reading: Array(text.utf8))
    #expect(try ours.agrees(with: JSONTree(foundation: Array(text.utf8))))
  }

  @Test func readsWholeNumbersWithoutLoss() throws {
    let signed: [(String, Int64)] = [
      ("9223372036854775807", .max), ("-9223372036854775808", .min), ("-0", 0), ("0", 0),
      ("9007199254740993", 9_007_199_254_740_993), ("1e18", 1_000_000_000_000_000_000),
      ("1.0", 1), ("-12.50e1", -125), ("1200e-2", 12), ("0.0000", 0), ("0e999999999999999999", 0),
      ("-0.0e-5", 0), ("9.223372036854775807e18", .max), ("0.000001e6", 1),
      ("10000000000000000000000000000e-28", 1), ("-9223372036854775808.0", .min),
    ]
    for (text, value) in signed {
      var reader = reader(text)
      #expect(try reader.readInt64() == value, "\(text)")
      try reader.finish()
    }
    var unsigned = reader("18446744073709551615")
    #expect(try unsigned.readUInt64() == .max)
    var exponent = reader("1.8446744073709551615e+19")
    #expect(try exponent.readUInt64() == .max)
    var small = reader("-2147483648")
    #expect(try small.readInt32() == .min)
  }

  @Test(arguments: [
    ("9223372036854775808", JSONError.Reason.outOfRange), ("-9223372036854775809", .outOfRange),
    ("18446744073709551616", .outOfRange), ("99999999999999999999999", .outOfRange),
    ("1e19", .outOfRange), ("1e999999999999999999", .outOfRange), ("0.5", .notAnInteger),
    ("1e-1", .notAnInteger), ("12.5", .notAnInteger), ("1e-999999999999999999", .notAnInteger),
    ("0.1e-99", .notAnInteger), (#""1""#, .expectedNumber), ("null", .expectedNumber),
    ("true", .expectedNumber), ("[]", .expectedNumber), ("", .unexpectedEnd),
  ])
  func refusesWhatIsNoInt64(text: String, reason: JSONError.Reason) {
    var reader = reader(text)
    #expect(throws: JSONError(reason: reason, offset: 0)) { try reader.readInt64() }
  }

  /// A line of them must not keep the reader busy for minutes.
  @Test(.timeLimit(.minutes(1))) func takesNoStepForEachUnitOfAnExponent() {
    for text in ["1e99999999", "-7.5e134217728", "12e1000000000000"] {
      for _ in 0..<2_000 {
        var reader = reader(text)
        #expect(throws: JSONError(reason: .outOfRange, offset: 0)) { try reader.readInt64() }
      }
    }
  }

  @Test func refusesWhatIsNoUInt64OrInt32() {
    var negative = reader(" -1")
    #expect(throws: JSONError(reason: .outOfRange, offset: 1)) { try negative.readUInt64() }
    var large = reader("18446744073709551616")
    #expect(throws: JSONError(reason: .outOfRange, offset: 0)) { try large.readUInt64() }
    var wide = reader("[ 2147483648]")
    #expect(throws: JSONError(reason: .outOfRange, offset: 2)) {
      try wide.beginArray()
      _ = try wide.nextElement()
      _ = try wide.readInt32()
    }
  }

  @Test func readsDoublesAsStrtodDoes() throws {
    var generator = SeededGenerator(seed: 3)
    var texts = [
      "0.1", "1e22", "1e23", "9007199254740993", "123456789012345678901234567890", "1e-400",
      "1.7976931348623157e308", "5e-324", "2.2250738585072011e-308", "-0.0", "1e-22", "4.35",
      "0.000000000000000000000000000000000000000000000000000000000001",
    ]
    for _ in 0..<5000 {
      let value = Double(bitPattern: UInt64.random(in: 0...UInt64.max, using: &generator))
      if value.isFinite { texts.append(value.description) }
      texts.append(
        "\(Int.random(in: 0...9_999_999, using: &generator))"
          + "e\(Int.random(in: -30...30, using: &generator))"
      )
    }
    for text in texts {
      var reader = reader(text)
      let value = try reader.readDouble()
      #expect(value.bitPattern == strtod(text, nil).bitPattern, "\(text)")
    }
    var huge = reader("1e309")
    #expect(throws: JSONError(reason: .outOfRange, offset: 0)) { try huge.readDouble() }
  }

  @Test(arguments: [#""a""#, "1", "null", "[]", "{}", "true", "x"])
  func saysWhichTypeItExpected(text: String) {
    func reason(_ body: (inout JSONReader) throws(JSONError) -> Void) -> JSONError.Reason? {
      var reader = reader(text)
      do {
        try body(&reader)
        return nil
      } catch { return error.reason }
    }
    #expect(
      reason { (reader: inout JSONReader) throws(JSONError) in _ = try reader.readString() }
        == (text.first == "\"" ? nil : .expectedString))
    #expect(
      reason { (reader: inout JSONReader) throws(JSONError) in try reader.beginArray() }
        == (text == "[]" ? nil : .expectedArray))
    #expect(
      reason { (reader: inout JSONReader) throws(JSONError) in try reader.beginObject() }
        == (text == "{}" ? nil : .expectedObject))
    #expect(
      reason { (reader: inout JSONReader) throws(JSONError) in _ = try reader.readBool() }
        == (text == "true" ? nil : .expectedBool))
  }

  @Test func refusesDeepTexts() {
    let limit = JSONReader.maximumDepth
    for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
      let middle = open == "[" ? "" : "1"
      func nested(_ depth: Int) -> String {
        String(repeating: open, count: depth) + middle + String(repeating: close, count: depth)
      }
      #expect(skipError(nested(limit)) == nil)
      #expect(skipError(nested(limit + 1))?.reason == .tooDeep)
      #expect(skipError(nested(100_000))?.reason == .tooDeep)
    }
    // Siblings are not levels.
    #expect(skipError("[" + String(repeating: "[[]],", count: 10_000) + "[]]") == nil)
  }

  @Test func refusesLongTexts() throws {
    let bytes = [UInt8](repeating: UInt8(ascii: "["), count: JSONReader.maximumBytes + 1)
    #expect(skipError(bytes) == JSONError(reason: .tooLong, offset: 0))
    var reader = JSONReader(bytes, in: 0..<JSONReader.maximumBytes)
    try reader.beginArray()
  }

  @Test func doesNotTrapWhenMisused() {
    var reader = reader("1 ] } 2")
    #expect(throws: JSONError.self) { try reader.nextKey() }
    #expect(throws: JSONError.self) { try reader.nextElement() }
    #expect(reader.key().isEmpty)
    #expect(!reader.isKey("a"))
    #expect((try? reader.readInt64()) == 1)
    #expect(throws: JSONError.self) { try reader.nextElement() }
    #expect(throws: JSONError.self) { try reader.nextKey() }
    #expect(throws: JSONError.self) { try reader.finish() }
  }

  @Test func describesErrors() {
    #expect(
      skipError(#"{"a" 1}"#)?.description == "expected ':' at byte 5")
    #expect(skipError("[")?.description == "unexpected end of text at byte 1")
  }
}
