import Foundation
import Testing

@Suite("vole demo, as a person runs it")
struct DemoTests {
  /// Long enough for every verdict on a slow machine; the verdicts themselves need about 15 s.
  private static let seconds = "28"
  private static let consumers = ["healthy", "slow", "stalled", "stopped", "rewinding"]

  /// All demos, started at once and run side by side: they mostly wait.
  private static let demos: [String: VoleProcess.Result] = {
    var arguments = ["verdicts": ["demo", "--seconds", seconds]]
    arguments["recovery"] = ["demo", "--scene", "recovery", "--seconds", "45"]
    for consumer in consumers {
      arguments[consumer] = ["demo", "--seconds", seconds, "--sabotage", consumer]
    }
    let running = arguments.compactMapValues { try? VoleProcess.start($0) }
    return running.compactMapValues { try? $0.finish() }
  }()

  @Test("All consumers get the verdict that is expected, and the addresses are told")
  func verdicts() throws {
    let result = try #require(Self.demos["verdicts"])
    #expect(result.code == 0, "\(result.output)\(result.errors)")
    #expect(result.output.hasSuffix("vole demo: 5 of 5 verdicts as expected\n"))
    for line in [
      "ok   healthy     expected OK          got OK",
      "ok   slow        expected WARN        got WARN",
      "ok   stalled     expected ERR STALL   got ERR STALL",
      "ok   stopped     expected ERR STOP    got ERR STOP",
      "ok   rewinding   expected ERR REWIND  got ERR REWIND",
    ] {
      #expect(result.output.contains(line), "\(line) in \(result.output)")
    }
    #expect(result.output.contains("curl -i http://127.0.0.1:"))
    #expect(!result.output.contains("\u{1b}["), "no control sequences where no terminal is")
  }

  @Test(
    "A consumer that behaves otherwise makes the demo fail",
    arguments: consumers)
  func sabotage(consumer: String) throws {
    let result = try #require(Self.demos[consumer])
    #expect(result.code == 1, "\(result.output)\(result.errors)")
    #expect(result.output.contains("  FAIL \(consumer) "))
    #expect(result.output.hasSuffix("vole demo: 4 of 5 verdicts as expected\n"), "\(result.output)")
  }

  @Test("The recovery scene sees ERR and then OK")
  func recovery() throws {
    let result = try #require(Self.demos["recovery"])
    #expect(result.code == 0, "\(result.output)\(result.errors)")
    #expect(result.output.contains("recovering  ERR STALL: "))
    #expect(result.output.contains("1 of 1 were ERR in between, as they must\n"))
  }

  @Test(
    "Wrong options: one line, exit code 2",
    arguments: [
      (["--seconds", "0"], "vole demo: --seconds: \"0\" is not a whole number from 1 to 86400\n"),
      (
        ["--scene", "x"],
        "vole demo: --scene: there is no scene \"x\" (verdicts, recovery, stuck-partition, outage, "
          + "poison, rollout)\n"
      ),
      (
        ["--sabotage", "x"],
        "vole demo: --sabotage: scene verdicts has no consumer \"x\" "
          + "(healthy, slow, stalled, stopped, rewinding)\n"
      ),
    ])
  func wrongOptions(arguments: [String], line: String) throws {
    let result = try VoleProcess.run(["demo"] + arguments)
    #expect(result.code == 2)
    #expect(result.errors == line)
    #expect(result.output.isEmpty)
  }

  @Test("A port in use is told in one line")
  func portInUse() throws {
    let first = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(first) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = bind(first, $0, length)
        _ = listen(first, 1)
        _ = getsockname(first, $0, &length)
      }
    }
    let port = UInt16(bigEndian: address.sin_port)
    let result = try VoleProcess.run(["demo", "--listen", "127.0.0.1:\(port)"])
    #expect(result.code == 2)
    #expect(
      result.errors
        == "vole demo: httpserver.default: cannot listen on 127.0.0.1:\(port): "
        + "address already in use\n")
  }
}
