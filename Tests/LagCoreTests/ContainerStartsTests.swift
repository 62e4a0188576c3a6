import Testing

@testable import LagCore

/// Which container a member belongs to (the contract, section 6, whose pod).
@Suite("Container starts")
struct ContainerStartsTests {
  private let second: Int64 = 1000

  /// Seconds at which start-up and, before it, liveness was asked, `nil` for never.
  private func starts(_ asked: [(at: Int64, probedAt: Int64?)]) -> ContainerStarts {
    var starts = ContainerStarts()
    for one in asked { starts.add(at: one.at * second, probedAt: one.probedAt.map { $0 * second }) }
    return starts
  }

  private func end(_ starts: ContainerStarts, joined: Int64, now: Int64) -> Int64? {
    starts.end(ofMemberSince: joined * second, now: now * second).map { $0 / second }
  }

  @Test("Without a start every member may be the present container's")
  func none() {
    #expect(end(starts([]), joined: 0, now: 5000) == nil)
    #expect(starts([]).last == nil)
  }

  @Test("A member may join a minute before the first start-up probe, and not sooner")
  func early() {
    let one = starts([(1000, nil)])
    #expect(one.last == 1_000_000)
    #expect(end(one, joined: 939, now: 1010) == 1000)
    #expect(end(one, joined: 940, now: 1010) == nil)
  }

  @Test("Who had joined when liveness was asked is not of the container that began afterwards")
  func probed() {
    let two = starts([(1000, nil), (2000, 1980)])
    #expect(end(two, joined: 1979, now: 2010) == 1980)
    #expect(end(two, joined: 1980, now: 2010) == nil)
  }

  @Test("Who joined right after a start-up probe is of that container, however soon it ended")
  func quick() {
    let two = starts([(1000, nil), (1030, 1010)])
    #expect(end(two, joined: 1029, now: 1040) == 1010)
    #expect(end(two, joined: 1030, now: 1040) == nil)
    // A start-up probe that is asked again, because its answer was late, begins nothing.
    let again = starts([(1000, 990), (1010, 990)])
    #expect(end(again, joined: 1005, now: 1040) == nil)
  }

  @Test("A member's container ended when the next one began, not when the last one did")
  func several() {
    let three = starts([(1000, nil), (2000, 1990), (3000, 2990)])
    #expect(end(three, joined: 1500, now: 3010) == 1990)
    #expect(end(three, joined: 2500, now: 3010) == 2990)
    #expect(end(three, joined: 3005, now: 3010) == nil)
  }

  @Test("No member of a container that is gone is reckoned with for longer than half an hour")
  func patience() {
    let two = starts([(1000, nil), (2000, 1990)])
    #expect(end(two, joined: 1500, now: 3799) == 1990)
    #expect(end(two, joined: 1500, now: 3800) == nil)
  }

  @Test("Of many starts the newest are kept")
  func bound() {
    let many = starts((1...100).map { ($0 * 1000, $0 * 1000 - 10) })
    #expect(many.starts.count == 16)
    #expect(end(many, joined: 99_500, now: 100_010) == 99_990)
  }
}
