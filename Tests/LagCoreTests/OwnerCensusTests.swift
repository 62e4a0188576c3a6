import SeededRandom
import Testing

@testable import LagCore

/// The census of owners against a plain one that looks at every commit of every window.
@Suite("Owner census, at random")
struct OwnerCensusTests {
  private static let partitions: Int32 = 12

  /// What a census asks.
  private struct Question {
    var owner: Int
    var age: Int64
    var skew: Int64
    var nowSeconds: Int64
    var setAt: Int64?

    /// The middle of the time in question, in milliseconds since 1970 by the brokers' clock.
    var half: Int64 { nowSeconds * 1000 - skew - age / 2 }
  }

  @Test("A census says what a plain count says", arguments: [1, 2, 4, 10])
  func plain(intervals: Int) {
    let seed = testSeed &+ UInt64(intervals)
    var random = SeededGenerator(seed: seed)
    let world = TestStore(intervals: intervals, expireAfter: 1 << 50)
    let group = world.group("g")
    var offsets = [Int64](repeating: 100, count: Int(Self.partitions))
    var owners = GroupOwners()
    var seenAt: [Int64] = []
    var now: Int64 = 100_000
    var causes = 0
    var comparison = Comparison("census of windows of \(intervals), seed \(seed)")
    for step in 0..<6000 {
      now += Int64(random.below(4))
      if random.oneIn(300) { now -= Int64(random.below(90)) }
      if step % 1000 == 0 {
        owners = own(world.store.membership(ofGroup: group) == nil, world, group, &random)
        seenAt = []
      }
      act(world, &offsets, now, &random)
      _ = world.judge(at: now)
      let question = Question(
        owner: random.below(owners.count + 1) - 1, age: Int64(random.below(150_000)),
        skew: random.pick([0, 0, 7000]), nowSeconds: now,
        setAt: random.oneIn(2) ? now * 1000 - 4000 : nil)
      var known =
        seenAt.isEmpty ? Array(repeating: Int64.min, count: owners.count) : seenAt
      let expected = Self.count(world.store, group, owners, question, &known)
      let census = OwnerCensus(
        world.store, group: group, owners, asking: question.owner, age: question.age,
        seenAt: &seenAt, skew: question.skew, nowSeconds: question.nowSeconds,
        setAt: question.setAt)
      if census.isCommonCause { causes += 1 }
      comparison.expect(Self.words(census), expected, "step \(step), \(question), seed \(seed)")
      comparison.expect(seenAt, known, "progress at step \(step), seed \(seed)")
      if comparison.differences > 0 { break }
    }
    comparison.conclude()
    #expect(causes > 100, "the world was too tame, seed \(seed)")
  }

  /// Gives the partitions to five members on three hosts, anew or for the first time.
  private func own(
    _ isFirst: Bool, _ world: TestStore, _ group: Int, _ random: inout SeededGenerator
  ) -> GroupOwners {
    let shift = isFirst ? 0 : Int32(random.below(5))
    let members = (0..<5).map { number in
      GroupMember(
        memberID: "m\(number)", clientID: "c", host: "/10.0.0.\(number % 3 + 1)",
        assignment: [
          GroupMember.Assigned(
            topic: "t",
            partitions: (0..<Self.partitions).filter { ($0 + shift) % 6 == Int32(number) })
        ])
    }
    world.store.setMembership(
      GroupMembership(state: .stable, members: members), ofGroup: group, now: 0)
    return GroupOwners(members, identity: PodIdentity(address: "10.0.0.1"))
  }

  private func act(
    _ world: TestStore, _ offsets: inout [Int64], _ now: Int64, _ random: inout SeededGenerator
  ) {
    let partition = Int32(random.below(Int(Self.partitions)))
    let place = Int(partition)
    switch random.below(40) {
    case 0..<24:
      // The upper ones mostly stand.
      if random.oneIn(partition < 4 ? 2 : 12) { offsets[place] += Int64(random.below(4)) }
      if random.oneIn(80) { offsets[place] -= 3 }
      // Too far for a packed window, and back again.
      if random.oneIn(80) { offsets[place] = offsets[place] > 1 << 39 ? 100 : 1 << 40 }
      world.commit("g", "t", partition, offsets[place], at: now - Int64(random.below(3)))
    case 24..<39:
      world.head("t", partition, offsets[place] + Int64(random.below(3)), at: now)
    default:
      world.tombstone("g", "t", partition)
    }
  }

  // MARK: The plain count

  private static func count(
    _ store: OffsetStore, _ group: Int, _ owners: GroupOwners, _ question: Question,
    _ seenAt: inout [Int64]
  ) -> String {
    var standingSince = [Int64?](repeating: nil, count: owners.count)
    var owning: Set<Int> = []
    var partitions = 0
    for index in store.groups[group].topics {
      for window in store.groupTopics[Int(index)].windows where window >= 0 {
        guard store.pool.owner(of: window) > 0 else { continue }
        let owner = owners.ofMember[Int(store.pool.owner(of: window)) - 1]
        owning.insert(owner)
        let arrivedAt = arrival(store.pool.entries(of: window))
        if let arrivedAt, arrivedAt > question.half {
          seenAt[owner] = max(seenAt[owner], arrivedAt)
          continue
        }
        let seconds = Int64(store.pool.behindSince(window))
        guard seconds != 0 else { continue }
        var since = seconds * 1000 - question.skew
        if seconds > question.nowSeconds, let setAt = question.setAt { since = setAt }
        since = max(since, arrivedAt ?? since)
        guard since <= question.half else { continue }
        standingSince[owner] = min(standingSince[owner] ?? since, since)
        partitions += 1
      }
    }
    let progressed = (0..<owners.count).filter { seenAt[$0] > question.half }
    let standing = (0..<owners.count).filter { standingSince[$0] != nil }
    let active = Set(progressed).union(standing).count
    let isCause = active >= 2 && 2 * standing.count > active
    let others = progressed.filter { $0 != question.owner }.map { seenAt[$0] }.max()
    let since = isCause ? standingSince.map { $0 ?? .max }.sorted()[active / 2] : nil
    return words(
      active, standing.count, partitions, others: others, causeSince: since, owning.count)
  }

  /// When the newest offset was committed first, nil when that may have been before all commits.
  private static func arrival(_ commits: [CommitEntry]) -> Int64? {
    guard let newest = commits.last,
      let before = commits.lastIndex(where: { $0.offset != newest.offset })
    else { return nil }
    return commits[before + 1].timestamp
  }

  private static func words(_ census: OwnerCensus) -> String {
    words(
      census.active, census.standing, census.standingPartitions,
      others: census.othersProgressedAt, causeSince: census.causeSince, census.owning)
  }

  private static func words(
    _ active: Int, _ standing: Int, _ partitions: Int, others: Int64?, causeSince: Int64?,
    _ owning: Int
  ) -> String {
    "\(standing) of \(active) stand with \(partitions) since \(causeSince ?? 0), "
      + "others progressed at \(others ?? 0), \(owning) own something"
  }
}
