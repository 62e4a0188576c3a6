import Doctor
import KafkaClient
import LagCore
import Testing

@Suite struct GroupExaminationTests {
  private func examined(_ change: (inout GroupExamination) -> Void) -> GroupExamination {
    var group = GroupExamination(group: "orders", principal: vole)
    change(&group)
    return group
  }

  private func gists(_ change: (inout GroupExamination) -> Void) -> [Gist] {
    examined(change).findings.map { Gist($0) }
  }

  private let describe = AccessRight(.describe, on: .group("orders"))

  @Test func aGroupThatIsAllowedAndThere() {
    let group = examined {
      $0.offsets = .success([committed("a", [0: 5, 1: 7])])
      $0.description = described(.stable, [member("m", [("a", [0, 1])])])
      $0.isLogWhole = true
    }
    #expect(
      group.findings.map { Gist($0) } == [
        Gist(.ok, "group orders", "OffsetFetch"), Gist(.ok, "group orders", "DescribeGroups"),
      ])
    #expect(group.findings[0].detail == "2 committed offsets of 1 topic")
    #expect(group.findings[1].detail == "Stable, 1 member")
    #expect(group.topics == ["a"] && group.leftOut.isEmpty)
  }

  @Test func withoutALogTheSilentDenialIsSpokenOf() {
    let group = examined {
      $0.offsets = .success([committed("a", [0: 5])])
      $0.description = described(.empty)
    }
    #expect(group.findings[0].detail.contains("without a word"))
  }

  @Test func aDeniedGroupIsToldFromOneThatIsNotThere() {
    let denied = gists {
      $0.offsets = .failure(Code.group)
      $0.description = .failure(Code.group)
    }
    #expect(
      denied == [
        Gist(.missing, "group orders", "OffsetFetch", [describe]),
        Gist(.missing, "group orders", "DescribeGroups", [describe]),
      ])
    let absent = examined {
      $0.offsets = .success([])
      $0.description = described(.dead)
      $0.isLogWhole = true
    }
    #expect(Gist(absent.findings[0]) == Gist(.absent, "group orders", "OffsetFetch"))
    #expect(absent.findings[0].detail.contains("there is no such group"))
    // Without the log a group of KIP-848 looks the same.
    let perhaps = examined {
      $0.offsets = .success([])
      $0.description = described(.dead)
    }
    #expect(perhaps.findings[0].outcome == .absent)
    #expect(perhaps.findings[0].detail.contains("KIP-848"))
  }

  @Test func anEmptyAnswerOfAGroupThatIsThere() {
    let quiet = examined {
      $0.offsets = .success([])
      $0.description = described(.stable, [member("m")])
      $0.isLogWhole = true
    }
    #expect(quiet.findings[0].outcome == .note)
    let kept = examined {
      $0.offsets = .success([])
      $0.description = described(.empty)
    }
    #expect(kept.findings[0].outcome == .missing)
    let untold = examined {
      $0.offsets = .success([])
      $0.description = described(.preparingRebalance)
    }
    #expect(untold.findings[0].outcome == .untold)
    #expect(untold.findings[0].detail.contains("do not tell which"))
    let nothing = examined { $0.offsets = .success([]) }
    #expect(nothing.findings.map(\.outcome) == [.untold])
  }

  @Test func topicsLeftOutAreAskedForByName() {
    var group = examined {
      $0.offsets = .success([committed("a", [0: 5])])
      $0.description = described(.stable, [member("m", [("a", [0]), ("b", [1, 0])])])
      $0.logged = LoggedGroups.Group(
        committed: ["b": [2], "c": [0]], membership: GroupMembership(state: .stable))
      $0.isLogWhole = true
    }
    #expect(
      group.leftOut == [
        TopicPartitions(topic: "b", partitions: [0, 1, 2]),
        TopicPartitions(topic: "c", partitions: [0]),
      ])
    #expect(group.topics == ["a", "b", "c"])
    group.named = .success([refused("b", Code.topic), refused("c", nil)])
    #expect(
      group.findings.map { Gist($0) } == [
        Gist(.ok, "group orders", "OffsetFetch"),
        Gist(.missing, "topic b", "OffsetFetch", [AccessRight(.describe, on: .topic("b"))]),
        Gist(.note, "topic c", "OffsetFetch"),
        Gist(.ok, "group orders", "DescribeGroups"),
      ])
    #expect(group.findings[1].detail.contains("TOPIC_AUTHORIZATION_FAILED"))
    group.named = .success([refused("b", Code.loading)])
    #expect(group.findings[1].outcome == .failed)
    group.named = .failure(Code.group)
    #expect(
      Gist(group.findings[1]) == Gist(.missing, "group orders", "OffsetFetch by name", [describe]))
  }

  @Test func everythingLeftOutIsNoAbsentGroup() {
    let group = examined {
      $0.offsets = .success([])
      $0.logged = LoggedGroups.Group(
        committed: ["a": [0]], membership: GroupMembership(state: .empty))
      $0.isLogWhole = true
    }
    #expect(group.findings[0].outcome == .ok)
    #expect(group.leftOut.map(\.topic) == ["a"])
  }

  @Test func aGroupOfTheNewProtocolLooksDeadToTheOldRequest() {
    let members = [
      GroupMember(
        memberID: "m", clientID: "c", host: "/10.0.0.7",
        assignment: [.init(topic: "a", partitions: [0])])
    ]
    let group = examined {
      $0.offsets = .success([committed("a", [0: 5])])
      $0.description = described(.dead)
      $0.logged = LoggedGroups.Group(
        committed: ["a": [0]],
        membership: GroupMembership(state: .stable, protocolKind: .consumer, members: members))
    }
    #expect(group.members == members)
    #expect(Gist(group.findings[1]) == Gist(.note, "group orders", "DescribeGroups"))
    #expect(
      group.findings[1].detail.contains("KIP-848") && group.findings[1].detail.contains("1 m"))
    // A group without members that commits looks dead as well.
    let simple = examined {
      $0.offsets = .success([committed("a", [0: 5])])
      $0.description = described(.dead)
    }
    #expect(simple.findings[1].detail.contains("only commits"))
  }

  @Test func noAnswerIsATimeoutAndOtherErrorsAreFailures() {
    #expect(gists { _ in } == [Gist(.timeout, "group orders", "OffsetFetch")])
    #expect(
      gists {
        $0.offsets = .failure(Code.timedOut)
        $0.description = .failure(Code.loading)
      } == [
        Gist(.timeout, "group orders", "OffsetFetch"),
        Gist(.failed, "group orders", "DescribeGroups"),
      ])
  }
}
