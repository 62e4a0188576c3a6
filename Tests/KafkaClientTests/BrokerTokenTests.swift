import Glibc
import KafkaClient
import Testing

/// A file of its own with a token, gone with this object.
final class TokenFile {
  let path: String

  init(_ text: String) {
    var name = Array("/tmp/vole-token-XXXXXX".utf8CString)
    close(mkstemp(&name))
    path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    write(text)
  }

  deinit { unlink(path) }

  /// Replaces the file at once, as Kubernetes does.
  func write(_ text: String) {
    let next = path + ".next"
    guard let file = fopen(next, "w") else { return }
    fputs(text, file)
    fclose(file)
    rename(next, path)
  }
}

extension BrokerTests {
  @Suite("SASL OAUTHBEARER with a token from a file")
  struct TokenTests {
    func properties(_ broker: TestBroker, _ file: TokenFile) -> KafkaProperties {
      var properties = broker.properties
      properties.set("security.protocol", "sasl_plaintext")
      properties.set("sasl.mechanism", "OAUTHBEARER")
      properties.oauthToken = OAuthTokenFile(path: file.path)
      return properties
    }

    func start() throws -> TestBroker {
      let broker = try TestBroker(["--sasl", "OAUTHBEARER", "--brokers", "2"])
      try broker.tell("create_topic", #""topic": "t", "partitions": 1"#)
      try broker.tell("append", #""topic": "t", "partition": 0, "pairs": [["01", "02"]]"#)
      try broker.tell("commit", #""group": "g", "topic": "t", "partition": 0, "offset": 0"#)
      try broker.tell("set_token", #""token": "good", "user": "vole""#)
      return broker
    }

    @Test("every kind of client comes in with it: reader, worker, groups, probe")
    func allClients() throws {
      let broker = try start()
      let file = TokenFile("good\n")
      let properties = properties(broker, file)
      let wakeUp = WakeUpPipe()
      var reader = try OffsetsTopicReader.connect(
        properties: properties, settings: quickSettings(topic: "t"),
        wakeUpDescriptor: wakeUp.writeEnd)
      try reader.start(partition: 0, at: .beginning)
      var harvest = Harvest()
      #expect(harvest.gather(&reader, wakeUp) { $0.ends[0] == 1 })

      let workerWakeUp = WakeUpPipe()
      var worker = try ClusterWorker.start(
        properties: properties, wakeUpDescriptor: workerWakeUp.writeEnd, clock: wallClock)
      let ends = heads(&worker, workerWakeUp, [TopicPartitions(topic: "t", partitions: [0])])
      #expect(ends.map { $0.map(\.end) } == [[1]])
      expectStop(worker)

      let groupsWakeUp = WakeUpPipe()
      var groups = GroupsClient(properties: properties, wakeUpDescriptor: groupsWakeUp.writeEnd)
      let now = Instant.nowMilliseconds()
      _ = try groups.requestOffsets(group: "g", timeoutMilliseconds: 5_000, now: now)
      _ = try groups.requestDescription(groups: ["g"], timeoutMilliseconds: 5_000, now: now)
      _ = try groups.requestGroupList(timeoutMilliseconds: 5_000, now: now)
      let replies = groupReplies(&groups, groupsWakeUp) { $0.count == 3 }
      #expect(replies.compactMap { try? $0.committed?.get().count } == [1])
      #expect(replies.compactMap { try? $0.described?.first?.result.get().state } == [.empty])
      #expect(!replies.contains { $0.content.isFailedList })

      let probeWakeUp = WakeUpPipe()
      var probe = RecordProbe(properties: properties, wakeUpDescriptor: probeWakeUp.writeEnd)
      _ = try probe.start(
        topic: "t", partition: 0, committed: 0, end: 1, timeoutMilliseconds: 5_000, now: now)
      #expect(probeReplies(&probe, probeWakeUp).map(\.result) == [.readable(at: 0)])
    }

    @Test("a token that the broker refuses is an authentication error, and never in a message")
    func refused() throws {
      let broker = try start()
      let file = TokenFile("wrong-and-secret")
      let wakeUp = WakeUpPipe()
      var reader = try OffsetsTopicReader.connect(
        properties: properties(broker, file), settings: quickSettings(topic: "t"),
        wakeUpDescriptor: wakeUp.writeEnd)
      try reader.start(partition: 0, at: .beginning)
      var harvest = Harvest()
      let told = harvest.gather(&reader, wakeUp) { $0.failsToAuthenticate }
      #expect(told, "\(harvest.notices)")
      #expect(!"\(harvest.notices)".contains("secret"))
      // A new client reads the file again.
      file.write("good")
      try reader.reconnect(properties: properties(broker, file))
      #expect(harvest.gather(&reader, wakeUp) { $0.ends[0] == 1 })
    }

    @Test("a file that is not there is told by name")
    func missing() throws {
      let broker = try start()
      let file = TokenFile("")
      unlink(file.path)
      let wakeUp = WakeUpPipe()
      var reader = try OffsetsTopicReader.connect(
        properties: properties(broker, file), settings: quickSettings(topic: "t"),
        wakeUpDescriptor: wakeUp.writeEnd)
      try reader.start(partition: 0, at: .beginning)
      var harvest = Harvest()
      #expect(harvest.gather(&reader, wakeUp) { $0.failsToAuthenticate })
      #expect("\(harvest.notices)".contains("token file \(file.path) cannot be opened"))
      file.write("good")
      // librdkafka would ask again after ten seconds by itself.
      try reader.reconnect(properties: properties(broker, file))
      #expect(harvest.gather(&reader, wakeUp) { $0.ends[0] == 1 })
    }

    @Test("a token is read again when four fifths of its life are over")
    func rotation() throws {
      let broker = try start()
      func token(of user: String, seconds: Int64) throws -> String {
        let end = wallClock() / 1_000 + seconds
        let text = OAuthTokenTests.jwt("{\"sub\":\"\(user)\",\"exp\":\(end)}")
        try broker.tell("set_token", "\"token\": \"\(text)\", \"user\": \"\(user)\"")
        return text
      }
      func allow(_ user: String) throws {
        for resource in ["Group", "Topic"] {
          try broker.tell(
            "allow",
            "\"principal\": \"User:\(user)\", \"operation\": \"All\", "
              + "\"resource\": \"\(resource)\"")
        }
      }
      try broker.tell("authorize")
      try allow("first")
      let file = TokenFile(try token(of: "first", seconds: 3))
      let wakeUp = WakeUpPipe()
      var groups = GroupsClient(
        properties: properties(broker, file), wakeUpDescriptor: wakeUp.writeEnd)
      func ask(_ groups: inout GroupsClient) throws -> Int? {
        _ = try groups.requestOffsets(
          group: "g", timeoutMilliseconds: 5_000, now: Instant.nowMilliseconds())
        return try? groupReplies(&groups, wakeUp) { !$0.isEmpty }.first?.committed?.get().count
      }
      #expect(try ask(&groups) == 1)
      // The second token is taken up while nobody asks for anything, and used when a connection
      // has to be made anew.
      file.write(try token(of: "second", seconds: 600))
      var pause = timespec(tv_sec: 4, tv_nsec: 0)
      nanosleep(&pause, nil)
      try broker.tell("revoke", #""principal": "User:first""#)
      try allow("second")
      try broker.tell("disconnect", #""broker": 1"#)
      try broker.tell("disconnect", #""broker": 2"#)
      #expect(try ask(&groups) == 1)
    }
  }
}

extension Harvest {
  /// Whether a client said that it may not come in.
  var failsToAuthenticate: Bool {
    notices.contains {
      if case .error(let error) = $0 { error.kind == .authentication } else { false }
    }
  }
}

extension GroupsReply.Content {
  /// Whether this is a list that could not be had.
  var isFailedList: Bool {
    if case .list(.failure) = self { true } else { false }
  }
}
