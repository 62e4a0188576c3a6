import Foundation
import JSON
import SeededRandom
import Testing

/// What `body` writes, as text.
private func written(
  _ escaping: JSONWriter.Escaping = .minimal, _ body: (inout JSONWriter) -> Void
) -> String {
  var writer = JSONWriter(escaping: escaping, capacity: 0)
  body(&writer)
  return String(decoding: writer.finish(), as: UTF8.self)
}

@Suite struct JSONWriterTests {
  @Test func writesIntegersAsStringsOfDigits() {
    let text = written { writer in
      writer.beginObject()
      writer.field("a", decimalString: Int64.min)
      writer.field("b", decimalString: UInt64.max)
      writer.field("c", decimalString: Int64(0))
      writer.endObject()
    }
    #expect(text == #"{"a":"-9223372036854775808","b":"18446744073709551615","c":"0"}"#)
  }

  @Test(arguments: [("\"", #"\""#), ("\n", #"\n"#), ("\u{1}", #"\u0001"#), ("é", "é")])
  func escapesWhereverItStands(special: String, escaped: String) {
    for length in 0..<27 {
      let plain = String("abcdefghijklmnopqrstuvwxyz".prefix(length))
      for place in 0...length {
        let before = plain.prefix(place)
        let after = plain.dropFirst(place)
        let text = written { writer in
          writer.beginObject()
          writer.field("plain", plain)
          writer.field("special", "\(before)\(special)\(after)")
          writer.key("values")
          writer.beginArray()
          writer.value(plain)
          writer.value("\(before)\(special)\(after)\(special)")
          writer.endArray()
          writer.endObject()
        }
        #expect(
          text == "{\"plain\":\"\(plain)\",\"special\":\"\(before)\(escaped)\(after)\","
            + "\"values\":[\"\(plain)\",\"\(before)\(escaped)\(after)\(escaped)\"]}")
      }
    }
  }

  @Test func putsValuesTogetherFromPieces() {
    let text = written { writer in
      writer.beginArray()
      writer.value(1)
      writer.value(atMost: 64) { output in
        output.append(verbatim: "{\"a\":")
        output.append(decimal: Int64.min)
        output.append(verbatim: Array(",\"b\":".utf8).span)
        output.append(decimal: UInt64.max)
      }
      let start = writer.bytes.count
      writer.continuation(atMost: 16) { output in
        output.append(verbatim: ",\"c\":\"")
        output.append(decimal: 12_345, digits: 4)
        output.append(decimal: 6, digits: 3)
        output.append(verbatim: "\"}")
      }
      writer.value(true)
      writer.continuation(repeating: start..<start + 4)
      writer.endArray()
    }
    #expect(
      text == #"[1,{"a":-9223372036854775808,"b":18446744073709551615,"c":"2345006"},true,"c"]"#)
  }

  @Test func separatesMembersAndElements() {
    let text = written { writer in
      writer.beginObject()
      writer.field("a", 1)
      writer.key("b")
      writer.beginArray()
      writer.endArray()
      writer.key("c")
      writer.beginArray()
      writer.null()
      writer.value(true)
      writer.beginObject()
      writer.endObject()
      writer.beginArray()
      writer.value(false)
      writer.endArray()
      writer.value("x")
      writer.value(verbatim: "OK")
      writer.value(Int32(-1))
      writer.value(json: Array("[1]".utf8).span)
      writer.endArray()
      writer.nullField("d")
      writer.key(string: "e\"")
      writer.beginObject()
      writer.endObject()
      writer.key(Array("f\n".utf8).span)
      writer.value(Array("g\t".utf8).span)
      writer.endObject()
      writer.newline()
      writer.beginArray()
      writer.endArray()
    }
    let expected =
      #"{"a":1,"b":[],"c":[null,true,{},[false],"x","OK",-1,[1]],"d":null,"e\"":{},"f\n":"g\t"}"#
    #expect(text == expected + "\n[]")
  }

  @Test func writesEveryKindOfField() {
    let text = written { writer in
      writer.beginObject()
      writer.field("string", "s")
      writer.field("bytes", Array("b".utf8).span)
      writer.field("verbatim", verbatim: "v")
      writer.field("int64", Int64.min)
      writer.field("uint64", UInt64.max)
      writer.field("int32", Int32.min)
      writer.field("int", Int.max)
      writer.field("bool", false)
      writer.field("float", Float(0.1))
      writer.field("double", 0.1)
      writer.endObject()
    }
    #expect(
      text == #"{"string":"s","bytes":"b","verbatim":"v","int64":-9223372036854775808,"#
        + #""uint64":18446744073709551615,"int32":-2147483648,"int":9223372036854775807,"#
        + #""bool":false,"float":0.1,"double":0.1}"#)
  }

  @Test func writesIntegersOfEveryLength() {
    var values: [UInt64] = [0, UInt64.max, UInt64(Int64.max), UInt64(Int64.max) + 1]
    var power: UInt64 = 1
    for _ in 0..<20 {
      values += [power &- 1, power, power &+ 1, power &* 3 &+ 7, power &* 9]
      power = power &* 10
    }
    for value in values {
      #expect(written { $0.value(value) } == String(value))
      let signed = Int64(bitPattern: value)
      #expect(written { $0.value(signed) } == String(signed))
      #expect(
        written { $0.value(Int32(truncatingIfNeeded: value)) }
          == String(Int32(truncatingIfNeeded: value)))
    }
    for value in 0...10_100 { #expect(written { $0.value(value) } == String(value)) }
  }

  /// Go 1.24 `json.Marshal(float32(x))`.
  @Test(
    arguments: [
      (Float(0), "0"), (-0.0, "-0"), (1, "1"), (-1, "-1"), (0.1, "0.1"), (1.0 / 3, "0.33333334"),
      (2.0 / 3, "0.6666667"), (0.9, "0.9"), (0.5, "0.5"), (10, "10"), (100, "100"), (1.5, "1.5"),
      (16_777_216, "16777216"), (16_777_218, "16777218"), (123_456_792, "123456790"),
      (1e20, "100000000000000000000"), (1e21, "1e+21"), (1.5e21, "1.5e+21"), (3.4e38, "3.4e+38"),
      (Float.greatestFiniteMagnitude, "3.4028235e+38"), (1e-6, "0.000001"), (1e-7, "1e-7"),
      (9.9999e-7, "9.9999e-7"), (-1.25e-7, "-1.25e-7"), (0.00001, "0.00001"),
      (Float.leastNonzeroMagnitude, "1e-45"), (Float.leastNormalMagnitude, "1.1754944e-38"),
      (Float.infinity, "null"), (-Float.infinity, "null"), (Float.nan, "null"),
    ] as [(Float, String)])
  func writesFloat32AsGoDoes(value: Float, text: String) {
    #expect(written { $0.value(value) } == text)
  }

  /// Go 1.24 `json.Marshal(x)`.
  @Test(
    arguments: [
      (0.0, "0"), (-0.0, "-0"), (1, "1"), (0.1, "0.1"), (1.0 / 3, "0.3333333333333333"),
      (1e20, "100000000000000000000"), (123_456_789_012, "123456789012"), (1e21, "1e+21"),
      (1e-6, "0.000001"), (1e-7, "1e-7"), (1.7976931348623157e308, "1.7976931348623157e+308"),
      (Double.leastNonzeroMagnitude, "5e-324"), (9_007_199_254_740_992, "9007199254740992"),
      (Double.nan, "null"),
      (-2.5, "-2.5"),
    ] as [(Double, String)])
  func writesFloat64AsGoDoes(value: Double, text: String) {
    #expect(written { $0.value(value) } == text)
  }

  @Test func float32TextIsShortestAndReadsBack() {
    var generator = SeededGenerator(seed: 20_261_120)
    for _ in 0..<20_000 {
      let value = Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &generator))
      guard value.isFinite, value != 0 else { continue }
      let text = written { $0.value(value) }
      #expect(Float(text) == value, "\(text)")
      let digits = text.prefix { $0 != "e" }.filter(\.isNumber)
      let significant = digits.drop { $0 == "0" }
      let count = String(significant.reversed().drop { $0 == "0" }.reversed()).count
      // printf's rounding is independent of ours: one digit fewer must not read back.
      if count > 1 {
        let shorter = String(format: "%.\(count - 2)e", Double(value))
        #expect(Float(shorter) != value, "\(text) against \(shorter)")
      }
    }
  }

