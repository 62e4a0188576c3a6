import KafkaClient
import Testing

@Suite("Properties and errors, without a broker")
struct PropertyTests {
  @Test("every refused property is named, in order, and the accepted ones are not")
  func allProblems() {
    let properties = KafkaProperties([
      KafkaProperty("bootstrap.servers", "a:9092"),
      KafkaProperty("no.such.property", "1"),
      KafkaProperty("socket.timeout.ms", "soon"),
      KafkaProperty("group.id", "mine"),
      KafkaProperty("client.id", "a\0b"),
      KafkaProperty("acks", "all"),
    ])
    let problems = properties.problems()
    #expect(
      Set(problems.map(\.name))
        == ["no.such.property", "socket.timeout.ms", "group.id", "client.id"])
    #expect(problems.first { $0.name == "no.such.property" }?.reason == "no such property")
    #expect(problems.first { $0.name == "group.id" }?.reason == "is set by the agent itself")
    #expect(
      problems.first { $0.name == "socket.timeout.ms" }?.reason.contains("socket.timeout.ms")
        == true)
  }

  @Test("what librdkafka dies of later is refused at once")
  func unsecuredTokens() {
    let name = "enable.sasl.oauthbearer.unsecure.jwt"
    let isNew = KafkaClientVersion.current.number >= 0x0208_00ff
    for value in ["true", "T", "1"] {
      #expect(KafkaProperties([KafkaProperty(name, value)]).problems().isEmpty == isNew)
    }
    #expect(KafkaProperties([KafkaProperty(name, "false")]).problems().isEmpty)
  }

  @Test("a secret value is never repeated, not even under a misspelt name")
  func secrets() {
    let secret = "hunter2hunter2"
    for name in [
      "sasl.password", "ssl.key.password", "ssl.keystore.password", "sasl.pasword.password",
      "ssl.key.pem", "sasl.oauthbearer.client.secret", "SSL.KEY.PASSWORD",
    ] {
      #expect(KafkaProperty(name, secret).isSecret, "\(name)")
      for problem in KafkaProperties([KafkaProperty(name, secret)]).problems() {
        #expect(!problem.description.contains(secret), "\(problem)")
      }
    }
    #expect(!KafkaProperty("sasl.username", "me").isSecret)
  }

  @Test("a secret that this librdkafka was built without is refused with that reason")
  func unsupportedSecret() {
    let name = "sasl.oauthbearer.client.secret"
    let problems = KafkaProperties([KafkaProperty(name, "hunter2")]).problems()
    // Others were built with it, and take it.
    for problem in problems {
      #expect(problem.reason.contains("not supported in this build: "), "\(problem)")
    }
  }

  @Test("an invalid secret is refused without its value")
  func invalidSecret() {
    // A PEM that is no PEM is refused by librdkafka with a text that may repeat it.
    let properties = KafkaProperties([
      KafkaProperty("security.protocol", "ssl"), KafkaProperty("ssl.key.pem", "hunter2hunter2"),
    ])
    #expect(throws: KafkaError.self) {
      do {
        let pipe = WakeUpPipe()
        _ = try OffsetsTopicReader.connect(
          properties: properties, settings: quickSettings(), wakeUpDescriptor: pipe.writeEnd)
      } catch {
        #expect(!"\(error)".contains("hunter2"), "\(error)")
        throw error
      }
    }
  }

  @Test("a client that cannot be built says why, all reasons at once")
  func clientWithBadProperties() {
    let pipe = WakeUpPipe()
    let properties = KafkaProperties([
      KafkaProperty("no.such", "1"), KafkaProperty("socket.timeout.ms", "soon"),
    ])
    let error = #expect(throws: KafkaError.self) {
      _ = try OffsetsTopicReader.connect(
        properties: properties, settings: quickSettings(), wakeUpDescriptor: pipe.writeEnd)
    }
    #expect(error?.kind == .configuration)
    #expect(error?.message.contains("no.such: no such property") == true)
    #expect(error?.message.contains("socket.timeout.ms") == true)
  }

  @Test("setting a property replaces it in place")
  func set() {
    var properties = KafkaProperties([KafkaProperty("a", "1"), KafkaProperty("b", "2")])
    properties.set("a", "3")
    properties.set("c", "4")
    #expect(properties.list.map(\.name) == ["a", "b", "c"])
    #expect(properties["a"] == "3" && properties["nope"] == nil)
  }

  @Test("codes are classified by what they ask of the receiver")
  func kinds() {
    let expected: [(Int32, KafkaError.Kind, Bool)] = [
      (-195, .transport, true), (-187, .transport, true), (-185, .timedOut, true),
      (7, .timedOut, true), (-169, .authentication, false), (58, .authentication, false),
      (29, .authorization, false), (30, .authorization, false),
      (3, .unknownTopicOrPartition, false), (-190, .unknownTopicOrPartition, false),
      (5, .leaderNotAvailable, true), (6, .leaderNotAvailable, true),
      (1, .offsetOutOfRange, false), (-184, .queueFull, true), (-186, .configuration, false),
      (14, .leaderNotAvailable, true), (15, .leaderNotAvailable, true),
      (16, .leaderNotAvailable, true), (2, .other, false), (12_345, .other, false),
    ]
    for (code, kind, isRetriable) in expected {
      let error = KafkaError(code: code)
      #expect(error.kind == kind, "\(code)")
      #expect(error.isRetriable == isRetriable, "\(code)")
      #expect(!error.name.isEmpty && !error.message.isEmpty, "\(code)")
    }
    #expect(KafkaError(code: -195).name == "_TRANSPORT")
    #expect(!KafkaError(code: -195, isFatal: true).isRetriable)
  }

  @Test("the library's version is at least the oldest that is supported")
  func version() {
    let version = KafkaClientVersion.current
    #expect(version.number >= 0x0200_02ff)
    #expect(version.text.first?.isNumber == true)
  }

  @Test("SCRAM is refused by Kafka 4 up to 2.6.0 and taken from 2.6.1 on")
  func scram() {
    for (number, isRefused) in [
      (Int32(0x0200_02ff), true), (0x0206_00ff, true), (0x0206_0101, true), (0x0206_01ff, false),
      (0x020a_00ff, false), (0x0300_00ff, false),
    ] {
      let version = KafkaClientVersion(text: "", number: number)
      #expect(version.isRefusedScramByKafka4 == isRefused, "\(String(number, radix: 16))")
    }
  }

  @Test("librdkafka says itself whether it has OIDC")
  func oidc() {
    let taken = KafkaProperties([KafkaProperty("sasl.oauthbearer.method", "oidc")]).problems()
    #expect(KafkaClientVersion.hasOIDC == taken.isEmpty)
  }
}

