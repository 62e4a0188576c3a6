import SeededRandom
import Testing

@testable import LagCore

@Suite("Rates")
struct RateTests {
  // MARK: By minute

  @Test("Records are spread over the time between two commits, and none is lost")
  func spread() {
    var history = RateHistory()
    history.add(100, .consumed, from: 590_000, to: 690_000, now: 700_000)
    #expect(history.count(.consumed, minutes: 9..<10) == 10)
    #expect(history.count(.consumed, minutes: 10..<11) == 60)
    #expect(history.count(.consumed, minutes: 11..<12) == 30)
    #expect(history.count(.consumed, minutes: 0..<100) == 100)
    #expect(history.count(.produced, minutes: 0..<100) == 0)
  }

  @Test("Commits of many partitions in any order give the same counts")
  func order() {
    var random = SeededGenerator(seed: testSeed)
    let start: Int64 = 1_700_000_000_000
    let additions = (0..<500).map { _ in
      let end = start + Int64(random.below(900_000))
      return (
        count: Int64(random.below(10_000)), start: end - Int64(random.below(200_000)), end: end
      )
    }
    var first = RateHistory()
    var second = RateHistory()
    for one in additions {
      first.add(one.count, .produced, from: one.start, to: one.end, now: start + 900_000)
    }
    for one in additions.shuffled(using: &random) {
      second.add(one.count, .produced, from: one.start, to: one.end, now: start + 900_000)
    }
    let minute = start / 60_000
    var sum: UInt64 = 0
    for minute in (minute - 1)..<(minute + 16) {
      let counts = [first, second].map { $0.count(.produced, minutes: minute..<(minute + 1)) }
      #expect(counts[0] == counts[1], "minute \(minute), seed \(testSeed)")
      sum += counts[0]
    }
    #expect(sum > 0)
  }

  @Test("Minutes leave when newer ones come, and what is older than they is passed over")
  func leaving() {
    var history = RateHistory()
    history.add(7, .consumed, from: 0, to: 0, now: 0)
    #expect(history.count(.consumed, minutes: 0..<1) == 7)
    history.add(1, .consumed, from: 17 * 60_000, to: 17 * 60_000, now: 17 * 60_000)
    #expect(history.count(.consumed, minutes: 0..<1) == 7)
    history.add(1, .consumed, from: 18 * 60_000, to: 18 * 60_000, now: 18 * 60_000)
    #expect(history.count(.consumed, minutes: 0..<1) == 0)
    history.add(5, .consumed, from: 0, to: 0, now: 18 * 60_000)
    #expect(history.count(.consumed, minutes: 0..<19) == 2)
    history.add(3, .consumed, from: 999 * 60_000, to: 999 * 60_000, now: 999 * 60_000)
    #expect(history.count(.consumed, minutes: 0..<2000) == 3)
  }

  @Test("No foreign number traps, and none far ahead keeps the right ones out")
  func foreignNumbers() {
    var history = RateHistory()
    let now: Int64 = 1_700_000_000_000
    let numbers: [Int64] = [.min, -1, 0, 1, 59_999, 60_000, now, now + 1, .max]
    for count in numbers {
      for start in numbers {
        for end in numbers { history.add(count, .consumed, from: start, to: end, now: now) }
      }
    }
    history.add(1, .produced, from: now + 700_000, to: now + 700_000, now: now)
    #expect(history.count(.produced, minutes: 0..<Int64.max) == 0)
    history.add(1, .produced, from: now, to: now, now: now)
    #expect(history.count(.produced, minutes: 0..<Int64.max) == 1)
    #expect(history.count(.consumed, minutes: Int64.min..<Int64.max) > 0)
  }

  @Test("Only what a group consumes forward counts, and topics made anew begin anew")
  func store() {
    let world = TestStore(intervals: 10)
    world.commit(1000, at: 60)
    world.commit(1600, at: 120)
    world.commit(100, at: 150)
    world.commit(400, at: 180)
    #expect(consumed(world) == 900)
    world.tombstone()
    world.commit(5000, at: 200)
    #expect(consumed(world) == 900)
    // One that comes late and lies behind the newest moves nobody.
    world.commit(4000, at: 190, order: 5, now: 210)
    #expect(consumed(world) == 900)
    world.store.removeGroup(0)
    #expect(consumed(world) == 0)
  }

