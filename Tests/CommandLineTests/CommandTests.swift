import Foundation
import Testing

@Suite("Commands, as a person runs them")
struct CommandTests {
  @Test("Help lists every command, and every command has help")
  func help() throws {
    let result = try VoleProcess.run(["--help"])
    #expect(result.code == 0)
    #expect(result.errors.isEmpty)
    for command in [
      "run", "status", "check", "explain", "demo", "decode", "evaluate", "replay", "doctor",
      "config",
    ] {
      #expect(result.output.contains("\n  \(command) "))
      let own = try VoleProcess.run([command, "--help"])
      #expect(own.code == 0)
      #expect(own.output.hasPrefix("Usage: vole \(command)"))
      #expect(own.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }
    let version = try VoleProcess.run(["--version"])
    #expect(version.output.hasPrefix("vole "))
  }

  @Test(
    "What is wrong with the command line is told in one line",
    arguments: [
      ([], "vole: no command is given (vole --help lists them)\n"),
      (["rum"], "vole: unknown command rum (did you mean run?)\n"),
      (["run", "--grop"], "vole run: unknown option --grop (did you mean --group?) "),
      (["decode", "file"], "vole decode: unexpected argument \"file\" "),
      (["replay"], "vole replay: FILE is missing "),
    ])
  func wrongUsage(arguments: [String], line: String) throws {
    let result = try VoleProcess.run(arguments)
    #expect(result.code == 2)
    #expect(result.errors.hasPrefix(line), "\(result.errors)")
    #expect(result.errors.split(separator: "\n").count == 1)
    #expect(result.output.isEmpty)
  }

  @Test(
    "Empty input is an empty answer",
    arguments: [["decode"], ["evaluate"], ["evaluate", "--compact"]])
  func emptyInput(arguments: [String]) throws {
    let result = try VoleProcess.run(arguments)
    #expect(result.code == 0)
    #expect(result.output.isEmpty)
    #expect(result.errors.isEmpty)
  }

  private var capture: URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("ConsumerOffsetsTests/Fixtures/consumer_offsets_capture.jsonl")
  }

  @Test("decode: one line out for each line in, whatever the line is")
  func decode() throws {
    var input = try Data(contentsOf: capture)
    input.append(Data("nonsense\n{\"key\":\"zz\"}\n".utf8))
    let result = try VoleProcess.run(["decode"], input: input)
    #expect(result.code == 0)
    let lines = result.output.split(separator: "\n")
    #expect(lines.count == 2050)
    #expect(lines.suffix(2).allSatisfy { $0.hasPrefix("{\"type\":\"malformed\",\"reason\":") })
    #expect(lines.dropLast(2).allSatisfy { !$0.contains("\"malformed\"") })
  }

  @Test("evaluate --compact: verdicts, an error for a bad line, and exit code 2 at the end")
  func evaluate() throws {
    let input = """
      1000 0 0 10;100,990000,5 100,995000,8;110
      bad line
      1000 0 0 0;~ 100,990000,5;100\tignored
      """
    let result = try VoleProcess.run(["evaluate", "--compact"], input: Data("\(input)\n".utf8))
    #expect(result.code == 2)
    #expect(result.output == "STALL 1\nOK 0.5\n")
    #expect(result.errors.hasPrefix("vole evaluate: line 2: "))
    #expect(result.errors.split(separator: "\n").count == 1)
  }

  @Test("replay --state: what stands at the end of the captured log of Kafka 4.3.1")
  func replay() throws {
    let text = try String(contentsOf: capture, encoding: .utf8)
    let lines = text.split(separator: "\n").filter { $0.contains("\"source\":\"kafka-4.3.1\"") }
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(
      "vole-\(UUID().uuidString).jsonl")
    try lines.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    let result = try VoleProcess.run(["replay", "--state", file.path])
    #expect(result.code == 0, "\(result.errors)")
    let state = result.output.split(separator: "\n")
    #expect(state.count == 193)
    let doomed = state.filter { $0.contains("\"group\":\"on-doomed\"") }
    #expect(doomed.count == 1, "the topic doomed was deleted, and its offsets with it")
    #expect(doomed.allSatisfy { $0.contains("\"topic\":\"orders\"") })
    #expect(!state.contains { $0.contains("\"group\":\"txn-hang\"") }, "it was aborted")
  }

  @Test("An option of --timeline without it is refused, not passed over")
  func idleOption() throws {
    let result = try VoleProcess.run(["replay", "--state", "--hold", "5", "-"])
    #expect(result.code == 2)
    #expect(
      result.errors == "vole replay: --hold goes with --timeline (vole replay --help)\n")
  }

  @Test("A file that cannot be read is told with its name")
  func missingFile() throws {
    let result = try VoleProcess.run(["replay", "--state", "/nonexistent/log"])
    #expect(result.code == 2)
    #expect(result.errors.contains("/nonexistent/log"))
  }
}
