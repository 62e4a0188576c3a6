import LagCore
import SeededRandom
import Testing

/// The difference of two clocks, from commits alone.
@Suite("Clock skew")
struct ClockSkewTests {
  private let hour: Int64 = 3_600_000

  @Test("Nothing is known before the first commit, and nothing is corrected")
  func empty() {
    #expect(ClockSkew().smallest == nil)
    #expect(ClockSkew().correction == 0)
  }

  @Test(
    "Only a skew above five seconds is corrected, in either direction",
    arguments: [
      (0, 0), (5000, 0), (5001, 5001), (-5000, 0), (-5001, -5001), (86_400_000, 86_400_000),
      (-86_400_000, -86_400_000),
    ] as [(Int64, Int64)])
  func tolerance(difference: Int64, correction: Int64) {
    var skew = ClockSkew()
    skew.observe(arrival: 1_700_000_000_000, commitTime: 1_700_000_000_000 - difference)
    #expect(skew.smallest == difference)
    #expect(skew.correction == correction)
  }

  @Test("The smallest difference counts: what is larger is the way that the commit took")
  func smallest() {
    var skew = ClockSkew()
    for delay: Int64 in [9000, 7200, 30_000, 8000] {
      skew.observe(arrival: 1_000_000, commitTime: 1_000_000 - delay)
    }
    #expect(skew.smallest == 7200)
    #expect(skew.correction == 7200)
    // One commit that came at once is enough.
    skew.observe(arrival: 1_000_500, commitTime: 1_000_480)
    #expect(skew.correction == 0)
  }

  @Test("A difference is forgotten after an hour, and not before")
  func slidingHour() {
    var skew = ClockSkew()
    skew.observe(arrival: 0, commitTime: -6000)
    skew.observe(arrival: 59 * 60_000, commitTime: 59 * 60_000 - 9000)
    #expect(skew.smallest == 6000)
    skew.observe(arrival: 60 * 60_000, commitTime: 60 * 60_000 - 10_000)
    #expect(skew.smallest == 9000)
    skew.observe(arrival: 10 * hour, commitTime: 10 * hour - 20_000)
    #expect(skew.smallest == 20_000)
  }

  @Test("The last hour with commits counts on while none comes")
  func silence() {
    var skew = ClockSkew()
    skew.observe(arrival: 1000, commitTime: -8000)
    #expect(skew.correction == 9000)
  }

  @Test("A clock that is set back begins anew, one that is set right by a moment does not")
  func setBack() {
    var skew = ClockSkew()
    skew.observe(arrival: 10 * 60_000, commitTime: 10 * 60_000 - 6000)
    skew.observe(arrival: 9 * 60_000 + 59_000, commitTime: 9 * 60_000 + 52_000)
    #expect(skew.smallest == 6000)
    skew.observe(arrival: 5 * 60_000, commitTime: 5 * 60_000 - 8000)
    #expect(skew.smallest == 8000)
    // And the hour goes on from there.
    skew.observe(arrival: 6 * 60_000, commitTime: 6 * 60_000 - 9000)
    #expect(skew.smallest == 8000)
  }

  @Test("Times that cannot be are passed over")
  func foreignTimes() {
    var skew = ClockSkew()
    let extremes: [Int64] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]
    for arrival in extremes {
      for commitTime in extremes {
        skew.observe(arrival: arrival, commitTime: commitTime)
        let smallest = skew.smallest
        #expect((smallest ?? 0).magnitude <= 2)
      }
    }
    skew = ClockSkew()
    // A client that chose the time of its commit, a day and a millisecond off.
    skew.observe(arrival: 0, commitTime: ClockSkew.largestBelieved + 1)
    skew.observe(arrival: 0, commitTime: -ClockSkew.largestBelieved - 1)
    #expect(skew.smallest == nil)
  }

  @Test("At random: the smallest of the minutes of the last hour")
  func atRandom() {
    let seed = testSeed &+ 61
    var random = SeededGenerator(seed: seed)
    var skew = ClockSkew()
    var seen: [(minute: Int64, difference: Int64)] = []
    var now: Int64 = 1_700_000_000_000
    var comparison = Comparison("skews, seed \(seed)")
    for step in 0..<20_000 {
      now += Int64(random.below(random.oneIn(200) ? 9_000_000 : 50_000))
      let difference = Int64(random.below(40_000)) - 20_000
      skew.observe(arrival: now, commitTime: now - difference)
      seen.append((now / 60_000, difference))
      seen.removeAll { $0.minute <= now / 60_000 - 60 }
      let smallest = seen.map(\.difference).min()
      comparison.expect(skew.smallest, smallest, "step \(step), seed \(seed)")
    }
    comparison.conclude()
  }
}
