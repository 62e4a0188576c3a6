import Glibc
import KafkaClient

/// A non-blocking pipe that stands for the loop's eventfd.
final class WakeUpPipe {
  let readEnd: Int32
  let writeEnd: Int32

  init() {
    var ends: [Int32] = [-1, -1]
    precondition(pipe(&ends) == 0)
    (readEnd, writeEnd) = (ends[0], ends[1])
    for end in ends { precondition(fcntl(end, F_SETFL, O_NONBLOCK) == 0) }
  }

  deinit {
    close(readEnd)
    close(writeEnd)
  }

  /// Waits for a wake-up, at most until the deadline, and takes it.
  func wait(until deadline: Instant) -> Bool {
    var set = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
    let ready = poll(&set, 1, Int32(deadline.milliseconds))
    return ready > 0 && take() > 0
  }

  /// Takes all wake-ups that wait.
  @discardableResult
  func take() -> Int {
    var bytes = [UInt8](repeating: 0, count: 4_096)
    let count = read(readEnd, &bytes, bytes.count)
    return max(0, count) / 8
  }
}

/// A moment by which something must have happened.
struct Instant {
  private let at: UInt64

  init(in milliseconds: Int) {
    at = Instant.now() + UInt64(milliseconds) * 1_000_000
  }

  var hasPassed: Bool { Instant.now() >= at }

  /// Milliseconds left, rounded up.
  var milliseconds: Int {
    let now = Instant.now()
    return now >= at ? 0 : Int((at - now + 999_999) / 1_000_000)
  }

  static func now() -> UInt64 { clock_gettime_nsec() }

  private static func clock_gettime_nsec() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  static func nowMilliseconds() -> Int64 { Int64(now() / 1_000_000) }
}

/// One record as the tests keep it.
struct Seen: Equatable {
  var partition: Int32
  var offset: Int64
  var timestamp: Int64
  var key: [UInt8]?
  var value: [UInt8]?
}

/// Everything that a reader has delivered.
struct Harvest {
  var records: [Seen] = []
  var ends: [Int32: Int64] = [:]
  var endCount = 0
  var failures: [PartitionFailure] = []
  var notices: [ClientNotice] = []
  var slices = 0

  /// Takes one slice.
  mutating func drain(_ reader: inout OffsetsTopicReader, maximum: Int) -> DrainResult {
    var records: [Seen] = []
    var ends: [(Int32, Int64)] = []
    let result = reader.drain(maximum: maximum) { item, key, value in
      switch item.kind {
      case .record(let hasKey, let hasValue):
        records.append(
          Seen(
            partition: item.partition, offset: item.offset, timestamp: item.timestamp,
            key: hasKey ? bytes(key) : nil, value: hasValue ? bytes(value) : nil))
      case .end: ends.append((item.partition, item.offset))
      }
    }
    self.records += records
    for (partition, offset) in ends { self.ends[partition] = offset }
    endCount += ends.count
    failures += result.failures
    notices += result.notices
    slices += 1
    return result
  }

  /// Behaves as the loop does: waits for a wake-up, then drains until nothing may be left.
  mutating func gather(
    _ reader: inout OffsetsTopicReader, _ wakeUp: WakeUpPipe, maximum: Int = 64,
    within milliseconds: Int = 10_000, until done: (Harvest) -> Bool
  ) -> Bool {
    let deadline = Instant(in: milliseconds)
    while !done(self) {
      guard wakeUp.wait(until: deadline) else { return done(self) }
      while drain(&reader, maximum: maximum).mayHaveMore {}
    }
    return true
  }
}

/// Copies a span.
func bytes(_ span: Span<UInt8>) -> [UInt8] {
  var copy: [UInt8] = []
  for index in span.indices { copy.append(span[index]) }
  return copy
}

/// Settings whose Fetches return quickly.
func quickSettings(topic: String = "__consumer_offsets") -> OffsetsTopicReader.Settings {
  var settings = OffsetsTopicReader.Settings()
  settings.topic = topic
  settings.fetchWaitMilliseconds = 20
  return settings
}

/// The wall clock in milliseconds.
@Sendable func wallClock() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_REALTIME, &time)
  return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
}

/// How many threads this process has.
func threadCount() -> Int {
  guard let file = fopen("/proc/self/status", "r") else { return -1 }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 256)
  while fgets(&line, 256, file) != nil {
    let text = String(
      decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    if text.hasPrefix("Threads:") {
      return Int(text.dropFirst(8).trimmingPrefix { $0.isWhitespace }.prefix { $0.isNumber }) ?? -1
    }
  }
  return -1
}

/// Writes records and waits for their acknowledgement.
func write(_ cluster: MockCluster, topic: String, _ records: [Seen]) throws {
  let producer = try Producer.connect(properties: cluster.properties)
  for record in records {
    while true {
      do throws(KafkaError) {
        try producer.produce(
          topic: topic, partition: record.partition, key: record.key, value: record.value,
          timestamp: record.timestamp)
        break
      } catch {
        guard error.kind == .queueFull else { throw error }
        _ = producer.poll(timeoutMilliseconds: 100)
      }
    }
  }
  let deliveries = producer.flush(timeoutMilliseconds: 20_000)
  precondition(producer.waiting == 0 && deliveries.failed == 0)
}
