import Console
import Testing

@Suite("What is shown on a terminal")
struct ViewTests {
  private static let widths = [40, 80, 120, 160]
  private let plain = Paint(isOn: false)

  private var groups: [GroupStatus] {
    get throws {
      try [Samples.healthy, Samples.stalled, Samples.slow, Samples.unknown]
        .map { try Samples.group($0) }
    }
  }

  @Test("All groups", arguments: widths)
  func groups(width: Int) throws {
    try Golden.expect(
      GroupsView(groups).lines(width: width, plain), "groups-\(width)", width: width)
  }

  @Test("All groups, in colours")
  func colouredGroups() throws {
    let lines = GroupsView(try groups).lines(width: 80, Paint(isOn: true))
    try Golden.expect(lines, "groups-80-colours", width: 80)
    let bare = GroupsView(try groups).lines(width: 80, plain)
    #expect(lines.map { $0.replacing(/\u{1B}\[[0-9;]*m/, with: "") } == bare)
  }

  @Test("Groups of several clusters name theirs")
  func clusters() throws {
    var groups = try groups
    groups[1].cluster = "other"
    try Golden.expect(GroupsView(groups).lines(width: 100, plain), "clusters-100", width: 100)
  }

  @Test("One group with its partitions", arguments: widths)
  func group(width: Int) throws {
    let view = GroupView(try Samples.group(Samples.stalled))
    try Golden.expect(view.lines(width: width, plain), "group-\(width)", width: width)
  }

  @Test("One group in colours")
  func colouredGroup() throws {
    let view = GroupView(try Samples.group(Samples.stalled))
    try Golden.expect(view.lines(width: 80, Paint(isOn: true)), "group-80-colours", width: 80)
  }

  @Test("A group of which nothing is known but its name")
  func bareGroup() throws {
    let view = GroupView(try Samples.group(#"{"group":"g","verdict":"UNKNOWN"}"#))
    try Golden.expect(view.lines(width: 80, plain), "group-bare-80", width: 80)
  }

  @Test("The agent", arguments: widths)
  func agent(width: Int) throws {
    let agent = try AgentInfoAnswer(parsing: Array(Samples.agent.utf8)).agent
    try Golden.expect(AgentView(agent).lines(width: width, plain), "agent-\(width)", width: width)
  }

  @Test("Why a group is ERR, and what probes answer", arguments: widths)
  func explanation(width: Int) throws {
    let view = ExplanationView(try Explanation(parsing: Array(Samples.explanation.utf8)))
    try Golden.expect(view.lines(width: width, plain), "explanation-\(width)", width: width)
  }

  @Test("The same in colours")
  func colouredExplanation() throws {
    let view = ExplanationView(try Explanation(parsing: Array(Samples.explanation.utf8)))
    let lines = view.lines(width: 80, Paint(isOn: true))
    try Golden.expect(lines, "explanation-80-colours", width: 80)
  }

  @Test("A number that the evidence has in whole seconds is not told twice")
  func toldOnce() throws {
    let text = """
      {"status":{},"decisions":[{"probe":"READINESS","passes":false,"clauses":[
      {"name":"gate","evidence":"no sign yet, for 48 s","measured":48.7,"unit":"seconds"},
      {"name":"other","evidence":"no sign yet, for a while","measured":48.7,"unit":"seconds"}]}]}
      """
    let view = ExplanationView(try Explanation(parsing: Array(text.utf8)))
    let lines = view.lines(width: 80, plain)
    #expect(lines.contains { $0.hasSuffix("  no sign yet, for 48 s") })
    #expect(lines.contains { $0.hasSuffix("  no sign yet, for a while [48.7 seconds]") })
  }

  @Test("A chart of offsets that are beyond all, or go back, never traps")
  func extremeOffsets() throws {
    for offsets in [
      ["9223372036854775807", "-9223372036854775808"], ["0", "0"], ["5", "3"], ["7"], [],
    ] {
      let window = offsets.map { #"{"offset":"\#($0)","lag":"18446744073709551615"}"# }
      let text = """
        {"status":{"partitions":[{"topic":"t","partition":0,"lag":"1","committedOffset":"3",
        "window":[\(window.joined(separator: ","))]}]}}
        """
      let explanation = try Explanation(parsing: Array(text.utf8))
      for width in [40, 80, 120] {
        for line in ExplanationView(explanation).lines(width: width, plain) {
          #expect(TerminalText.width(line) <= width)
        }
      }
    }
  }

  @Test("Where the terminal is low, those stay that are in trouble, and the rest is counted")
  func low() throws {
    var many = try (0..<40).map { number in
      var group = try Samples.group(Samples.healthy)
      group.group = "group-\(number)"
      return group
    }
    many.insert(try Samples.group(Samples.stalled), at: 20)
    let lines = GroupsView(many).lines(width: 80, height: 10, plain)
    #expect(lines.count <= 10)
    #expect(lines.contains { $0.hasPrefix("payments ") })
    #expect(lines.last == "41 groups: 1 ERR, 40 OK (35 not shown: the terminal is too low)")
    var group = try Samples.group(Samples.stalled)
    for number in 1...40 {
      var partition = group.partitions[0]
      partition.partition = number
      group.partitions.insert(partition, at: 0)
    }
    let partitions = GroupView(group).lines(width: 80, height: 16, plain)
    #expect(partitions.count == 16)
    #expect(partitions.count { $0.contains("STALL ") } == 2)
    #expect(partitions.last?.hasSuffix("partitions more: the terminal is too low") == true)
  }

  @Test("No group is told in words")
  func none() {
    #expect(GroupsView([]).lines(width: 80, plain) == ["no group has committed anything yet"])
  }

  @Test("Whatever the width, no line is wider and nothing traps", arguments: 1...60)
  func anyWidth(width: Int) throws {
    let groups = try groups
    for line in GroupsView(groups).lines(width: max(20, width), plain) {
      #expect(TerminalText.width(line) <= max(20, width))
    }
    _ = GroupsView(groups).lines(width: width, height: width, plain)
    for group in groups { _ = GroupView(group).lines(width: width, height: width, plain) }
  }
}
