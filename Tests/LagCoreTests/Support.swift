import Foundation
import LagCore
import LagSimulation
import Testing

/// The seed of the randomised tests: `VOLE_TEST_SEED`, or always the same one.
///
/// Every failure names it.
let testSeed: UInt64 = {
  let given = ProcessInfo.processInfo.environment["VOLE_TEST_SEED"]
  return given.flatMap { UInt64($0) } ?? 0x5EED
}()

/// Counts cases and tells the first few differences only, so that a broken rule stays readable.
struct Comparison {
  let name: String
  private(set) var cases = 0
  private(set) var differences = 0
  private static let toldAtMost = 5

  init(_ name: String) { self.name = name }

  /// Compares one case; `context` is made only when it fails.
  mutating func expect<Value: Equatable>(
    _ found: Value, _ expected: Value, _ context: @autoclosure () -> String
  ) {
    cases += 1
    if found == expected { return }
    differences += 1
    if differences <= Self.toldAtMost {
      Issue.record("\(name): found \(found), expected \(expected) for \(context())")
    }
  }

  /// Prints how many cases there were and fails if any differed.
  func conclude() {
    print("\(name): \(cases) cases")
    #expect(differences == 0, "\(name): \(differences) of \(cases) cases differ")
  }
}

extension PartitionStatus {
  /// The status in the reference's words.
  var reference: ReferenceStatus {
    switch self {
    case .ok: .ok
    case .warning: .warn
    case .stop: .stop
    case .stall: .stall
    case .rewind: .rewind
    }
  }
}

extension CommitEntry {
  /// The commit in the reference's words.
  var reference: RingCommit {
    var commit = RingCommit(
      order: order, offset: offset, timestamp: timestamp, observed: observedAtSeconds)
    commit.lag = lag
    return commit
  }
}

extension WindowSlot {
  init(_ offset: Int64, _ timestamp: Int64, _ lag: UInt64?) {
    self.init(offset: offset, timestamp: timestamp, lag: lag)
  }
}