@Suite("When a worker counts as stuck")
struct WorkerWatchdogTests {
  @Test("an answer is overdue after three times its timeout, not a millisecond before")
  func edge() {
    var watchdog = WorkerWatchdog()
    _ = watchdog.asked(.heads, timeoutMilliseconds: 100, now: 1_000)
    #expect(!watchdog.isStuck(now: 1_299))
    #expect(watchdog.isStuck(now: 1_300))
  }

  @Test("asking again does not hide that nothing was ever answered")
  func replaced() {
    var watchdog = WorkerWatchdog()
    for now in stride(from: Int64(0), to: 300, by: 100) {
      _ = watchdog.asked(.heads, timeoutMilliseconds: 100, now: now)
    }
    #expect(!watchdog.isStuck(now: 299))
    #expect(watchdog.isStuck(now: 300))
  }

  @Test("an answer to the newest question ends the watch; one to an older counts from the newest")
  func answered() {
    var watchdog = WorkerWatchdog()
    let first = watchdog.asked(.metadata, timeoutMilliseconds: 100, now: 0)
    let second = watchdog.asked(.metadata, timeoutMilliseconds: 100, now: 250)
    #expect(first < second)
    watchdog.answered(.metadata, first)
    #expect(!watchdog.isStuck(now: 549))
    #expect(watchdog.isStuck(now: 550))
    watchdog.answered(.metadata, second)
    #expect(!watchdog.isStuck(now: .max))
  }

  @Test("the kinds are watched separately")
  func kinds() {
    var watchdog = WorkerWatchdog()
    _ = watchdog.asked(.metadata, timeoutMilliseconds: 100, now: 0)
    let heads = watchdog.asked(.heads, timeoutMilliseconds: 100, now: 0)
    watchdog.answered(.heads, heads)
    #expect(watchdog.isStuck(now: 300))
    #expect(!WorkerWatchdog().isStuck(now: .max))
  }
}
