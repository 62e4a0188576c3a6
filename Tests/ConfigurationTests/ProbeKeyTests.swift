import Configuration
import LagCore
import Testing

@Suite("Keys of probes, scale and memory")
struct ProbeKeyTests {
  private static let base = """
    [cluster.local]
    servers = ["k:9092"]
    [consumer.local]
    groups = ["orders", "bills"]

    """

  private func read(
    _ more: String, environment: [String: String] = [:]
  ) throws -> Configuration {
    try load(Self.base + more, environment: environment)
  }

  private func wrong(_ more: String) -> [String] { errors(Self.base + more) }

  @Test("Without a word the contract's defaults hold for every group")
  func defaults() throws {
    let configuration = try read("")
    #expect(configuration.probe.decisions == Configuration.Decisions())
    #expect(configuration.decisions(ofGroup: "orders").parameters == ProbeParameters())
    #expect(configuration.scale(ofGroup: "orders") == ScaleParameters())
    #expect(configuration.general.stateDirectory == nil)
    #expect(configuration.general.terminationLog == nil)
  }

  @Test("Every key of [probe] is read, from the file and from variables")
  func probe() throws {
    let configuration = try read(
      """
      [general]
      state-dir = "/var/lib/vole"
      termination-log = "/tmp/last-words"
      [probe]
      mode = "exit-88"
      scope = "group"
      liveness-fail-on = ["STALL"]
      hold = "45s"
      fail-for = "2m"
      restart-grace = 60
      max-restarts = 0
      restart-window = "2h"
      readiness-after-gate = "verdict"
      readiness-fail-on = ["WARN", "ERR"]
      readiness-on-unknown = "fail"
      """, environment: ["VOLE_PROBE_GATE_TIMEOUT": "90s", "VOLE_PROBE_FAIL_FOR": "7m"])
    let parameters = configuration.probe.decisions.parameters
    #expect(configuration.general.stateDirectory == "/var/lib/vole")
    #expect(configuration.general.terminationLog == "/tmp/last-words")
    #expect(parameters.mode == .exit88)
    #expect(parameters.scope == .group)
    #expect(parameters.livenessFailOn == [.stall])
    #expect(parameters.hold == 45_000)
    #expect(parameters.failFor == 420_000)
    #expect(parameters.restartGrace == 60_000)
    #expect(parameters.maximumRestarts == 0)
    #expect(parameters.restartWindow == 7_200_000)
    #expect(parameters.gateTimeout == 90_000)
    #expect(parameters.readinessAfterGate == .verdict)
    #expect(parameters.readinessFailOn == [.warning, .error])
    #expect(!parameters.passesReadinessOnUnknown)
    #expect(try read("[probe]\nhold = \"auto\"").probe.decisions.parameters.hold == nil)
    let elsewhere = try read("", environment: ["VOLE_GENERAL_STATE_DIR": "/state"])
    #expect(elsewhere.general.stateDirectory == "/state")
  }

  @Test("[probe.X] says for its groups what [probe] says otherwise, and leaves the rest")
  func overrides() throws {
    let configuration = try read(
      """
      [probe]
      fail-for = 100
      hold = 50
      [probe.slow]
      groups = ["bills"]
      hold = 500
      max-restarts = 1
      """, environment: ["VOLE_PROBE_SLOW_GATE_TIMEOUT": "60"])
    let orders = configuration.decisions(ofGroup: "orders").parameters
    let bills = configuration.decisions(ofGroup: "bills").parameters
    #expect((orders.hold, orders.failFor, orders.maximumRestarts) == (50_000, 100_000, 3))
    #expect((bills.hold, bills.failFor, bills.maximumRestarts) == (500_000, 100_000, 1))
    #expect((orders.gateTimeout, bills.gateTimeout) == (300_000, 60_000))
  }

  @Test("A section of groups alone is enough, and may be set back to auto")
  func overridesAlone() throws {
    let configuration = try read("[probe.a]\ngroups = [\"bills\"]\npaused = true")
    #expect(configuration.decisions(ofGroup: "bills").pausedUntil == .max)
    #expect(configuration.decisions(ofGroup: "orders").pausedUntil == nil)
    let auto = try read("[probe]\nhold = 9\n[probe.a]\ngroups = [\"bills\"]\nhold = \"auto\"")
    #expect(auto.decisions(ofGroup: "bills").parameters.hold == nil)
  }

