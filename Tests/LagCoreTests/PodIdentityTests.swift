import LagCore
import Testing

/// Which members are a pod's own (the contract, section 6, whose pod).
@Suite("Whose pod")
struct PodIdentityTests {
  private func member(_ host: String, client: String = "consumer-1", instance: String? = nil)
    -> GroupMember
  {
    GroupMember(
      memberID: "\(client)-id", clientID: client, host: host, groupInstanceID: instance)
  }

  @Test("Hosts count in any form of the same address")
  func hosts() {
    let forms: [(String, String)] = [
      ("10.1.2.3", "/10.1.2.3"), ("10.1.2.3", "/::ffff:10.1.2.3"), ("::ffff:10.1.2.3", "/10.1.2.3"),
      ("fd00::17", "/fd00:0:0:0:0:0:0:17"), ("FD00:0::17", "fd00::17"), ("10.1.2.3", "h/10.1.2.3"),
    ]
    for (pod, host) in forms {
      #expect(PodIdentity(address: pod).signs(of: [member(host)]) == [.host], "\(pod) \(host)")
    }
    #expect(PodIdentity(address: "10.1.2.3").signs(of: [member("/10.1.2.30")]) == [nil])
  }

  @Test("Names count between characters that are neither letters nor digits")
  func names() {
    let identity = PodIdentity(name: "orders-1")
    let fits = ["orders-1", "orders-1-consumer-0", "app_orders-1", "x.orders-1.y", "orders-1/0"]
    let fitsNot = ["orders-10", "xorders-1", "orders-1é", "Orders-1", "orders", "", "orders-"]
    for client in fits {
      #expect(identity.signs(of: [member("/1.1.1.1", client: client)]) == [.clientID], "\(client)")
    }
    for client in fitsNot {
      #expect(identity.signs(of: [member("/1.1.1.1", client: client)]) == [nil], "\(client)")
    }
    #expect(
      identity.signs(of: [member("/1.1.1.1", client: "rdkafka", instance: "orders-1")])
        == [.instanceID])
    // The first of several places may not fit.
    #expect(PodIdentity.stands("orders-1", in: "orders-10-orders-1"))
  }

  @Test("The longest name that fits wins")
  func longest() {
    let members = [
      member("/1.1.1.1", client: "orders", instance: "orders-1"),
      member("/1.1.1.1", client: "orders-1-consumer"), member("/1.1.1.1", client: "orders-x"),
    ]
    // Pod orders-1 has a whole id of its own, which stands in the second member's client id.
    #expect(PodIdentity(name: "orders").signs(of: members) == [.clientID, nil, .clientID])
    #expect(PodIdentity(name: "orders-1").signs(of: members) == [.instanceID, .clientID, nil])
  }

  @Test("Where some host fits, names at other hosts are other pods'")
  func hostsBeforeNames() {
    let identity = PodIdentity(address: "10.0.0.1", name: "orders-1")
    let members = [
      member("/10.0.0.1", client: "a"), member("/10.0.0.2", client: "orders-1-0"),
    ]
    #expect(identity.signs(of: members) == [.host, nil])
    // Behind a proxy no host fits, so that names are all there is.
    #expect(identity.signs(of: [members[1]]) == [.clientID])
  }

  @Test("In the host's network only names count")
  func hostNetwork() {
    let identity = PodIdentity(
      address: "10.0.0.1", name: "orders-1", nodeAddress: "::ffff:10.0.0.1")
    #expect(identity.isOnHostNetwork)
    let members = [
      member("/10.0.0.1", client: "payments-7"), member("/10.0.0.1", client: "orders-1-0"),
    ]
    #expect(identity.signs(of: members) == [nil, .clientID])
  }

  @Test("Nothing given fits nobody")
  func nothing() {
    #expect(PodIdentity().isEmpty)
    #expect(PodIdentity(address: "", name: "").isEmpty)
    #expect(PodIdentity(address: "", name: "").signs(of: [member("", client: "")]) == [nil])
  }

  @Test("No text makes it trap")
  func strange() {
    let strange = ["", "/", "é", "\u{0}", String(repeating: "a-", count: 5000), "🙂-orders-1-🙂"]
    for name in strange {
      for text in strange {
        let identity = PodIdentity(address: name, name: name, nodeAddress: text)
        let signs = identity.signs(of: [
          member(text, client: text, instance: text), member(name, client: name),
        ])
        #expect(signs.count == 2)
      }
    }
  }
}
