import Agent
import Foundation
import LagCore
import Testing

@Suite("What survives the agent, as bytes and on disk")
struct StateFormatTests {
  private var state: GovernorState {
    var state = GovernorState()
    state.restarts = [1000, 2000]
    state.graceUntil = 3000
    state.containerSince = 500
    state.failure = GovernorState.Failure(beganAt: 4000, answers: 2, failFor: 180, grace: 300)
    state.groups[GovernorState.GroupName(cluster: "c", group: "a \"g\"")] = GovernorState.Group(
      pausedUntil: 99, gateOpening: 1, members: ["m-1", "m-2"],
      standing: [
        GovernorState.Standing(
          topic: "t", partition: 3, offset: 77, failures: 2, nextAttemptAt: 5000, isTrying: true),
        GovernorState.Standing(
          topic: "t", partition: 4, offset: 78, failures: 1, nextAttemptAt: nil, isTrying: false),
      ])
    state.groups[GovernorState.GroupName(cluster: "c", group: "b")] = GovernorState.Group()
    return state
  }

  @Test("What is written is read back, and an empty state too")
  func roundTrip() throws {
    #expect(try StateFormat.decode(StateFormat.encode(state)) == state)
    #expect(try StateFormat.decode(StateFormat.encode(GovernorState())) == GovernorState())
  }

  @Test("A damaged file is refused with a reason, wherever it ends or is changed")
  func damaged() {
    let bytes = StateFormat.encode(state)
    for length in 0..<bytes.count {
      #expect(throws: StateFormat.Problem.self) {
        try StateFormat.decode(Array(bytes.prefix(length)))
      }
    }
    for place in bytes.indices {
      var changed = bytes
      changed[place] = 0xFF
      _ = try? StateFormat.decode(changed)
    }
    #expect(throws: StateFormat.Problem.version(2)) {
      try StateFormat.decode(Array("{\"version\":2}".utf8))
    }
    #expect(throws: StateFormat.Problem.malformed("it has no version")) {
      try StateFormat.decode(Array("{}".utf8))
    }
  }

  @Test("Keys of later versions are passed over, and numbers beyond their range cannot trap")
  func foreign() throws {
    let text = """
      {"version":1,"more":{"a":[1]},"restarts":[9223372036854775807],"groups":[{"cluster":"c",\
      "group":"g","gateOpening":4000,"members":[],"standing":[{"topic":"t","partition":7,\
      "offset":-5,"failures":9223372036854775807,"isTrying":false}]}]}
      """
    let state = try StateFormat.decode(Array(text.utf8))
    let group = state.groups[GovernorState.GroupName(cluster: "c", group: "g")]
    #expect(group?.gateOpening == nil)
    #expect(group?.standing.first?.failures == .max)
  }

  @Test("A state that is too large leaves groups out")
  func bound() throws {
    var state = GovernorState()
    let members = (0..<GovernorState.maximumMembers).map {
      "\($0)" + String(repeating: "m", count: 200)
    }
    for number in 0..<GovernorState.maximumGroups {
      state.groups[GovernorState.GroupName(cluster: "c", group: "g\(number)")] =
        GovernorState.Group(members: members)
    }
    let bytes = StateFormat.encode(state)
    #expect(bytes.count <= StateFormat.maximumBytes)
    #expect(try StateFormat.decode(bytes).groups.count > 50)
  }

  @Test("A file is replaced as a whole, for this user alone, and a disk that refuses is told")
  func directory() throws {
    let path = NSTemporaryDirectory() + "vole-state-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let directory = StateDirectory(path: path)
    #expect(try directory.read(StateDirectory.stateFile, limit: 100) == nil)
    try directory.replace(StateDirectory.stateFile, with: Array("one".utf8))
    try directory.replace(StateDirectory.stateFile, with: Array("two".utf8))
    #expect(try directory.read(StateDirectory.stateFile, limit: 100) == Array("two".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["state.json"])
    let attributes = try FileManager.default.attributesOfItem(atPath: path + "/state.json")
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    let missing = StateDirectory(path: path + "/none")
    let problem = #expect(throws: StateDirectory.Problem.self) {
      try missing.replace(StateDirectory.stateFile, with: [1])
    }
    #expect(problem?.description.hasPrefix("cannot write \(path)/none/state.json.new: ") == true)
  }
}
