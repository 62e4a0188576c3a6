import Doctor
import LagCore
import Testing

@Suite struct PodExaminationTests {
  private func pod(
    ip: String? = nil, name: String? = nil, hostIP: String? = nil
  ) -> PodExamination.Identity {
    PodExamination.Identity(address: ip, name: name, nodeAddress: hostIP)
  }

  private func member(
    client: String = "consumer-1", host: String = "/10.0.0.1", instance: String? = nil
  ) -> GroupMember {
    GroupMember(memberID: "m", clientID: client, host: host, groupInstanceID: instance)
  }

  @Test(arguments: [
    ("orders-1", "orders-1", true), ("orders-1", "orders-10", false),
    ("orders-1", "consumer-orders-1-2", true), ("orders-1", "xorders-1", false),
    ("orders-1", "orders-10-orders-1", true), ("orders-1", "", false), ("", "x", false),
    ("orders-1", "éorders-1", false), ("orders-1", "orders-1é", false), ("a", "a", true),
    ("orders-1", "ns/orders-1.c", true), ("aa", "aaa aa", true),
  ])
  func namesStandBetweenOtherCharacters(name: String, text: String, isThere: Bool) {
    #expect(PodIdentity.stands(name, in: text) == isThere)
  }

  @Test func byWhatAMemberIsThePods() {
    #expect(PodExamination.reason(pod(ip: "10.0.0.1"), member()) == "host 10.0.0.1")
    #expect(PodExamination.reason(pod(ip: "10.0.0.2"), member()) == nil)
    #expect(
      PodExamination.reason(pod(name: "orders-1"), member(client: "orders-1-a"))
        == "client id orders-1-a")
    #expect(
      PodExamination.reason(pod(name: "orders-1"), member(instance: "orders-1"))
        == "group.instance.id orders-1")
    #expect(PodExamination.reason(pod(), member()) == nil)
  }

  @Test func addressesAreComparedInOneForm() {
    let mapped = member(host: "/0:0:0:0:0:ffff:a00:1")
    #expect(PodExamination.reason(pod(ip: "10.0.0.1"), mapped) == "host 10.0.0.1")
    let six = member(host: "/fd00:0:0:0:0:0:0:1")
    #expect(PodExamination.reason(pod(ip: "FD00::1"), six) == "host fd00::1")
  }

  @Test func inTheHostsNetworkOnlyNamesCount() {
    #expect(
      PodExamination.reason(pod(ip: "10.0.0.1", name: "a-1", hostIP: "10.0.0.1"), member()) == nil)
    #expect(
      PodExamination.reason(
        pod(ip: "10.0.0.1", name: "a-1", hostIP: "10.0.0.1"), member(client: "a-1")) != nil)
    #expect(
      PodExamination.reason(pod(ip: "10.0.0.1", hostIP: "10.0.0.9"), member()) != nil)
  }

  @Test func whatIsSaidOfThePod() {
    let members = [PodExamination.Member(group: "g", member())]
    func outcomes(
      _ identity: PodExamination.Identity, _ members: [PodExamination.Member]
    ) -> [Finding.Outcome] {
      PodExamination.findings(identity, members).map(\.outcome)
    }
    #expect(outcomes(pod(), members) == [.note])
    #expect(outcomes(pod(ip: "10.0.0.1"), []) == [.untold])
    #expect(outcomes(pod(ip: "10.0.0.1"), members) == [.ok])
    #expect(outcomes(pod(ip: "10.0.0.2"), members) == [.note])
    #expect(
      PodExamination.findings(pod(ip: "10.0.0.2"), members)[0].detail.contains("at 10.0.0.1"))
    let twice = members + [PodExamination.Member(group: "h", member())]
    #expect(outcomes(pod(ip: "10.0.0.1"), twice) == [.ok, .ok])
  }
}