  @Test(
    "A pause ends when it says so",
    arguments: [
      ("2026-11-26T12:00:00Z", Int64(1_795_694_400_000)), ("1970-01-01T00:00:00Z", 0),
      ("2000-02-29T23:59:59Z", 951_868_799_000), ("2100-03-01T00:00:00Z", 4_107_542_400_000),
    ])
  func pause(text: String, milliseconds: Int64) throws {
    let configuration = try read("[probe]\npaused = \"\(text)\"")
    let decisions = configuration.probe.decisions
    #expect(decisions.pausedUntil == milliseconds)
    #expect(decisions.parameters(at: milliseconds - 1).isPaused)
    #expect(!decisions.parameters(at: milliseconds).isPaused)
    let shown = configuration.settings.first { $0.path == "probe.paused" }?.value
    #expect(shown == "\"\(text)\"")
  }

  @Test("[scale.X] says how the replicas of its groups are worked out, or of all others")
  func scale() throws {
    let configuration = try read(
      """
      [scale.bills]
      groups = ["bills"]
      drain-target = "10m"
      headroom = 0.5
      minimum = 2
      maximum = 6
      history = "5m"
      decay-after = "30m"
      [scale.others]
      minimum = 3
      """)
    let bills = configuration.scale(ofGroup: "bills")
    #expect(
      bills
        == ScaleParameters(
          drainTarget: 600, headroom: 0.5, minimum: 2, maximum: 6, history: 5, decayAfter: 30))
    #expect(configuration.scale(ofGroup: "orders").minimum == 3)
    #expect(configuration.scale(ofGroup: "orders").maximum == .max)
  }

  @Test("What is wrong is told with its place")
  func mistakes() {
    #expect(
      wrong("[probe]\nmode = \"exit-88\"")
        == [
          "vole.toml:6: probe.mode: \"exit-88\" needs a state-dir that can be written "
            + "([general] state-dir)"
        ])
    #expect(
      wrong("[probe.x]\nhold = 5") == [
        "vole.toml:5: probe.x.groups: no group is named (groups = [\"orders\"]; for all groups "
          + "there is [probe])"
      ])
    #expect(
      wrong("[probe.x]\ngroups = [\"orders\"]\nmode = \"probe\"") == [
        "vole.toml:7: probe.x.mode: unknown key (known: groups, hold, scope, liveness-fail-on, "
          + "fail-for, restart-grace, max-restarts, restart-window, gate-timeout, "
          + "readiness-after-gate, readiness-fail-on, readiness-on-unknown, paused)"
      ])
    #expect(
      wrong("[probe]\nliveness-fail-on = [\"REWIND\"]") == [
        "vole.toml:6: probe.liveness-fail-on: \"REWIND\" is not one of STOP, STALL"
      ])
    #expect(
      wrong("[probe]\npaused = \"2026-02-30T00:00:00Z\"") == [
        "vole.toml:6: probe.paused: \"2026-02-30T00:00:00Z\" is no time (true, false, or when the "
          + "pause ends, as \"2026-11-26T12:00:00Z\")"
      ])
    #expect(
      wrong(
        "[probe.a]\ngroups = [\"orders\"]\n[probe.b]\ngroups = [\"orders\"]")
        == [
          "vole.toml:8: probe.b.groups: \"orders\" is one of probe.a too (one section each)"
        ])
    #expect(
      wrong("[scale.a]\nminimum = 5\nmaximum = 4") == [
        "vole.toml:7: scale.a.maximum: 4 is below minimum (5 or more)"
      ])
    #expect(
      wrong("[scale.a]\n[scale.b]") == [
        "vole.toml:6: scale.b.groups: is missing, as in scale.a (one section may speak of all "
          + "other groups)"
      ])
    #expect(
      wrong("[scale.a]\nheadroom = 0.95") == [
        "vole.toml:6: scale.a.headroom: 0.95 is out of range (0 to 0.9)"
      ])
  }

  @Test("Settings of a group that nobody watches are worth a warning")
  func unwatched() throws {
    let configuration = try read("[probe.x]\ngroups = [\"orderz\"]")
    #expect(
      configuration.warnings.map(\.description) == [
        "vole.toml:6: probe.x.groups: \"orderz\" is watched by no consumer"
      ])
  }
}
