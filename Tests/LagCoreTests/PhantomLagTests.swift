import LagCore
import Testing

/// Lags in which there is nothing to read.
@Suite("Phantom lag")
struct PhantomLagTests {
  /// A consumer that committed 41 of 47 again and again: what is left are markers.
  private func world(intervals: Int = 2) -> TestStore {
    let world = TestStore(intervals: intervals)
    world.commit("g", "t", 0, 41, at: 100)
    world.head(47, at: 100)
    world.commit("g", "t", 0, 41, at: 110)
    return world
  }

  private func mark(
    _ world: TestStore, _ from: Int64, _ to: Int64, topic: Int = 0, partition: Int32 = 0
  ) {
    world.store.setNothingReadable(
      group: world.group("g"), topic: topic, partition: partition, from: from, to: to)
  }

  @Test("Where nothing is readable there is no lag, and it is said so")
  func marked() {
    let world = world()
    #expect(world.judge(at: 110).stall == 1)
    mark(world, 41, 47)
    #expect(world.partition(at: 110)?.currentLag == 0)
    #expect(world.partition(at: 110)?.flags == .phantom)
    #expect(world.partition(at: 110)?.rule == .noLag)
    #expect(world.partition(at: 110)?.end?.lag == 6)
    let judgement = world.judge(at: 110)
    #expect(judgement.verdict == .ok)
    #expect(judgement.totalLag == 0)
    #expect(judgement.phantom == 1)
    // The plain algorithm counts offsets.
    let plain = world.partition(at: 110, EvaluationParameters(isPlain: true))
    #expect(plain?.currentLag == 6)
    #expect(plain?.flags == [])
    #expect(plain?.rule == .stalled)
  }

  @Test("The mark holds as far as was read, and no further")
  func headMoves() {
    let world = world()
    mark(world, 41, 48)
    for (head, lag) in [(47, 0), (48, 0), (49, 8), (48, 0)] as [(Int64, UInt64)] {
      world.head(head, at: 111)
      if head == 49 { #expect(world.partition(at: 111)?.currentLag == lag) }
    }
    // The head fell: what lay there may be other records now.
    #expect(world.partition(at: 111)?.currentLag == 7)
  }

  @Test("The mark ends when the consumer moves, either way")
  func consumerMoves() {
    for offset: Int64 in [40, 42] {
      let world = world()
      mark(world, 41, 47)
      world.commit(offset, at: 120)
      #expect(world.partition(at: 120)?.currentLag == UInt64(47 - offset))
      #expect(world.partition(at: 120)?.flags == [])
    }
    // Committing the same once more is no move.
    let world = world()
    mark(world, 41, 47)
    world.commit(41, at: 120)
    #expect(world.partition(at: 120)?.flags == .phantom)
  }

  @Test("A mark of another place is passed over")
  func otherPlace() {
    let world = world()
    mark(world, 40, 47)
    mark(world, 41, 47, partition: 1)
    mark(world, 41, 47, partition: -1)
    mark(world, 41, 47, partition: .max)
    mark(world, 41, 47, topic: 7)
    mark(world, 41, 46)
    #expect(world.partition(at: 110)?.currentLag == 6)
    mark(world, 41, .max)
    #expect(world.partition(at: 110)?.currentLag == 0)
  }

  @Test("A mark leaves with its commit")
  func leaves() {
    for way in 0..<4 {
      let world = world()
      world.own(by: [("m", [("t", [0])])])
      mark(world, 41, 47)
      switch way {
      case 0: world.tombstone()
      case 1: world.store.removeGroup(0)
      case 2: _ = world.store.expire(now: 999_999_999)
      default: _ = world.store.removeTopic(0)
      }
      world.commit("g", "t", 0, 41, at: 999_999)
      world.head(47, at: 999_999)
      #expect(world.partition(at: 999_999)?.currentLag == 6, "\(way)")
    }
  }

  @Test("A mark is one group's")
  func otherGroup() {
    let world = world()
    world.commit("h", "t", 0, 41, at: 110)
    mark(world, 41, 47)
    #expect(world.evaluate("h", at: 110)?.totalLag == 6)
  }

  @Test("A log start beside a mark leaves both flags")
  func bothFlags() {
    let world = world()
    world.start(44, at: 110)
    #expect(world.partition(at: 110)?.currentLag == 3)
    mark(world, 41, 47)
    #expect(world.partition(at: 110)?.flags == [.beforeLogStart, .phantom])
    #expect(world.partition(at: 110)?.currentLag == 0)
  }

  // MARK: What is worth a look

  private func standing(
    _ world: TestStore, atMost largest: UInt64 = 100, for duration: Int64 = 30, at seconds: Int64
  ) -> [StandingLag] {
    world.store.standingLags(
      ofGroup: world.group("g"), atMost: largest, for: duration, nowSeconds: seconds)
  }

  @Test("A small lag is worth a look once it has stood")
  func standsLongEnough() {
    let world = world()
    #expect(standing(world, at: 200).isEmpty)
    _ = world.judge(at: 110)
    #expect(standing(world, at: 139).isEmpty)
    let found = standing(world, at: 140)
    #expect(found.count == 1)
    #expect(found.first?.topic == 0)
    #expect(found.first?.partition == 0)
    #expect(found.first?.committed == 41)
    #expect(found.first?.head == 47)
    #expect(found.first?.lastCommit == 110_000)
    #expect(found.first?.since == 110)
    #expect(found.first?.isOwned == false)
    world.own(by: [("m", [("t", [0])])])
    #expect(standing(world, at: 140).first?.isOwned == true)
    // The consumer moves.
    world.commit(42, at: 141)
    #expect(standing(world, at: 200).isEmpty)
  }

  @Test("What is large, none, or looked at already is not worth a look")
  func notWorthIt() {
    let world = world()
    _ = world.judge(at: 110)
    #expect(standing(world, atMost: 6, at: 140).count == 1)
    #expect(standing(world, atMost: 5, at: 140).isEmpty)
    mark(world, 41, 47)
    #expect(standing(world, at: 140).isEmpty)
    _ = world.judge(at: 141)
    #expect(standing(world, at: 300).isEmpty)
    // One more marker: the lag begins to stand anew.
    world.head(48, at: 150)
    _ = world.judge(at: 150)
    #expect(standing(world, at: 179).isEmpty)
    #expect(standing(world, at: 180).first?.head == 48)
    world.commit(48, at: 181)
    _ = world.judge(at: 181)
    #expect(standing(world, at: 300).isEmpty)
  }

  @Test("No number of a caller traps")
  func extremes() {
    let world = world()
    _ = world.judge(at: 110)
    for extreme: Int64 in [.min, .max] {
      _ = standing(world, atMost: 0, for: extreme, at: extreme)
      _ = standing(world, atMost: .max, for: extreme, at: ~extreme)
      mark(world, extreme, extreme)
    }
    let wide = TestStore(intervals: 2)
    wide.commit("g", "t", 0, .min, at: 100)
    wide.head(.max, at: 100)
    _ = wide.judge(at: 100)
    #expect(standing(wide, atMost: .max, at: 200).count == 1)
    mark(wide, .min, .max)
    #expect(wide.partition(at: 200)?.currentLag == 0)
  }
}
