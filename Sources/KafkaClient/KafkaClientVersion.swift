import CLibrdkafka

/// The librdkafka that this process runs with, which may be newer than the one it was built with.
package struct KafkaClientVersion: Equatable, Sendable {
  /// The version as librdkafka writes it, for example `2.0.2`.
  package let text: String
  /// The version as `0xMMmmrrxx`: major, minor, revision, pre-release (`ff` is final).
  package let number: Int32

  /// Puts the parts together.
  package init(text: String, number: Int32) {
    self.text = text
    self.number = number
  }

  /// Asks the loaded library.
  package static var current: KafkaClientVersion {
    // SAFETY: rd_kafka_version_str returns a static string that is never freed.
    let text = unsafe rd_kafka_version_str().map { unsafe String(cString: $0) } ?? ""
    return KafkaClientVersion(text: text, number: rd_kafka_version())
  }

  /// Whether Kafka 4 refuses the SCRAM of this version: before 2.6.1 its last message carries a
  /// wrong nonce (librdkafka issue 4895), which Kafka checks since 4.0.
  package var isRefusedScramByKafka4: Bool { number < 0x0206_01ff }

  /// Whether `enable.sasl.oauthbearer.unsecure.jwt` is safe: 2.0.2 follows a null pointer when four
  /// fifths of such a token's life are over, 2.8.0 does not; those between are not trusted.
  var renewsUnsecuredTokens: Bool { number >= 0x0208_00ff }

  /// Whether this librdkafka was built with its own OIDC, so that `sasl.oauthbearer.method` takes
  /// `oidc` (since 1.9, and only where libcurl was there when it was built; Debian 12 lacks it).
  package static var hasOIDC: Bool {
    let configuration = ClientConfiguration()
    return configuration.apply([KafkaProperty("sasl.oauthbearer.method", "oidc")]).isEmpty
  }
}
