import Answers
import Configuration

/// The configuration that runs, and what became of the last attempt to load another one.
package struct ReloadState {
  /// What made the agent look at its configuration.
  package enum Cause: String, Sendable {
    /// SIGHUP.
    case signal
    /// A file holds something else than before.
    case files
    /// The agent has just begun.
    case start
  }

  /// The configuration that runs; nil where the agent was made without one.
  private(set) var current: Configuration?
  /// When it was loaded, in milliseconds since 1970.
  private(set) var loadedAt: Int64 = 0
  /// When a reload was last tried, in milliseconds since 1970; nil before the first.
  package private(set) var attemptedAt: Int64?
  /// How many reloads succeeded, those that changed nothing included.
  package private(set) var successes: Int64 = 0
  /// How many reloads failed.
  package private(set) var failures: Int64 = 0
  /// What was wrong at the last attempt; empty when nothing was.
  package private(set) var problems: [String] = []
  /// Groups that are watched no more, with their clusters, as long as those are gone too.
  var departed: [String: String] = [:]

  /// The most groups of clusters that are gone that are remembered.
  static let maximumDeparted = 10_000

  /// Whether the last attempt succeeded; true before the first.
  package var isGood: Bool { problems.isEmpty }

  /// Takes note of the configuration that runs from now on.
  mutating func loaded(_ configuration: Configuration, isReload: Bool, now: Moment) {
    current = configuration
    loadedAt = now.wall
    guard isReload else { return }
    attemptedAt = now.wall
    successes += 1
    problems = []
  }

  /// Takes note of a configuration that cannot be used.
  mutating func refused(_ problems: [String], now: Moment) {
    attemptedAt = now.wall
    failures += 1
    self.problems = problems
  }

  /// Writes what `/metrics` says of the configuration.
  func write(to writer: inout MetricsWriter) {
    guard let current else { return }
    writer.family(
      "vole_config_info", .gauge, "The configuration that runs: its fingerprint and where it is.")
    writer.sample(
      1,
      [
        ("fingerprint", current.fingerprint),
        ("source", current.source ?? Configuration.sourceWithoutFile),
      ])
    writer.family(
      "vole_config_last_reload_successful", .gauge,
      "Whether the last attempt to load another configuration succeeded.")
    writer.sample(isGood ? 1 : 0)
    writer.family(
      "vole_config_reloads_total", .counter, "Attempts to load another configuration.")
    writer.sample(successes, [("result", "success")])
    writer.sample(failures, [("result", "failure")])
    writer.family(
      "vole_config_loaded_timestamp_seconds", .gauge, "When the configuration was loaded.")
    writer.sample(loadedAt / 1000)
  }

  /// The configuration that runs, in one line: where it came from, which it is, since when it runs,
  /// and what became of the last attempt to load another one; nil where there is none.
  package func summary(now: Moment) -> String? {
    guard let current else { return nil }
    var text = current.source ?? Configuration.sourceWithoutFile
    text += ", fingerprint \(current.fingerprint)"
    text += ", loaded \(max(0, now.wall - loadedAt) / 1000) s ago"
    if let attemptedAt, let problem = problems.first {
      text += "; refused \(max(0, now.wall - attemptedAt) / 1000) s ago: \(problem)"
      if problems.count > 1 { text += " (and \(problems.count - 1) more)" }
    }
    return text
  }
}