  @Test("What is produced counts for the groups that commit to the partition")
  func produced() {
    let world = TestStore(intervals: 10)
    world.commit("a", "t", 0, 10, at: 60)
    world.commit("a", "t", 1, 10, at: 60)
    world.commit("b", "t", 1, 10, at: 60)
    for partition: Int32 in 0..<3 {
      world.head("t", partition, 1000, at: 60)
      world.head("t", partition, 1600, at: 120)
      world.head("t", partition, 1500, at: 130)
    }
    #expect(produced(world, group: world.group("a")) == 1200)
    #expect(produced(world, group: world.group("b")) == 600)
  }

  private func consumed(_ world: TestStore) -> UInt64 {
    world.store.groups[0].rates.count(.consumed, minutes: 0..<100)
  }

  private func produced(_ world: TestStore, group: Int) -> UInt64 {
    world.store.groups[group].rates.count(.produced, minutes: 0..<100)
  }

  // MARK: Time lag

  @Test(
    "The time lag is read off the heads, and estimated before them",
    arguments: [
      (400, TimeLag(seconds: 0, accuracy: .measured)),
      (500, TimeLag(seconds: 0, accuracy: .measured)),
      (300, TimeLag(seconds: 15, accuracy: .measured)),
      (250, TimeLag(seconds: 20, accuracy: .measured)),
      (100, TimeLag(seconds: 35, accuracy: .measured)),
      (0, TimeLag(seconds: 45, accuracy: .estimated)),
    ] as [(Int64, TimeLag)])
  func timeLag(committed: Int64, expected: TimeLag) {
    #expect(
      TimeLag.of(
        committed: committed, heads: [100, 200, 300, 400], sampledAt: 95_000, interval: 10_000,
        behindSince: nil, now: 100_000) == expected)
  }

  @Test("Where nothing is produced the time lag is at least what was seen")
  func standingTimeLag() {
    func lag(_ heads: [Int64], since: Int64? = nil) -> TimeLag? {
      TimeLag.of(
        committed: 50, heads: heads, sampledAt: 95_000, interval: 10_000, behindSince: since,
        now: 100_000)
    }
    #expect(lag([]) == nil)
    #expect(lag([70]) == TimeLag(seconds: 5, accuracy: .atLeast))
    #expect(lag([70, 70, 70]) == TimeLag(seconds: 25, accuracy: .atLeast))
    #expect(lag([70, 70, 70], since: 10_000) == TimeLag(seconds: 90, accuracy: .atLeast))
    #expect(lag([70, 70, 80], since: 10_000) == TimeLag(seconds: 90, accuracy: .estimated))
    // Heads that fell are no rate.
    #expect(lag([90, 70]) == TimeLag(seconds: 15, accuracy: .atLeast))
    #expect(lag([.max, .min]) == TimeLag(seconds: 0, accuracy: .measured))
    #expect(lag([.min, .max])?.accuracy == .measured)
  }

  @Test("A partition's rates are those of its window and heads")
  func partition() throws {
    let world = TestStore(intervals: 10)
    for second: Int64 in 0...10 {
      world.commit(1000 + second * 20, at: 100 + second)
      if second % 5 == 0 { world.head(1000 + second * 30, at: 100 + second) }
    }
    let topic = try #require(world.topic("t"))
    func rates(lag: UInt64, at seconds: Int64) -> PartitionRates? {
      world.store.rates(
        group: 0, topic: topic, partition: 0, currentLag: lag, headInterval: 5000,
        now: seconds * 1000)
    }
    let moving = try #require(rates(lag: 100, at: 110))
    #expect(moving.produced == 30)
    #expect(moving.consumed == 20)
    #expect(moving.lagTrend == 10)
    #expect(moving.timeToDrain == nil)
    #expect(abs(try #require(moving.timeLag).seconds - 3.33) < 0.01)
    // A silence longer than the window counts as part of it.
    #expect(try #require(rates(lag: 100, at: 128)?.consumed) == 180.0 / 27)
    #expect(rates(lag: 0, at: 110)?.timeToDrain == 0)
    #expect(
      world.store.rates(
        group: 0, topic: topic, partition: 1, currentLag: 0, headInterval: 5000, now: 0) == nil)
  }
}
