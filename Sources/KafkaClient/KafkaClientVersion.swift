import CLibrdkafka

/// The librdkafka that this process runs with, which may be newer than the one it was built with.
package struct KafkaClientVersion: Equatable, Sendable {
  /// The version as librdkafka writes it, for example `2.0.2`.
  package let text: String
  /// The version as `0xMMmmrrxx`: major, minor, revision, pre-release (`ff` is final).
  package let number: Int32

  /// Asks the loaded library.
  package static var current: KafkaClientVersion {
    // SAFETY: rd_kafka_version_str returns a static string that is never freed.
    let text = unsafe rd_kafka_version_str().map { unsafe String(cString: $0) } ?? ""
    return KafkaClientVersion(text: text, number: rd_kafka_version())
  }
}
