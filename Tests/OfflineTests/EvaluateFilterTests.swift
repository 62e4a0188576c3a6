import Foundation
import Offline
import Testing

/// One window, given in both forms, with the verdict of Burrow's rules.
struct WindowCase: Sendable, CustomTestStringConvertible {
  var name: String
  /// The clock in seconds.
  var now = "100"
  var allowedLag = "0"
  var minimum = "0"
  var lag = "10"
  /// Each `offset,timestamp,lag`, or `~` for an empty one.
  var slots: String
  var heads = ""
  var status: String
  var complete = "1"
  var rule: String

  var testDescription: String { name }

  var compact: String { "\(now) \(allowedLag) \(minimum) \(lag);\(slots);\(heads)" }

  var json: String {
    let offsets = slots.split(separator: " ").map { slot -> String in
      if slot == "~" { return "null" }
      let parts = slot.split(separator: ",")
      let known = parts[2] == "-" ? "null" : String(parts[2])
      return #"{"offset":\#(parts[0]),"timestamp":\#(parts[1]),"lag":\#(known)}"#
    }
    return #"{"id":"\#(name)","now":\#(now),"allowedLag":\#(allowedLag),"#
      + #""minimumComplete":\#(minimum),"currentLag":\#(lag),"#
      + #""offsets":[\#(offsets.joined(separator: ","))],"#
      + #""brokerOffsets":[\#(heads.split(separator: " ").joined(separator: ","))]}"#
  }

  static let all = [
    WindowCase(name: "empty", slots: "", status: "OK", complete: "0", rule: "no-commits"),
    WindowCase(
      name: "all slots empty", slots: "~ ~ ~", status: "OK", complete: "0.33333334",
      rule: "no-commits"),
    WindowCase(
      name: "no lag", lag: "0", slots: "~ 5,90000,9", status: "OK", complete: "0.5",
      rule: "no-lag"),
    WindowCase(
      name: "lag equal to the allowed", allowedLag: "10", slots: "5,90000,9", status: "OK",
      rule: "no-lag"),
    WindowCase(
      name: "lag over the allowed", allowedLag: "9", slots: "5,80000,10 6,99000,10",
      status: "WARN", rule: "lag-not-decreasing"),
    WindowCase(
      name: "silent as long as the window spans", slots: "5,80000,5 6,90000,6", status: "WARN",
      rule: "lag-not-decreasing"),
    WindowCase(
      name: "silent for longer", slots: "5,80001,5 6,90000,6", status: "STOP", rule: "stopped"),
    WindowCase(
      name: "silent, but at the end lately", slots: "5,80001,5 6,90000,6", heads: "9 6 20",
      status: "WARN", rule: "lag-not-decreasing"),
    WindowCase(
      name: "silent, no head that low", slots: "5,80001,5 6,90000,6", heads: "9 7 20",
      status: "STOP", rule: "stopped"),
    WindowCase(
      name: "one commit", slots: "~ ~ ~ 5,99000,5", status: "STOP", complete: "0.25",
      rule: "stopped"),
    WindowCase(
      name: "rewound", slots: "5,80000,5 9,90000,1 7,99000,3", status: "REWIND", rule: "rewound"),
    WindowCase(
      name: "recovered", slots: "5,80000,5 3,90000,7 5,99000,5", status: "OK",
      rule: "lag-decreasing"),
    WindowCase(
      name: "stalled", slots: "5,80000,5 5,90000,5 5,99000,6", status: "STALL", rule: "stalled"),
    WindowCase(
      name: "stalled with a zero", slots: "5,80000,0 5,90000,5 5,99000,6", status: "OK",
      rule: "lag-was-zero"),
    WindowCase(
      name: "decreasing once", slots: "5,80000,5 6,90000,4 7,99000,6", status: "OK",
      rule: "lag-decreasing"),
    WindowCase(
      name: "unknown lags alone", slots: "5,80000,- 6,90000,- 7,99000,-", status: "WARN",
      rule: "lag-not-decreasing"),
    WindowCase(
      name: "incomplete", minimum: "0.5", slots: "~ ~ 5,90000,5", status: "OK",
      complete: "0.33333334", rule: "incomplete"),
    // 0.33333334 is not a third as float64, but the same float32.
    WindowCase(
      name: "as complete as asked", now: "90", minimum: "0.33333334", slots: "~ ~ 5,90000,5",
      status: "STALL", complete: "0.33333334", rule: "stalled"),
    WindowCase(
      name: "nine of ten", minimum: "0.9",
      slots: "~" + (1...9).map { " \($0),9\($0)000,5" }.joined(),
      status: "WARN", complete: "0.9", rule: "lag-not-decreasing"),
    WindowCase(
      name: "more than complete", minimum: "1e30", slots: "5,90000,5", status: "OK",
      rule: "incomplete"),
    // Go's arithmetic wraps; so does ours.
    WindowCase(
      name: "numbers at their limits", now: "9223372036854775807", lag: "18446744073709551615",
      slots: "-9223372036854775808,-9223372036854775808,18446744073709551615 "
        + "9223372036854775807,9223372036854775807,18446744073709551615",
      heads: "9223372036854775807 -9223372036854775808", status: "WARN",
      rule: "lag-not-decreasing"),
  ]
}