  @Test func escapesMinimally() {
    #expect(
      written { $0.value("\"\\/\u{8}\u{C}\n\r\t\u{0}\u{1F}\u{7F}") }
        == #""\"\\/\b\f\n\r\t\u0000\u001f"# + "\u{7F}\"")
    #expect(written { $0.value("<a>&\u{2028}\u{2029}é組🙂") } == "\"<a>&\u{2028}\u{2029}é組🙂\"")
  }

  @Test func escapesAsGoDoes() {
    #expect(
      written(.html) { $0.value("\"\\/\u{8}\u{C}\n\r\t\u{0}\u{1F}\u{7F}") }
        == #""\"\\/\b\f\n\r\t\u0000\u001f"# + "\u{7F}\"")
    #expect(
      written(.html) { $0.value("<a>&\u{2028}\u{2029}é組🙂") }
        == #""\u003ca\u003e\u0026\u2028\u2029é組🙂""#)
    #expect(written(.html) { $0.key(string: "a&b") } == #""a\u0026b":"#)
  }

  @Test func findsWhatNeedsAnEscapeAtEveryPlace() {
    // Eight bytes are looked at together: every byte value at every place of three such words.
    for byte in UInt8.min...0x7F {
      for place in 0..<20 {
        var bytes = [UInt8](repeating: UInt8(ascii: "x"), count: 20)
        bytes[place] = byte
        for escaping in [JSONWriter.Escaping.minimal, .html] {
          let text = written(escaping) { $0.value(bytes.span) }
          let isEscaped =
            byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
            || escaping == .html && "<>&".utf8.contains(byte)
          #expect(text.contains("\\") == isEscaped, "byte \(byte) at \(place)")
          let read = try? JSONSerialization.jsonObject(
            with: Data(text.utf8), options: .fragmentsAllowed)
          #expect(read as? String == String(decoding: bytes, as: UTF8.self))
        }
      }
    }
  }

