import Configuration
import EventLoop
import Glibc
import LagCore

/// What survives the agent, on disk: the state, the last good configuration, the last words.
extension Run {
  /// Opens the state directory, takes what an earlier agent left, and keeps the configuration.
  ///
  /// - Throws: that the directory cannot be written where restarts depend on it.
  func openMemory(_ configuration: Configuration) throws(StartError) {
    guard let path = configuration.general.stateDirectory else { return }
    let keeper = StateKeeper(StateDirectory(path: path))
    memory.keeper = keeper
    agent.memory.directory = path
    restore(from: keeper.directory)
    let outcome = keeper.keep(StateFormat.encode(agent.state(now: now)))
    if let problem = outcome.problem, configuration.probe.decisions.parameters.mode == .exit88 {
      throw StartError("probe.mode \"exit-88\" needs a state-dir that can be written: \(problem)")
    }
    perform(agent.kept(trouble: outcome.problem))
    memory.kept = outcome.bytes
    keep(configuration)
  }

  private func restore(from directory: StateDirectory) {
    do throws(FileError) {
      guard
        let bytes = try directory.read(
          StateDirectory.stateFile, limit: StateFormat.maximumBytes)
      else { return }
      do throws(StateFormat.Problem) {
        agent.restore(try StateFormat.decode(bytes), now: now)
      } catch {
        perform(agent.lost(error.description))
      }
    } catch {
      perform(agent.lost(error.description))
    }
  }

  /// Keeps the file of a configuration that is right, for a start with one that is not.
  func keep(_ configuration: Configuration) {
    guard let directory = memory.keeper?.directory, let source = configuration.source,
      source != directory.path(of: StateDirectory.configurationFile),
      configuration.files.contains(where: { $0.path == source && $0.isRegular })
    else { return }
    do throws(FileError) {
      let bytes = try readFile(source, limit: Configuration.maxFileBytes)
      if try directory.read(
        StateDirectory.configurationFile, limit: Configuration.maxFileBytes) == bytes
      {
        return
      }
      do throws(StateDirectory.Problem) {
        try directory.replace(StateDirectory.configurationFile, with: bytes)
      } catch {
        perform(agent.kept(trouble: error.description))
      }
    } catch {
      write(
        LogRecord(.warn, "the configuration cannot be kept for the next start")
          .with("error", error.description))
    }
  }

  // MARK: While it runs

  /// Keeps the state when it is time to, and takes note of what became of the last attempt.
  func tendMemory() {
    guard let keeper = memory.keeper else { return }
    if let outcome = keeper.takeOutcome() {
      perform(agent.kept(trouble: outcome.problem))
      if outcome.problem == nil {
        memory.kept = outcome.bytes
      } else {
        memory.isDue = true
        memory.retryAt = now.monotonic + Self.retryAfter
      }
    }
    let time = now.monotonic
    guard memory.isDue || time >= memory.nextAt, time >= memory.retryAt else { return }
    memory.nextAt = time + Self.saveInterval
    let bytes = StateFormat.encode(agent.state(now: now))
    guard memory.isDue || !memory.isKept(bytes) else { return }
    if keeper.begin(bytes) { memory.isDue = false }
  }

  /// How often the state is looked at without a reason, in milliseconds (30 s).
  private static let saveInterval: Int64 = 30_000
  /// How long after a failure it is tried again, in milliseconds (10 s).
  private static let retryAfter: Int64 = 10_000

  /// Keeps what must survive before the agent ends, and writes its last words.
  func keepAtEnd() {
    if let keeper = memory.keeper {
      perform(
        agent.kept(
          trouble: keeper.keep(StateFormat.encode(agent.state(now: now))).problem))
    }
    guard let words = agent.lastFailure else { return }
    let configured = agent.reload.current?.general.terminationLog
    writeLastWords(words, to: configured ?? Self.terminationLog, creates: configured != nil)
  }

  /// Where Kubernetes looks for a container's last words (`terminationMessagePath`).
  private static let terminationLog = "/dev/termination-log"
  /// The most bytes that Kubernetes takes of them.
  private static let maximumLastWords = 4096

  private func writeLastWords(_ words: String, to path: String, creates: Bool) {
    let flags = O_WRONLY | O_TRUNC | O_CLOEXEC | (creates ? O_CREAT : 0)
    // SAFETY: open copies the path; the descriptor is closed at once.
    let descriptor = unsafe Glibc.open(path, flags, 0o644)
    guard descriptor >= 0 else {
      if creates {
        write(LogRecord(.warn, "the termination log cannot be written").with("path", path))
      }
      return
    }
    defer { Glibc.close(descriptor) }
    let bytes = Array(words.utf8.prefix(Self.maximumLastWords))
    // SAFETY: write reads at most the count of bytes that the array has.
    let written = unsafe bytes.withUnsafeBytes { buffer in
      unsafe Glibc.write(descriptor, buffer.baseAddress, buffer.count)
    }
    if written < bytes.count {
      write(LogRecord(.warn, "the termination log was not written as a whole").with("path", path))
    }
  }
}

/// What the run knows of what is kept.
struct RunMemory {
  /// Writes to the state directory; nil where none is configured.
  var keeper: StateKeeper?
  /// The state that was kept last.
  var kept: [UInt8] = []
  /// Whether the state has to be kept.
  var isDue = false
  /// When it is looked at next, and not tried before, on the monotonic clock in milliseconds.
  var nextAt: Int64 = 0
  var retryAt: Int64 = 0

  /// Whether a state says the same as the one that was kept last; times that differ by less than a
  /// second are the same.
  func isKept(_ bytes: [UInt8]) -> Bool {
    guard let new = try? StateFormat.decode(bytes), let old = try? StateFormat.decode(kept) else {
      return false
    }
    return new.isClose(to: old)
  }
}

extension GovernorState {
  /// Whether another state says the same but for the two clocks' walking apart.
  fileprivate func isClose(to other: GovernorState) -> Bool {
    rounded(by: 0) == other.rounded(by: 0) || rounded(by: 5000) == other.rounded(by: 5000)
  }

  private func rounded(by shift: Int64) -> GovernorState {
    func round(_ time: Int64) -> Int64 { (time &+ shift) / 10_000 }
    var state = self
    state.restarts = restarts.map(round)
    state.graceUntil = graceUntil.map(round)
    state.containerSince = containerSince.map(round)
    state.failure?.beganAt = round(failure?.beganAt ?? 0)
    for (name, group) in groups {
      state.groups[name]?.pausedUntil = group.pausedUntil.map(round)
      for index in group.standing.indices {
        state.groups[name]?.standing[index].nextAttemptAt =
          group.standing[index].nextAttemptAt.map(round)
      }
    }
    return state
  }
}
