import CLibrdkafka
import Text

/// One librdkafka property as the configuration gave it.
package struct KafkaProperty: Equatable, Sendable {
  /// The name in librdkafka's `CONFIGURATION.md`, for example `bootstrap.servers`.
  package let name: String
  /// The value, verbatim.
  package let value: String

  /// Pairs a name with its value.
  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }

  /// Whether the value must never be shown: passwords, keys and tokens.
  package var isSecret: Bool { KafkaProperty.isSecret(name) }

  /// Whether values of this property must never be shown, judged by the name alone so that a
  /// misspelt secret is kept back too.
  package static func isSecret(_ name: String) -> Bool {
    // librdkafka marks these in rdkafka_conf.c (_RK_SENSITIVE); a name that looks like them counts.
    let lowered = name.lowercased()
    return ["password", "secret", ".pem", "ssl_key", "oauthbearer.config", "token"]
      .contains { lowered.holds($0) }
  }
}

/// A property that librdkafka does not take, and why.
package struct KafkaPropertyProblem: Equatable, Sendable, CustomStringConvertible {
  /// The property's name as given.
  package let name: String
  /// Why it is refused; holds the value only when it is no secret.
  package let reason: String

  package var description: String { "\(name): \(reason)" }
}

/// The properties of one Kafka cluster, in the order given; a later one replaces an earlier one.
package struct KafkaProperties: Equatable, Sendable {
  /// The properties in the order given.
  package private(set) var list: [KafkaProperty]
  /// Where the token of SASL OAUTHBEARER is read from; nil when librdkafka is left alone with it.
  package var oauthToken: OAuthTokenFile?

  /// Keeps the order of the list.
  package init(_ list: [KafkaProperty] = []) {
    self.list = list
  }

  /// Adds a property, or replaces the value of the one with this name.
  package mutating func set(_ name: String, _ value: String) {
    if let index = list.firstIndex(where: { $0.name == name }) {
      list[index] = KafkaProperty(name, value)
    } else {
      list.append(KafkaProperty(name, value))
    }
  }

  /// The value of a property, or nil when it was not given.
  package subscript(name: String) -> String? {
    list.last { $0.name == name }?.value
  }

  /// Properties that the agent sets itself; giving one of them is a configuration error.
  package static let reserved: [String] = [
    "group.id", "group.instance.id", "enable.partition.eof", "isolation.level",
    "auto.offset.reset", "enable.auto.commit", "auto.commit.enable", "enable.auto.offset.store",
    "allow.auto.create.topics", "log.queue", "transactional.id",
  ]

  /// Checks every property against librdkafka without creating a client.
  ///
  /// Only what one property alone can show is found; `rd_kafka_new` may still refuse a
  /// combination (a missing certificate file, SASL without a mechanism).
  ///
  /// - Returns: every problem, in the order of the list; empty when all are taken.
  package func problems() -> [KafkaPropertyProblem] {
    var found: [KafkaPropertyProblem] = []
    for property in list where KafkaProperties.reserved.contains(property.name) {
      found.append(
        KafkaPropertyProblem(name: property.name, reason: "is set by the agent itself"))
    }
    let unsecured = "enable.sasl.oauthbearer.unsecure.jwt"
    let isOn = ["true", "t", "1"].contains(self[unsecured]?.lowercased())
    if isOn, !KafkaClientVersion.current.renewsUnsecuredTokens {
      found.append(
        KafkaPropertyProblem(
          name: unsecured, reason: "this librdkafka dies when it renews such a token"))
    }
    let configuration = ClientConfiguration()
    found += configuration.apply(list)
    return found
  }
}
