import Answers
import Configuration

/// What becomes of what must survive the agent: restarts counted, poison, pauses, the last good
/// configuration.
package struct AgentMemory: Sendable, Equatable {
  /// The directory, nil where none is configured.
  package internal(set) var directory: String?
  /// Why nothing can be kept now, nil while it can.
  package private(set) var trouble: String?
  /// Why what an earlier agent left could not be read, nil when it could, or there was nothing.
  package private(set) var loss: String?
  /// How often the state was kept, and how often that failed.
  package private(set) var writes: Int64 = 0
  package private(set) var failures: Int64 = 0

  /// Nothing survives.
  package init(directory: String? = nil) { self.directory = directory }

  /// Takes note of an attempt to keep the state; returns what is to be logged.
  ///
  /// - Parameter trouble: why it failed, nil when it did not.
  mutating func kept(trouble new: String?) -> LogRecord? {
    let before = trouble
    trouble = new
    guard let new else {
      writes += 1
      guard before != nil else { return nil }
      return LogRecord(.info, "state is kept again").with("state-dir", directory ?? "")
    }
    failures += 1
    guard before == nil else { return nil }
    return LogRecord(.warn, "state cannot be kept; the agent works on without a memory")
      .with("state-dir", directory ?? "").with("error", new)
  }

  /// Takes note of what an earlier agent left that cannot be read; returns what is to be logged.
  mutating func lost(_ why: String) -> LogRecord {
    loss = why
    return LogRecord(.warn, "the state of an earlier agent cannot be read and is forgotten")
      .with("state-dir", directory ?? "").with("error", why)
  }

  /// What is remembered, in one sentence.
  package var sentence: String {
    guard let directory else {
      return
        "memory: none, because no state-dir is configured; restarts counted, poison and pauses "
        + "are forgotten when the agent ends"
    }
    var text = "memory: \(directory)"
    if let trouble { text += ", which cannot be written: \(trouble)" }
    if let loss { text += "; what an earlier agent left could not be read: \(loss)" }
    return text
  }

  /// Writes what `/metrics` says of it.
  func write(to writer: inout MetricsWriter) {
    writer.family(
      "vole_state_kept", .gauge, "Whether what must survive the agent was kept at the last attempt")
    writer.sample(directory != nil && trouble == nil ? 1 : 0)
    writer.family(
      "vole_state_writes_total", .counter, "Attempts to keep what must survive the agent")
    writer.sample(writes, [("result", "success")])
    writer.sample(failures, [("result", "failure")])
    writer.family(
      "vole_state_lost", .gauge, "Whether what an earlier agent left could not be read")
    writer.sample(loss == nil ? 0 : 1)
  }
}
