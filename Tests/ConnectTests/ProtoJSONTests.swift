import Connect
import JSON
import Testing

/// Reading messages by protobuf's canonical JSON mapping.
@Suite struct ProtoJSONTests {
  private func read(_ text: String) throws(ProtoJSONError) -> TestMessage {
    try MessageSchema.test.read(Array(text.utf8)[...])
  }

  private func expect(
    _ text: String, _ change: (inout TestMessage) -> Void,
    _ location: SourceLocation = #_sourceLocation
  ) {
    var expected = TestMessage()
    change(&expected)
    do throws(ProtoJSONError) {
      let message = try read(text)
      #expect(message == expected, "\(text)", sourceLocation: location)
    } catch {
      Issue.record("\(text): \(error)", sourceLocation: location)
    }
  }

  private func expectError(
    _ text: String, _ words: String, _ location: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: ProtoJSONError.self, "\(text)", sourceLocation: location) {
      try read(text)
    }
    #expect(error?.description == words, sourceLocation: location)
  }

  @Test func bothNamesOfAFieldAreKnown() {
    expect(#"{"totalLag":"5"}"#) { $0.totalLag = 5 }
    expect(#"{"total_lag":"5"}"#) { $0.totalLag = 5 }
    expect(#"{"\u0074otalLag":"5"}"#) { $0.totalLag = 5 }
    // Case counts otherwise.
    expect(#"{"TotalLag":"5","totallag":"5","total_Lag":"5"}"#) { _ in }
  }

  @Test(arguments: [
    ("9007199254740993", 9_007_199_254_740_993), ("\"9007199254740993\"", 9_007_199_254_740_993),
    ("\"-9223372036854775808\"", Int64.min), ("9223372036854775807", Int64.max),
    ("1e2", 100), ("\"1e2\"", 100), ("1.0", 1), ("\"1.0\"", 1), ("1.5e1", 15), ("-0", 0),
    ("\"-0\"", 0), ("1E+2", 100), ("100e-2", 1),
  ])
  func integersAreNumbersOrStrings(text: String, value: Int64) {
    expect("{\"totalLag\":\(text)}") { $0.totalLag = value }
    expect("{\"maybe\": \(text) }") { $0.maybe = value }
  }

  @Test(arguments: [
    "\"\"", "\" 1\"", "\"1 \"", "\"+1\"", "\"0x1\"", "\"1,0\"", "\"NaN\"", "\"1e\"", "\"01\"",
    "\"--1\"", "\"1\\u0000\"",
  ])
  func aStringMustHoldANumberAndNothingElse(text: String) {
    expectError("{\"totalLag\":\(text)}", "field \"totalLag\": expected a number at byte 12")
  }

  @Test(arguments: [
    ("totalLag", "1.5", "expected a whole number"),
    ("totalLag", "\"1.5\"", "expected a whole number"),
    ("totalLag", "9223372036854775808", "number out of range"),
    ("totalLag", "\"1e999999999\"", "number out of range"),
    ("count", "2147483648", "number out of range"),
    ("count", "\"-2147483649\"", "number out of range"),
    ("small", "-1", "number out of range"), ("small", "4294967296", "number out of range"),
    ("size", "\"-1\"", "number out of range"),
    ("size", "18446744073709551616", "number out of range"),
    ("totalLag", "true", "expected a number"), ("totalLag", "[]", "expected a number"),
    ("kind", "2147483648", "number out of range"), ("kind", "1.5", "expected a whole number"),
    ("isOn", "\"true\"", "expected true or false"), ("isOn", "1", "expected true or false"),
    ("name", "1", "expected a string"), ("names", "\"a\"", "expected an array"),
    ("inner", "[]", "expected an object"), ("data", "\"a\"", "expected base64"),
    ("data", "\"YQ=\"", "expected base64"), ("data", "\"Y Q=\"", "expected base64"),
  ])
  func otherValuesAreRefused(field: String, value: String, words: String) {
    expectError(
      "{\"\(field)\":\(value)}", "field \"\(field)\": \(words) at byte \(field.utf8.count + 4)")
  }

  @Test func theEdgesOfEachTypeAreRead() {
    expect(#"{"count":-2147483648}"#) { $0.count = .min }
    expect(#"{"count":"2147483647"}"#) { $0.count = .max }
    expect(#"{"small":"4294967295"}"#) { $0.small = .max }
    expect(#"{"size":"18446744073709551615"}"#) { $0.size = .max }
    expect(#"{"size":18446744073709551615}"#) { $0.size = .max }
    expect(#"{"isOn":true}"#) { $0.isOn = true }
    expect(#"{"name":"\ud83d\ude08"}"#) { $0.name = "😈" }
  }

  @Test func enumsAreNamesOrNumbers() {
    expect(#"{"kind":"KIND_GOOD"}"#) { $0.kind = 1 }
    expect(#"{"kind":1}"#) { $0.kind = 1 }
    // Enums are open: a number that has no name is kept, a name that has no number is ignored.
    expect(#"{"kind":77}"#) { $0.kind = 77 }
    expect(#"{"kind":-1}"#) { $0.kind = -1 }
    expect(#"{"kind":"KIND_NEW"}"#) { _ in }
    expect(#"{"kind":"kind_good"}"#) { _ in }
  }

  @Test(
    arguments: [
      ("1s", 1, 0), ("1.020s", 1, 20_000_000), ("-0.020s", 0, -20_000_000),
      ("-1.5s", -1, -500_000_000), ("0s", 0, 0), ("1.000000001s", 1, 1),
      ("315576000000s", 315_576_000_000, 0), ("-315576000000s", -315_576_000_000, 0),
      ("315575999999.999999999s", 315_575_999_999, 999_999_999), ("007s", 7, 0),
    ] as [(String, Int64, Int32)])
  func durationsAreSecondsWithAFraction(text: String, seconds: Int64, nanoseconds: Int32) {
    expect("{\"wait\":\"\(text)\"}") {
      $0.wait = ProtoDuration(seconds: seconds, nanoseconds: nanoseconds)
    }
  }

  @Test(arguments: [
    "", "s", "1", "1.s", ".5s", "1.0000000001s", "315576000001s", "315576000000.1s", "1m", "1 s",
    " 1s", "1.5.5s", "--1s", "1e2s", "99999999999999999999999s", "1.-5s",
  ])
  func otherDurationsAreRefused(text: String) {
    expectError(
      "{\"wait\":\"\(text)\"}",
      "field \"wait\": expected a duration such as \"1.5s\" at byte 8")
  }

  @Test func aDurationInNanosecondsStopsAtTheEndOf64Bits() {
    let small = ProtoDuration(seconds: -1, nanoseconds: -500_000_000)
    #expect(small.totalNanoseconds == -1_500_000_000)
    #expect(ProtoDuration(seconds: 315_576_000_000).totalNanoseconds == .max)
    #expect(ProtoDuration(seconds: -315_576_000_000).totalNanoseconds == .min)
  }

  @Test func bytesAreBase64OfAnyKind() {
    for text in ["-_8=", "+/8=", "-_8", "+/8"] {
      expect("{\"data\":\"\(text)\"}") { $0.data = [0xFB, 0xFF] }
    }
    expect(#"{"data":""}"#) { _ in }
  }

  @Test func nullIsUnset() {
    expect(
      #"{"name":null,"count":null,"isOn":null,"data":null,"wait":null,"maybe":null,"kind":null,"#
        + #""names":null,"inner":null,"inners":null,"unknown":null}"#
    ) { _ in }
    expectError(#"{"names":["a",null]}"#, "field \"names\": null in an array at byte 14")
  }

  @Test func presenceCountsWhereItIsAskedFor() {
    expect(#"{"maybe":0}"#) { $0.maybe = 0 }
    expect(#"{"inner":{}}"#) { $0.inner = TestMessage.Inner() }
  }

  @Test func arraysAndMessagesNest() {
    expect(#"{"names":["a","b"],"numbers":[1,"2",3.0],"inners":[{},{"group":"g"}]}"#) {
      $0.names = ["a", "b"]
      $0.numbers = [1, 2, 3]
      $0.inners = [TestMessage.Inner(), TestMessage.Inner(group: "g")]
    }
    expectError(
      #"{"inners":[{"group":true}]}"#, "field \"inners.group\": expected a string at byte 20")
  }

  @Test func aFieldIsThereOnce() {
    expectError(#"{"name":"a","name":"b"}"#, "field \"name\": the field is repeated at byte 19")
    expectError(
      #"{"totalLag":1,"total_lag":2}"#, "field \"totalLag\": the field is repeated at byte 26")
    expectError(#"{"name":null,"name":"b"}"#, "field \"name\": the field is repeated at byte 20")
  }

  @Test func everythingIsBounded() {
    let many = String(repeating: "1,", count: 4_095)
    #expect(throws: Never.self) { try read("{\"numbers\":[\(many)1]}") }
    #expect(throws: ProtoJSONError(.tooManyElements, path: "numbers", offset: 8_204)) {
      try read("{\"numbers\":[\(many)1,1]}")
    }
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: ProtoJSONError(.json(.tooDeep), offset: 68)) { try read("{\"x\":\(deep)") }
  }

  @Test func theWholeTextIsTheMessage() {
    expectError("{} x", "text after the value at byte 3")
    expectError("", "zero-length payload is not a valid JSON object")
    expectError("null", "expected an object at byte 0")
    expect(" {\n} ") { _ in }
  }

  // MARK: Writing

  private func written(_ write: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter()
    writer.beginObject()
    write(&writer)
    writer.endObject()
    return String(decoding: writer.finish(), as: UTF8.self)
  }

  @Test func bytesArePaddedBase64() {
    #expect(written { $0.field("d", bytes: [0xFB, 0xFF].span) } == #"{"d":"+/8="}"#)
  }

  @Test(arguments: [
    (0, "0s"), (1_020, "1.020s"), (-20, "-0.020s"), (60_000, "60s"), (-1_500, "-1.500s"),
    (Int64.max, "315576000000s"), (Int64.min, "-315576000000s"),
  ])
  func durationsAreWrittenInMilliseconds(milliseconds: Int64, text: String) {
    #expect(written { $0.field("d", durationMilliseconds: milliseconds) } == "{\"d\":\"\(text)\"}")
  }

  @Test(arguments: [
    (0, "1970-01-01T00:00:00Z"), (1_020, "1970-01-01T00:00:01.020Z"),
    (951_782_400_000, "2000-02-29T00:00:00Z"), (1_798_761_599_999, "2026-12-31T23:59:59.999Z"),
    (-1, "1969-12-31T23:59:59.999Z"), (-11_676_096_000_000, "1600-01-01T00:00:00Z"),
    (Int64.min, "0001-01-01T00:00:00Z"), (Int64.max, "9999-12-31T23:59:59.999Z"),
  ])
  func timestampsAreRFC3339(milliseconds: Int64, text: String) {
    #expect(
      written { $0.field("t", timestampMilliseconds: milliseconds) } == "{\"t\":\"\(text)\"}")
  }
}