@Suite struct EvaluateFilterTests {
  @Test(arguments: WindowCase.all)
  func judgesCompactLines(window: WindowCase) {
    let expected = "\(window.status) \(window.complete)\n"
    #expect(answer(of: CompactEvaluateFilter(), to: window.compact).output == expected)
    let annotated = window.compact + "\tanything;~ 5,\t\n"
    #expect(answer(of: CompactEvaluateFilter(), to: annotated).output == expected)
    let loose = "  " + window.compact.replacing(" ", with: "  ").replacing(";", with: " ; ") + " \r"
    #expect(answer(of: CompactEvaluateFilter(), to: loose).output == expected)
  }

  @Test(arguments: WindowCase.all)
  func judgesJSONLines(window: WindowCase) {
    #expect(
      answer(of: EvaluateFilter(), to: window.json).output
        == #"{"id":"\#(window.name)","status":"\#(window.status)","#
        + #""complete":\#(window.complete),"rule":"\#(window.rule)"}"# + "\n")
  }

  @Test(arguments: ["7", "null", "1.50", #""\u0041<""#, "[1, {\"a\" : 2}]", "true"])
  func givesTheIdBackAsItWasWritten(id: String) {
    let line = #"{"id" :  \#(id) ,"now":1,"currentLag":0,"offsets":[]}"#
    #expect(
      answer(of: EvaluateFilter(), to: line).output
        == #"{"id":\#(id),"status":"OK","complete":0,"rule":"no-commits"}"# + "\n")
  }

  @Test func fillsInWhatIsLeftOut() {
    let verdict = #"{"id":null,"status":"OK","complete":0,"rule":"no-commits"}"# + "\n"
    for line in [
      #"{"now":1,"currentLag":0,"offsets":[]}"#, #"{"offsets":null,"currentLag":0,"now":1e0}"#,
      #"{"now":1,"note":{"now":2},"currentLag":0,"offsets":[null],"offsets":[]}"#,
      #"{"now":1,"currentLag":0,"offsets":[],"brokerOffsets":null}"#,
    ] {
      #expect(answer(of: EvaluateFilter(), to: line).output == verdict, "\(line)")
    }
    // A member left out is not remembered from the line before; a slot may lack its lag.
    let lines = """
      {"id":1,"now":100,"allowedLag":9,"currentLag":9,"offsets":[{"offset":1,"timestamp":99000}]}
      {"now":100,"currentLag":9,"offsets":[{"offset":1,"x":[],"timestamp":100000,"lag":null}]}
      """
    #expect(
      answer(of: EvaluateFilter(), to: lines).output == """
        {"id":1,"status":"OK","complete":1,"rule":"no-lag"}
        {"id":null,"status":"STALL","complete":1,"rule":"stalled"}

        """)
  }

  @Test(arguments: [
    ("x", "not the JSON of a window: expected an object at byte 0"),
    ("[]", "not the JSON of a window: expected an object at byte 0"),
    (
      #"{"now":1,"currentLag":0,"offsets":[]"#,
      "not the JSON of a window: unexpected end of text at byte 36"
    ),
    (
      #"{"now":1,"currentLag":0,"offsets":[]}}"#,
      "not the JSON of a window: text after the value at byte 37"
    ),
    (#"{"currentLag":0,"offsets":[]}"#, #""now" is missing"#),
    (#"{"now":1,"offsets":[]}"#, #""currentLag" is missing"#),
    (#"{"now":1,"currentLag":0}"#, #""offsets" is missing"#),
    (#"{"now":null}"#, "not the JSON of a window: expected a number at byte 7"),
    (#"{"now":1.5}"#, "not the JSON of a window: expected a whole number at byte 7"),
    (#"{"now":"1"}"#, "not the JSON of a window: expected a number at byte 7"),
    (#"{"now":9223372036854775808}"#, "not the JSON of a window: number out of range at byte 7"),
    (#"{"currentLag":-1}"#, "not the JSON of a window: number out of range at byte 14"),
    (
      #"{"allowedLag":18446744073709551616}"#,
      "not the JSON of a window: number out of range at byte 14"
    ),
    (#"{"minimumComplete":"0.5"}"#, "not the JSON of a window: expected a number at byte 19"),
    (#"{"offsets":{}}"#, "not the JSON of a window: expected an array at byte 11"),
    (#"{"offsets":[1]}"#, "not the JSON of a window: expected an object at byte 12"),
    (
      #"{"offsets":[{"offset":1}]}"#,
      "not the JSON of a window: object without a required member at byte 12"
    ),
    (
      #"{"offsets":[{"offset":1,"timestamp":2,"lag":-1}]}"#,
      "not the JSON of a window: number out of range at byte 44"
    ),
    (#"{"brokerOffsets":[null]}"#, "not the JSON of a window: expected a number at byte 18"),
  ])
  func namesBadJSONLines(line: String, problem: String) {
    let good = #"{"now":1,"currentLag":0,"offsets":[]}"#
    let answers = answer(of: EvaluateFilter(), to: "\(good)\n\n \t\n\(line)\n\(good)")
    #expect(answers.lines.count == 2)
    #expect(answers.errors == "vole test: line 4: \(problem)\n")
    #expect(answers.badLines == 1)
  }

  @Test(arguments: [
    ("x", "expected a whole number as now, at column 1"),
    ("1", "expected a whole number as allowedLag, at column 2"),
    ("1 2", "expected a number as minimumComplete, at column 4"),
    ("1 2 x 0;;", "expected a number as minimumComplete, at column 5"),
    ("1 2 .5 0;;", "expected a number as minimumComplete, at column 5"),
    ("1 2 0 ;;", "expected a whole number as currentLag, at column 7"),
    ("1 2 0 -1;;", "expected a whole number as currentLag, at column 7"),
    ("1 2 0 3", "expected ';' before the slots, at column 8"),
    ("1 2 0 3 4;;", "expected ';' before the slots, at column 9"),
    ("1 2 0 3;~", "expected ';' before the heads, at column 10"),
    ("1 2 0 3;~;1;", "expected the end of the line, at column 12"),
    ("1 2 0 3;~~;", "unexpected character in slot, at column 10"),
    ("1 2 0 3;1;", "expected ',' after offset, at column 10"),
    ("1 2 0 3;1,2;", "expected ',' after timestamp, at column 12"),
    ("1 2 0 3;1,2,;", "expected a whole number as lag, at column 13"),
    ("1 2 0 3;1,2,-3;", "unexpected character in lag, at column 14"),
    ("1 2 0 3;1,2,3,4;", "unexpected character in lag, at column 14"),
    ("1 2 0 3;1, 2,3;", "expected a whole number as timestamp, at column 11"),
    ("1 2 0 3;;1,2", "unexpected character in head, at column 11"),
    ("9223372036854775808 2 0 3;;", "now is out of range, at column 1"),
    ("1 18446744073709551616 0 3;;", "allowedLag is out of range, at column 3"),
    ("1 2 0 3;;-9223372036854775809", "head is out of range, at column 10"),
    ("1 2 0 3;-,2,3;", "expected a whole number as offset, at column 10"),
    ("1.0 2 0 3;;", "unexpected character in now, at column 2"),
  ])
  func namesBadCompactLines(line: String, problem: String) {
    let answers = answer(
      of: CompactEvaluateFilter(), to: "1 2 0 3;;\n\n \t1\n\(line)\n1 2 0 3;~;\n")
    #expect(answers.output == "OK 0\nOK 1\n")
    #expect(answers.errors == "vole test: line 4: \(problem)\n")
    #expect(answers.badLines == 1)
  }

  @Test func chunksMakeNoDifference() {
    let json = Array(
      (WindowCase.all.suffix(4).map(\.json) + ["x", ""]).joined(separator: "\n").utf8)
    let compact = Array(
      (WindowCase.all.suffix(9).map(\.compact) + ["x", ""]).joined(separator: "\r\n").utf8)
    let wholeJSON = answer(of: EvaluateFilter(), to: json)
    let wholeCompact = answer(of: CompactEvaluateFilter(), to: compact)
    for cut in 0...json.count
    where answer(of: EvaluateFilter(), to: json, cutAt: [cut]) != wholeJSON {
      Issue.record("cut at \(cut)")
    }
    for cut in 0...compact.count
    where answer(of: CompactEvaluateFilter(), to: compact, cutAt: [cut]) != wholeCompact {
      Issue.record("cut at \(cut)")
    }
  }

  /// Damaged lines of both forms: answered or named, never a trap.
  @Test func anyBytesAreAnsweredOrNamed() {
    var state: UInt64 = 20_261_122
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    for window in WindowCase.all {
      for _ in 0..<60 {
        for (isJSON, text) in [(true, window.json), (false, window.compact)] {
          var bytes = Array(text.utf8)
          for _ in 0...random(3) where !bytes.isEmpty {
            switch random(3) {
            case 0: bytes.remove(at: random(bytes.count))
            case 1: bytes[random(bytes.count)] = UInt8(random(256))
            default: bytes.insert(Array("0-~;, {}[]\"9".utf8)[random(12)], at: random(bytes.count))
            }
          }
          bytes.removeAll { $0 == UInt8(ascii: "\n") }
          let answers =
            isJSON
            ? answer(of: EvaluateFilter(), to: bytes)
            : answer(of: CompactEvaluateFilter(), to: bytes)
          let isBlank = bytes.prefix { $0 != 9 }.allSatisfy { $0 == 32 || $0 == 13 }
          #expect(isBlank || answers.lines.count + answers.badLines == 1)
        }
      }
    }
  }
}
