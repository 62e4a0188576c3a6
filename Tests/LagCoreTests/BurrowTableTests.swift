import LagCore
import LagSimulation
import Testing

/// The windows of Burrow's own test table (`core/internal/evaluator/caching_test.go`), through the
/// product and through each predicate of the naive reference, so that both are held to Burrow.
@Suite("Burrow's table")
struct BurrowTableTests {
  /// What Burrow expects of one window.
  struct Row: CustomTestStringConvertible {
    let name: String
    var offsets: [Int64] = [1000, 2000, 3000, 4000, 5000]
    var times: [Int64] = [100_000, 200_000, 300_000, 400_000, 500_000]
    var lags: [UInt64?] = [0, 50, 100, 150, 200]
    var heads: [Int64] = [5200]
    var currentLag: UInt64 = 200
    var now: Int64 = 600
    var allowedLag: UInt64 = 0
    var isLagAlwaysNotZero = false
    var rewindIndex = -1
    var isStopped = false
    var isStalled = false
    var isLagNotDecreasing = true
    var isRecentLagZero = false
    var status = PartitionStatus.ok

    var testDescription: String { name }
  }

  /// Fifteen commits a second apart that each had caught up.
  private static let oneByOne = Row(
    name: "", offsets: Array(792_748_079...792_748_093),
    times: [
      618_356, 619_362, 620_366, 621_367, 622_370, 623_373, 624_378, 625_379, 626_383, 627_383,
      628_383, 629_388, 630_391, 631_394, 632_397,
    ].map { 1_512_224_000_000 + $0 },
    lags: Array(repeating: 0, count: 15), now: 1_512_224_650, isStopped: true)

  private static let stuck: [Int64] = [1000, 1000, 1000, 1000, 1000]
  private static let backAndForth: [UInt64?] = [100, 150, 200, 1250, 300]

  static let rows: [Row] = [
    Row(name: "0: lag was zero somewhere"),
    Row(name: "1: a silence as long as the window is not STOP", now: 900),
    Row(
      name: "2: a longer one is STOP, zero lag or not", now: 1000, isStopped: true, status: .stop),
    Row(
      name: "3: STOP with lag all the time", lags: [50, 100, 150, 200, 250], heads: [5250],
      currentLag: 250, now: 1000, isLagAlwaysNotZero: true, isStopped: true, status: .stop),
    Row(
      name: "4: stuck, but lag was zero", offsets: stuck, heads: [1200], isStalled: true),
    Row(
      name: "5: stuck with lag all the time", offsets: stuck, lags: [100, 150, 200, 250, 300],
      heads: [1300], currentLag: 300, isLagAlwaysNotZero: true, isStalled: true, status: .stall),
    Row(
      name: "6: stuck with the same lag", offsets: stuck, lags: [100, 100, 100, 100, 100],
      heads: [1100], currentLag: 100, isLagAlwaysNotZero: true, isStalled: true, status: .stall),
    Row(
      name: "7: a rewind that was caught up", offsets: [1000, 2000, 3000, 2000, 4000],
      lags: backAndForth, heads: [4300], currentLag: 300, isLagAlwaysNotZero: true,
      rewindIndex: 3, isLagNotDecreasing: false),
    Row(
      name: "8: no lag now, whatever the window says", lags: [50, 100, 150, 200, 250],
      heads: [5250], currentLag: 0, now: 1000, isLagAlwaysNotZero: true, isStopped: true),
    Row(
      name: "9: new records after a silence are STOP", offsets: oneByOne.offsets,
      times: oneByOne.times, lags: oneByOne.lags,
      heads: [792_749_024, 792_749_000, 792_748_800, 792_748_600, 792_748_500],
      currentLag: 931, now: oneByOne.now, isStopped: true, status: .stop),
    Row(
      name: "10: not if the heads show that it had caught up", offsets: oneByOne.offsets,
      times: oneByOne.times, lags: oneByOne.lags,
      heads: [792_748_094, 792_748_093, 792_748_093, 792_748_093], currentLag: 1,
      now: oneByOne.now, isStopped: true, isRecentLagZero: true),
    Row(
      name: "11: unknown lags between known ones change nothing",
      offsets: [1000, 1500, 2000, 2500, 3000, 3500, 4000, 4500, 5000, 5500],
      times: (2...11).map { $0 * 50_000 },
      lags: [0, nil, 50, nil, 100, nil, 150, nil, 200, nil], heads: [5700]),
    Row(
      name: "12: lag within the allowed one", offsets: [1000, 2000, 2000],
      times: [100_000, 200_000, 300_000], lags: [2, 1, 1], heads: [2001], currentLag: 1, now: 550,
      allowedLag: 1, isStopped: true, isLagNotDecreasing: false),
    Row(
      name: "13: stuck above the allowed lag", offsets: stuck, lags: [100, 150, 200, 250, 300],
      heads: [1300], currentLag: 300, allowedLag: 99, isLagAlwaysNotZero: true, isStalled: true,
      status: .stall),
    Row(
      name: "14: a rewind that was caught up, with an allowed lag",
      offsets: [1000, 2000, 3000, 2000, 4000], lags: backAndForth, heads: [4300],
      currentLag: 300, allowedLag: 99, isLagAlwaysNotZero: true, rewindIndex: 3,
      isLagNotDecreasing: false),
    Row(
      name: "15: a rewind that was not", offsets: [1000, 2000, 3000, 2000, 2500],
      lags: backAndForth, heads: [4300], currentLag: 300, isLagAlwaysNotZero: true,
      rewindIndex: 3, isLagNotDecreasing: false, status: .rewind),
  ]

  @Test("The product gives Burrow's status", arguments: rows)
  func product(row: Row) {
    let slots: [WindowSlot?] = row.offsets.indices.map {
      WindowSlot(row.offsets[$0], row.times[$0], row.lags[$0])
    }
    let verdict = evaluateWindow(
      slots: slots, heads: row.heads, currentLag: row.currentLag, nowSeconds: row.now,
      parameters: EvaluationParameters(allowedLag: row.allowedLag))
    #expect(verdict.status == row.status)
    #expect(verdict.complete == 1)
  }

  @Test("The reference gives Burrow's status and each of its predicates", arguments: rows)
  func reference(row: Row) {
    let commits = row.offsets.indices.map {
      ReferenceCommit(row.offsets[$0], row.times[$0], row.lags[$0])
    }
    #expect(
      ReferenceRules.isLagAlwaysNotZero(commits, allowedLag: row.allowedLag)
        == row.isLagAlwaysNotZero)
    #expect(ReferenceRules.rewindIndex(commits) == row.rewindIndex)
    #expect(ReferenceRules.isStopped(commits, nowSeconds: row.now) == row.isStopped)
    #expect(ReferenceRules.isStalled(commits) == row.isStalled)
    #expect(ReferenceRules.isLagNotDecreasing(commits) == row.isLagNotDecreasing)
    #expect(ReferenceRules.isRecentLagZero(commits, heads: row.heads) == row.isRecentLagZero)
    let status = ReferenceRules.status(
      commits, heads: row.heads, currentLag: row.currentLag, nowSeconds: row.now,
      allowedLag: row.allowedLag)
    #expect(status == row.status.reference)
  }
}
