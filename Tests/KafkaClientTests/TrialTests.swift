import Foundation
import KafkaClient
import Testing

@Suite("A client on trial")
struct TrialTests {
  private func complaint(_ properties: [String: String]) -> String? {
    var list = KafkaProperties([KafkaProperty("bootstrap.servers", "127.0.0.1:1")])
    for (name, value) in properties.sorted(by: { $0.key < $1.key }) { list.set(name, value) }
    return list.complaintOfClient()
  }

  @Test("What a client can be made of is taken")
  func taken() {
    #expect(complaint([:]) == nil)
    #expect(complaint(["security.protocol": "ssl"]) == nil)
    #expect(
      complaint([
        "security.protocol": "sasl_ssl", "sasl.mechanism": "SCRAM-SHA-256", "sasl.username": "u",
        "sasl.password": "p",
      ]) == nil)
    #expect(complaint(["security.protocol": "sasl_plaintext", "sasl.mechanism": "GSSAPI"]) == nil)
    #expect(complaint(["security.protocol": "sasl_ssl", "sasl.mechanism": "OAUTHBEARER"]) == nil)
  }

  @Test(
    "Files that hold no certificate or key are refused",
    arguments: ["ssl.ca.location", "ssl.certificate.location", "ssl.key.location"])
  func garbage(_ property: String) throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "vole-\(UUID()).pem")
    try Data("no certificate\n".utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let told = complaint(["security.protocol": "ssl", property: file.path])
    #expect(told?.contains(property) == true)
  }

  @Test("What does not go together is refused, and no secret is told")
  func combinations() {
    let told = complaint([
      "security.protocol": "sasl_plaintext", "sasl.mechanism": "PLAIN", "sasl.password": "hush",
    ])
    #expect(told?.contains("sasl.username") == true)
    #expect(told?.contains("hush") == false)
  }
}
