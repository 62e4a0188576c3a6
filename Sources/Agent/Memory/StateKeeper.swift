import KafkaClient
import Synchronization

/// Keeps files in the state directory without holding up the loop: a disk may take seconds.
///
/// One thread at a time writes; what changes meanwhile is written by the next.
final class StateKeeper: Sendable {
  /// How an attempt ended.
  struct Outcome: Sendable {
    let bytes: [UInt8]
    let problem: String?
  }

  let directory: StateDirectory
  private let state = Mutex(State())

  private struct State {
    var isWriting = false
    var outcome: Outcome?
  }

  init(_ directory: StateDirectory) { self.directory = directory }

  /// Begins to keep the state; false while an earlier one is still being kept.
  func begin(_ bytes: [UInt8]) -> Bool {
    let isFree = state.withLock { state in
      if state.isWriting { return false }
      state.isWriting = true
      return true
    }
    guard isFree else { return false }
    if HelperThread.start({ [self] in finish(keep(bytes)) }) { return true }
    finish(Outcome(bytes: [], problem: "no thread can be started"))
    return true
  }

  /// Takes the outcome of the last attempt, once it has ended.
  func takeOutcome() -> Outcome? {
    state.withLock { state in
      defer { state.outcome = nil }
      return state.outcome
    }
  }

  /// Keeps the state before this returns; for the end of the agent.
  func keep(_ bytes: [UInt8]) -> Outcome {
    do throws(StateDirectory.Problem) {
      try directory.replace(StateDirectory.stateFile, with: bytes)
      return Outcome(bytes: bytes, problem: nil)
    } catch {
      return Outcome(bytes: [], problem: error.description)
    }
  }

  private func finish(_ outcome: Outcome) {
    state.withLock { state in
      state.isWriting = false
      state.outcome = outcome
    }
  }
}
