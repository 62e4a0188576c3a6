import CLibrdkafka

/// Destroys clients on threads of their own.
package enum ClientRetirement {
  /// Destroys a client and what belongs to it without blocking the caller.
  ///
  /// The queues are cut off from their descriptors before this returns, so the caller may close
  /// those at once.
  ///
  /// - Parameters:
  ///   - client: an owned client that nobody uses any more.
  ///   - queues: owned queues of the client.
  ///   - topics: owned topic handles of the client.
  ///   - tokens: what the client calls until it is gone.
  @unsafe static func retire(
    client: OpaquePointer, queues: [OpaquePointer], topics: [OpaquePointer],
    tokens: OAuthTokenRefresh?
  ) {
    unsafe queues.forEach { unsafe WakeUp.enable(queue: $0, descriptor: -1) }
    nonisolated(unsafe) let client = unsafe client
    nonisolated(unsafe) let queues = unsafe queues
    nonisolated(unsafe) let topics = unsafe topics
    // SAFETY: the three are owned by the closure alone from here on, and destroyed once. Without a
    // thread (no memory, thread limit) the client is leaked rather than the loop blocked.
    let isStarted = HelperThread.start {
      unsafe queues.forEach { unsafe rd_kafka_queue_destroy($0) }
      unsafe topics.forEach { unsafe rd_kafka_topic_destroy($0) }
      unsafe rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
      withExtendedLifetime(tokens) {}
    }
    // A client that is leaked goes on calling.
    if !isStarted, let tokens { _ = unsafe Unmanaged.passRetained(tokens) }
  }

  /// Waits until every client of this process is destroyed.
  ///
  /// Called once before the process exits: librdkafka's threads must not run while the exit
  /// handlers of OpenSSL do.
  ///
  /// - Parameter timeoutMilliseconds: the longest wait.
  /// - Returns: whether all are gone.
  package static func wait(timeoutMilliseconds: Int32) -> Bool {
    rd_kafka_wait_destroyed(timeoutMilliseconds) == 0
  }
}
