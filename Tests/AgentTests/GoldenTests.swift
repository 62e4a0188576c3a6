import Foundation
import Testing

@testable import Agent

/// The examples of `proto-json/golden/` are what the agent really takes and sends.
///
/// `GOLDEN=write` in the environment writes them anew.
@Suite("Golden examples")
struct GoldenTests {
  /// One call: what is asked, and what comes back.
  struct Example: Sendable, CustomStringConvertible {
    let service: String
    let method: String
    /// Tells examples of one method apart; empty for the first.
    var variant = ""
    let request: String
    var isStream = false
    /// Whether the answer is an error.
    var fails = false
    /// What else the request says.
    var fields: [String] = []
    /// Whether the agent has watched three pods that get on for long enough to advise.
    var isSteady = false

    var name: String { variant.isEmpty ? method : "\(method).\(variant)" }
    var description: String { name }
  }

  private static let holder = ["Authorization: Bearer all-0123456789abcdef"]

  static let examples: [Example] = [
    groups("GetGroupStatus", "{\"group\":\"orders\"}"),
    groups("GetGroupStatus", "windows", "{\"group\":\"orders\",\"windows\":true}"),
    groups("GetGroupStatus", "unknown", "{\"group\":\"quiet\",\"cluster\":\"local\"}"),
    groups("GetGroupStatus", "not_found", "{\"group\":\"typo\"}", fails: true),
    groups("GetGroupStatus", "invalid_argument", "{}", fails: true),
    groups("GetGroupStatus", "malformed", "{\"group\":1}", fails: true),
    groups("ListGroups", "{}"),
    groups("ListGroups", "not_found", "{\"cluster\":\"typo\"}", fails: true),
    groups("WatchGroupStatus", "{\"group\":\"orders\",\"maxIntervalSeconds\":60}", isStream: true),
    groups("WatchGroupStatus", "not_found", "{\"group\":\"typo\"}", isStream: true, fails: true),
    groups("WatchGroups", "{}", isStream: true),
    groups("ExplainGroup", "{\"group\":\"orders\"}"),
    groups(
      "ExplainGroup", "partition",
      "{\"group\":\"orders\",\"topic\":\"orders\",\"partition\":1}"),
    groups(
      "ExplainGroup", "not_found", "{\"group\":\"orders\",\"topic\":\"typo\"}", fails: true),
    groups("GetScaleHint", "{\"group\":\"g\"}", isSteady: true),
    groups("GetScaleHint", "unavailable", "{\"group\":\"orders\"}", fails: true),
    groups(
      "PauseGroup", "{\"group\":\"orders\",\"seconds\":600,\"reason\":\"maintenance\"}",
      fields: holder),
    groups(
      "PauseGroup", "permission_denied", "{\"group\":\"orders\",\"seconds\":600}", fails: true),
    groups("PauseGroup", "invalid_argument", "{\"group\":\"orders\"}", fails: true, fields: holder),
    groups("ResumeGroup", "{\"group\":\"orders\"}", fields: holder),
    groups("GetAgentInfo", "{}"),
    groups("SetLogLevel", "{\"level\":\"DEBUG\"}", fields: holder),
    groups("SetLogLevel", "permission_denied", "{\"level\":\"DEBUG\"}", fails: true),
    groups(
      "SetLogLevel", "unauthenticated", "{\"level\":\"DEBUG\"}", fails: true,
      fields: ["Authorization: Bearer wrong"]),
    health("Check", "{\"service\":\"orders\"}"),
    health("Check", "agent", "{}"),
    health("Check", "not_found", "{\"service\":\"typo\"}", fails: true),
    health("Watch", "{\"service\":\"orders\"}", isStream: true),
    health("Watch", "unknown", "{\"service\":\"typo\"}", isStream: true),
  ]

  private static func groups(
    _ method: String, _ request: String, isStream: Bool = false, fails: Bool = false,
    fields: [String] = [], isSteady: Bool = false
  ) -> Example {
    var example = groups(method, "", request, isStream: isStream, fails: fails, fields: fields)
    example.isSteady = isSteady
    return example
  }

  private static func groups(
    _ method: String, _ variant: String, _ request: String, isStream: Bool = false,
    fails: Bool = false, fields: [String] = []
  ) -> Example {
    Example(
      service: RPCService.groups, method: method, variant: variant, request: request,
      isStream: isStream, fails: fails, fields: fields)
  }

  private static func health(
    _ method: String, _ request: String, isStream: Bool = false, fails: Bool = false
  ) -> Example {
    health(method, "", request, isStream: isStream, fails: fails)
  }

  private static func health(
    _ method: String, _ variant: String, _ request: String, isStream: Bool = false,
    fails: Bool = false
  ) -> Example {
    Example(
      service: RPCService.health, method: method, variant: variant, request: request,
      isStream: isStream, fails: fails)
  }

  private static let directory = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "proto-json/golden")

  /// Compares a file with what it should hold; its last line ends as lines do.
  private func check(_ name: String, _ text: String) throws {
    let file = Self.directory.appending(path: name)
    if ProcessInfo.processInfo.environment["GOLDEN"] == "write" {
      try FileManager.default.createDirectory(
        at: Self.directory, withIntermediateDirectories: true)
      try Data("\(text)\n".utf8).write(to: file)
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == "\(text)\n", "\(name)")
  }

  private static func steady() throws -> RPCWorld {
    var world = try DecisionWorld("[scale.a]\nhistory = 60")
    try world.run(seconds: 240)
    return RPCWorld(world.world)
  }

  @Test("Requests are taken, and answered so", arguments: examples)
  func example(_ example: Example) throws {
    let host = try example.isSteady ? Self.steady() : RPCTests.stalled()
    if !example.fields.isEmpty { host.tokens = try TokenTests.tokens }
    let exchange = host.open(
      "\(example.service)/\(example.method)", example.request, fields: example.fields,
      isStream: example.isStream)
    exchange.resume()
    let answer = example.isStream ? exchange.messages.first : exchange.body
    #expect((exchange.status == 200) != (example.fails && !example.isStream))
    try check("\(example.name).request.json", example.request)
    try check(
      "\(example.name).\(example.fails ? "error" : "response").json", try #require(answer))
  }

  @Test("Nothing else lies beside")
  func complete() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.directory.path)
    let expected = Self.examples.flatMap {
      ["\($0.name).request.json", "\($0.name).\($0.fails ? "error" : "response").json"]
    }
    #expect(Set(files) == Set(expected))
  }
}
