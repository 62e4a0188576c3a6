/// Properties that suit a small, long-lived observer; the user's properties replace them.
enum ClientDefaults {
  /// For every client.
  static let common: [KafkaProperty] = [
    KafkaProperty("client.id", "vole"),
    // librdkafka waits up to 10 s between attempts: a broker that came back was read only after
    // seconds.
    KafkaProperty("reconnect.backoff.ms", "100"),
    KafkaProperty("reconnect.backoff.max.ms", "1000"),
    KafkaProperty("socket.keepalive.enable", "true"),
    KafkaProperty("socket.nagle.disable", "true"),
  ]
}
