import Foundation
import Testing

@Suite("vole config")
struct ConfigTests {
  private let toml = """
    [client-profile.p]
    sasl = "s"
    [sasl.s]
    username = "vole"
    password = "hush"
    [cluster.main]
    servers = ["kafka:9092"]
    client-profile = "p"
    [consumer.main]
    groups = ["file"]
    [general]
    pidfile = "/p"
    """

  private func run(
    _ toml: String, _ arguments: [String] = []
  ) throws -> (path: String, result: VoleProcess.Result) {
    let file = FileManager.default.temporaryDirectory.appending(path: "vole-\(UUID()).toml")
    try Data(toml.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return (file.path, try VoleProcess.run(["config", "--config", file.path] + arguments))
  }

  @Test("Each value with its origin, secrets hidden; what has no effect is told beside")
  func shows() throws {
    let (path, result) = try run(toml, ["--group", "orders"])
    #expect(result.code == 0)
    let lines = result.output.split(separator: "\n").map(String.init)
    #expect(lines.first?.hasPrefix("# \(path), fingerprint ") == true)
    for line in [
      "consumer.main.groups = [\"orders\"]  # --group",
      "cluster.main.servers = [\"kafka:9092\"]  # \(path):7",
      "cluster.main.offset-refresh = 10  # default",
      "sasl.s.password = \"<hidden>\"  # \(path):5",
    ] {
      #expect(lines.contains(line), "\(line)")
    }
    #expect(!result.output.contains("hush"))
    #expect(
      result.errors
        == "vole config: warning: \(path):12: general.pidfile: has no effect: no PID file is "
        + "written\n")
  }

  @Test("What is shown is TOML that says the same again")
  func isTOML() throws {
    let first = try run(toml).result.output
    let second = try run(first).result.output
    let values = { (text: String) in
      text.split(separator: "\n").dropFirst().map { $0.split(separator: "  # ")[0] }
    }
    #expect(!values(first).isEmpty)
    #expect(values(first) == values(second))
  }

  @Test("With --check only what is wrong is told, every mistake in a line")
  func checks() throws {
    let right = try run(toml, ["--check"])
    #expect(right.result.code == 0)
    #expect(right.result.output.isEmpty)
    let (path, wrong) = try run(toml.replacing("servers", with: "server") + "\nx = 1", ["--check"])
    #expect(wrong.code == 2)
    #expect(wrong.output.isEmpty)
    let lines = wrong.errors.split(separator: "\n").map(String.init)
    #expect(lines.count == 4)
    #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("vole config: \(path):") })
    #expect(!wrong.errors.contains("hush"))
  }
}