  /// One U+FFFD a maximal subpart (Unicode 3.9, tables 3-8 to 3-11); Go writes one a byte.
  @Test(
    arguments: [
      ([0xC0, 0xAF], 2, 2), ([0xE0, 0x80, 0xBF], 3, 3), ([0xF0, 0x81, 0x82, 0x41], 3, 3),
      ([0xED, 0xA0, 0x80], 3, 3), ([0xF4, 0x91, 0x92, 0x93, 0xFF], 5, 5), ([0x80], 1, 1),
      ([0xE1, 0x80, 0xE2, 0xF0, 0x91, 0x92, 0xF1, 0xBF, 0x41], 4, 8), ([0xE4, 0xB8], 1, 2),
      ([0xF0, 0x9F, 0x98], 1, 3), ([0xFF], 1, 1),
    ] as [([UInt8], Int, Int)])
  func replacesWhatIsNotUTF8(bytes: [UInt8], subparts: Int, replacedByGo: Int) {
    let padded = Array("ab".utf8) + bytes + Array("<z".utf8)
    let text = written { $0.value(padded.span) }
    #expect(text.unicodeScalars.filter { $0 == "\u{FFFD}" }.count == subparts)
    #expect(text == "\"\(String(decoding: padded, as: UTF8.self))\"")
    let html = written(.html) { $0.value(padded.span) }
    #expect(html.components(separatedBy: #"\ufffd"#).count - 1 == replacedByGo)
    #expect(html.hasSuffix(#"\u003cz""#))
  }

  @Test func keepsItsCapacityWhenCleared() {
    var writer = JSONWriter(capacity: 16)
    writer.value(String(repeating: "x", count: 5000))
    writer.clear()
    #expect(writer.bytes.isEmpty)
    #expect(writer.bytes.capacity >= 5000)
    writer.value(1)
    #expect(writer.bytes == [UInt8(ascii: "1")])
  }

  @Test func appendsToAGivenBuffer() {
    var writer = JSONWriter(appendingTo: Array("HTTP ".utf8))
    writer.value(1)
    #expect(writer.finish() == Array("HTTP 1".utf8))
  }

  @Test func textIsReadBackByFoundation() throws {
    var generator = SeededGenerator(seed: 7)
    for round in 0..<2000 {
      let scalars = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
        Unicode.Scalar(UInt32.random(in: 0...(round % 2 == 0 ? 0x7F : 0x10FFFF), using: &generator))
          ?? "x"
      }
      let string = String(String.UnicodeScalarView(scalars))
      for escaping in [JSONWriter.Escaping.minimal, .html] {
        let text = written(escaping) { writer in
          writer.beginArray()
          writer.value(string)
          writer.value(1)
          writer.endArray()
        }
        let read = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [Any]
        let back = read?.first as? String
        #expect(back.map { Array($0.utf8) } == Array(string.utf8))
      }
    }
  }
}
