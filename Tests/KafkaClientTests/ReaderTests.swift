import KafkaClient
import Testing

extension MockTests {
  @Suite("Reading the offsets topic")
  struct ReaderTests {
    /// Records like those of a group coordinator: a commit, then its tombstone.
    static func offsetsRecords(partitions: Int32) -> [Seen] {
      (0..<partitions).flatMap { partition -> [Seen] in
        let key: [UInt8] = [0, 1, 0, 1, 103, 0, 1, 116, 0, 0, 0, UInt8(partition)]
        let value: [UInt8] = [0, 3, 0, 0, 0, 0, 0, 0, 0, 42, 255, 255, 255, 255, 0, 0]
        return [
          Seen(
            partition: partition, offset: 0, timestamp: 1_700_000_000_000 + Int64(partition),
            key: key, value: value),
          Seen(
            partition: partition, offset: 1, timestamp: 1_700_000_001_000, key: key, value: nil),
        ]
      }
    }

    @Test("50 partitions with commits and tombstones arrive whole, and every end is seen")
    func roundTrip() throws {
      let cluster = try MockCluster(brokerCount: 3)
      try cluster.createTopic("__consumer_offsets", partitions: 50)
      let written = Self.offsetsRecords(partitions: 50)
      try write(cluster, topic: "__consumer_offsets", written)

      let wakeUp = WakeUpPipe()
      var reader = try OffsetsTopicReader.connect(
        properties: cluster.properties, settings: quickSettings(),
        wakeUpDescriptor: wakeUp.writeEnd)
      for partition in Int32(0)..<50 { try reader.start(partition: partition, at: .beginning) }
      var harvest = Harvest()
      let all = harvest.gather(&reader, wakeUp) { $0.ends.count == 50 && $0.records.count == 100 }
      #expect(all, "\(harvest.ends.count) ends, \(harvest.records.count) records")
      #expect(harvest.ends == Dictionary(uniqueKeysWithValues: (Int32(0)..<50).map { ($0, 2) }))
      #expect(
        harvest.records.sorted { ($0.partition, $0.offset) < ($1.partition, $1.offset) } == written)
      #expect(harvest.failures.isEmpty)
      for partition in Int32(0)..<50 { #expect(reader.position(of: partition) == 2) }
      #expect(reader.position(of: 50) == nil && reader.position(of: -1) == nil)
    }

    @Test("null and empty keys and values stay what they are")
    func nullAndEmpty() throws {
      let cluster = try MockCluster()
      try cluster.createTopic("t", partitions: 1)
      let written = [
        Seen(partition: 0, offset: 0, timestamp: 1, key: nil, value: nil),
        Seen(partition: 0, offset: 1, timestamp: 2, key: [], value: []),
        Seen(partition: 0, offset: 2, timestamp: 3, key: [7], value: nil),
        Seen(partition: 0, offset: 3, timestamp: 4, key: nil, value: [8]),
      ]
      try write(cluster, topic: "t", written)
      let wakeUp = WakeUpPipe()
      var reader = try OffsetsTopicReader.connect(
        properties: cluster.properties, settings: quickSettings(topic: "t"),
        wakeUpDescriptor: wakeUp.writeEnd)
      try reader.start(partition: 0, at: .beginning)
      var harvest = Harvest()
      #expect(harvest.gather(&reader, wakeUp) { $0.ends[0] == 4 })
      #expect(harvest.records == written)
    }

    @Test("a slice that leaves messages says so; nothing of 1,000 is lost in slices of 64")
    func slices() throws {
      let cluster = try MockCluster()
      try cluster.createTopic("t", partitions: 1)
      let written = (0..<1_000).map {
        Seen(
          partition: 0, offset: Int64($0), timestamp: Int64($0 + 1), key: [UInt8($0 % 251)],
          value: [1, 2, 3])
      }
      try write(cluster, topic: "t", written)
      let wakeUp = WakeUpPipe()
      var reader = try OffsetsTopicReader.connect(
        properties: cluster.properties, settings: quickSettings(topic: "t"),
        wakeUpDescriptor: wakeUp.writeEnd)
      try reader.start(partition: 0, at: .beginning)
      let deadline = Instant(in: 10_000)
      var harvest = Harvest()

      // The first slice that leaves something behind. What it leaves is announced to nobody: that
      // is the trap which `mayHaveMore` is there for.
      var result = DrainResult()
      while !result.mayHaveMore, !deadline.hasPassed {
        #expect(wakeUp.wait(until: deadline))
        result = harvest.drain(&reader, maximum: 64)
        #expect(result.records + result.ends <= 64)
      }
      #expect(result.mayHaveMore)

      // After any slice: either it says that more may be there, or a wake-up announces more.
      while harvest.ends[0] == nil, !deadline.hasPassed {
        if !result.mayHaveMore { #expect(wakeUp.wait(until: deadline)) }
        result = harvest.drain(&reader, maximum: 64)
        #expect(result.records + result.ends <= 64)
      }
      let isWhole = harvest.records == written
      #expect(isWhole, "\(harvest.records.count) records")
      #expect(harvest.ends == [0: 1_000])
      #expect(harvest.slices >= 16)
    }

    @Test("a slice never exceeds the batch, and a slice of nothing takes nothing")
    func sliceBounds() throws {
      let cluster = try MockCluster()
      try cluster.createTopic("t", partitions: 1)
      try write(
        cluster, topic: "t",
        (0..<600).map {
          Seen(partition: 0, offset: Int64($0), timestamp: 1, key: [1], value: [1])
        })
      let wakeUp = WakeUpPipe()
      var reader = try OffsetsTopicReader.connect(
        properties: cluster.properties, settings: quickSettings(topic: "t"),
        wakeUpDescriptor: wakeUp.writeEnd)
      try reader.start(partition: 0, at: .beginning)
      var harvest = Harvest()
      let deadline = Instant(in: 10_000)
      var largest = 0
      while harvest.ends[0] == nil, !deadline.hasPassed {
        _ = wakeUp.wait(until: deadline)
        for maximum in [0, -1] {
          let result = harvest.drain(&reader, maximum: maximum)
          #expect(result.records == 0 && result.ends == 0)
        }
        var result = DrainResult()
        repeat {
          result = harvest.drain(&reader, maximum: .max)
          largest = max(largest, result.records + result.ends)
        } while result.mayHaveMore
      }
      #expect(largest <= OffsetsTopicReader.maximumBatch)
      #expect(harvest.records.count == 600)
    }

    @Test("reading begins at the end, or at an offset, and moves when started again")
    func startPoints() throws {
      let cluster = try MockCluster()
      try cluster.createTopic("t", partitions: 2)
      let records = { (range: Range<Int>) in
        range.map { Seen(partition: 0, offset: Int64($0), timestamp: 1, key: [1], value: [1]) }
      }
      try write(cluster, topic: "t", records(0..<10))
      let wakeUp = WakeUpPipe()
      var reader = try OffsetsTopicReader.connect(
        properties: cluster.properties, settings: quickSettings(topic: "t"),
        wakeUpDescriptor: wakeUp.writeEnd)
      try reader.start(partition: 0, at: .end)
      var harvest = Harvest()
      #expect(harvest.gather(&reader, wakeUp) { $0.ends[0] == 10 })
      #expect(harvest.records.isEmpty && reader.position(of: 0) == 10)
      try write(cluster, topic: "t", records(10..<12))
      #expect(harvest.gather(&reader, wakeUp) { $0.ends[0] == 12 })
      #expect(harvest.records.map(\.offset) == [10, 11])

      try reader.start(partition: 0, at: .offset(7))
      harvest = Harvest()
      #expect(harvest.gather(&reader, wakeUp) { $0.ends[0] == 12 })
      #expect(harvest.records.map(\.offset) == [7, 8, 9, 10, 11])
    }

    @Test("an offset beyond the log falls back to its start")
    func offsetOutOfRange() throws {
      let cluster = try MockCluster()
      try cluster.createTopic("t", partitions: 1)
      try write(
        cluster, topic: "t",
        (0..<3).map { Seen(partition: 0, offset: Int64($0), timestamp: 1, key: [1], value: [1]) })
      let wakeUp = WakeUpPipe()
      var reader = try OffsetsTopicReader.connect(
        properties: cluster.properties, settings: quickSettings(topic: "t"),
        wakeUpDescriptor: wakeUp.writeEnd)
      try reader.start(partition: 0, at: .offset(99))
      var harvest = Harvest()
      #expect(harvest.gather(&reader, wakeUp) { $0.ends[0] == 3 })
      #expect(harvest.records.map(\.offset) == [0, 1, 2])
    }

    @Test("partitions and offsets that cannot be are refused")
    func badStarts() throws {
      let wakeUp = WakeUpPipe()
      var reader = try OffsetsTopicReader.connect(
        properties: KafkaProperties([KafkaProperty("bootstrap.servers", "127.0.0.1:1")]),
        settings: quickSettings(), wakeUpDescriptor: wakeUp.writeEnd)
      for partition in [Int32(-1), .min, .max, OffsetsTopicReader.maximumPartitions] {
        #expect(throws: KafkaError.self) {
          try reader.start(partition: partition, at: .beginning)
        }
      }
      #expect(throws: KafkaError.self) { try reader.start(partition: 0, at: .offset(-1)) }
      reader.stop(partition: 3)
      reader.stop(partition: -1)
    }

    @Test("a stopped partition delivers nothing more; the others go on")
    func stop() throws {
      let cluster = try MockCluster()
      try cluster.createTopic("t", partitions: 2)
      let wakeUp = WakeUpPipe()
      var reader = try OffsetsTopicReader.connect(
        properties: cluster.properties, settings: quickSettings(topic: "t"),
        wakeUpDescriptor: wakeUp.writeEnd)
      try reader.start(partition: 0, at: .beginning)
      try reader.start(partition: 1, at: .beginning)
      var harvest = Harvest()
      #expect(harvest.gather(&reader, wakeUp) { $0.ends.count == 2 })
      let before = Instant.now()
      reader.stop(partition: 0)
      #expect(Instant.now() - before < 50_000_000)
      #expect(reader.position(of: 0) == nil)
      try write(
        cluster, topic: "t",
        [
          Seen(partition: 0, offset: 0, timestamp: 1, key: [1], value: [1]),
          Seen(partition: 1, offset: 0, timestamp: 1, key: [1], value: [1]),
        ])
      #expect(harvest.gather(&reader, wakeUp) { $0.ends[1] == 1 })
      #expect(harvest.records.map(\.partition) == [1])
    }

    @Test("stopping and starting again while others are read loses nothing and repeats nothing")
    func stopAndStart() throws {
      let cluster = try MockCluster(brokerCount: 2)
      try cluster.createTopic("t", partitions: 2)
      let written = (0..<2_000).map {
        Seen(
          partition: Int32($0 % 2), offset: Int64($0 / 2), timestamp: 1, key: [1],
          value: [UInt8](repeating: 7, count: 100))
      }
      try write(cluster, topic: "t", written)
      let wakeUp = WakeUpPipe()
      var settings = quickSettings(topic: "t")
      settings.partitionFetchMaximumBytes = 4_096
      var reader = try OffsetsTopicReader.connect(
        properties: cluster.properties, settings: settings, wakeUpDescriptor: wakeUp.writeEnd)
      for partition in Int32(0)..<2 { try reader.start(partition: partition, at: .beginning) }
      var harvest = Harvest()
      let deadline = Instant(in: 20_000)
      var restarts = 0
      while harvest.ends.count < 2, !deadline.hasPassed {
        _ = wakeUp.wait(until: Instant(in: 20))
        _ = harvest.drain(&reader, maximum: 16)
        // In the middle of what librdkafka has already fetched.
        guard restarts < 20, let position = reader.position(of: 0), position < 1_000 else {
          while restarts == 20, harvest.drain(&reader, maximum: 16).mayHaveMore {}
          continue
        }
        reader.stop(partition: 0)
        _ = harvest.drain(&reader, maximum: 16)
        try reader.start(partition: 0, at: .offset(position))
        restarts += 1
      }
      #expect(restarts > 3)
      for partition in Int32(0)..<2 {
        let offsets = harvest.records.filter { $0.partition == partition }.map(\.offset)
        #expect(offsets == Array(0..<1_000), "partition \(partition) after \(restarts) restarts")
      }
    }

    @Test("a reconnect goes on where the reader stood")
    func reconnect() throws {
      let cluster = try MockCluster()
      try cluster.createTopic("t", partitions: 2)
      let records = { (range: Range<Int>) in
        range.map { Seen(partition: 0, offset: Int64($0), timestamp: 1, key: [1], value: [1]) }
      }
      try write(cluster, topic: "t", records(0..<5))
      let wakeUp = WakeUpPipe()
      var reader = try OffsetsTopicReader.connect(
        properties: cluster.properties, settings: quickSettings(topic: "t"),
        wakeUpDescriptor: wakeUp.writeEnd)
      try reader.start(partition: 0, at: .beginning)
      try reader.start(partition: 1, at: .beginning)
      var harvest = Harvest()
      #expect(harvest.gather(&reader, wakeUp) { $0.ends.count == 2 })

      var bad = cluster.properties
      bad.set("no.such", "1")
      #expect(throws: KafkaError.self) { try reader.reconnect(properties: bad) }
      try write(cluster, topic: "t", records(5..<8))
      try reader.reconnect(properties: cluster.properties)
      #expect(harvest.gather(&reader, wakeUp) { $0.ends[0] == 8 })
      #expect(harvest.records.map(\.offset) == Array(0..<8))
    }

    @Test("a topic that appears later is read; a broker that comes back is read on")
    func brokerComesLater() throws {
      let cluster = try MockCluster()
      try cluster.setBroker(nil, isUp: false)
      let wakeUp = WakeUpPipe()
      var reader = try OffsetsTopicReader.connect(
        properties: cluster.properties, settings: quickSettings(topic: "t"),
        wakeUpDescriptor: wakeUp.writeEnd)
      try reader.start(partition: 0, at: .beginning)
      var harvest = Harvest()
      let told = harvest.gather(&reader, wakeUp) { harvest in
        harvest.notices.contains {
          if case .error(let error) = $0 { error.kind == .transport } else { false }
        }
      }
      #expect(told, "\(harvest.notices)")
      #expect(harvest.records.isEmpty && harvest.ends.isEmpty)

      try cluster.setBroker(nil, isUp: true)
      try cluster.createTopic("t", partitions: 1)
      try write(
        cluster, topic: "t", [Seen(partition: 0, offset: 0, timestamp: 1, key: [1], value: [1])])
      #expect(harvest.gather(&reader, wakeUp) { $0.ends[0] == 1 })

      try cluster.setBroker(nil, isUp: false)
      harvest.notices = []
      #expect(harvest.gather(&reader, wakeUp) { !$0.notices.isEmpty })
      try cluster.setBroker(nil, isUp: true)
      try write(
        cluster, topic: "t", [Seen(partition: 0, offset: 1, timestamp: 1, key: [1], value: [1])])
      #expect(harvest.gather(&reader, wakeUp) { $0.records.count == 2 })
      #expect(harvest.records.map(\.offset) == [0, 1])
    }

    @Test("a missing right to read is told with its partition")
    func authorization() throws {
      let cluster = try MockCluster()
      try cluster.createTopic("t", partitions: 1)
      cluster.pushRequestErrors(apiKey: 1, codes: [29, 29, 29])
      let wakeUp = WakeUpPipe()
      var reader = try OffsetsTopicReader.connect(
        properties: cluster.properties, settings: quickSettings(topic: "t"),
        wakeUpDescriptor: wakeUp.writeEnd)
      try reader.start(partition: 0, at: .beginning)
      var harvest = Harvest()
      #expect(harvest.gather(&reader, wakeUp) { !$0.failures.isEmpty })
      #expect(harvest.failures.first?.partition == 0)
      #expect(harvest.failures.first?.error.kind == .authorization)
    }

    @Test("dropping a reader whose brokers are down takes no time, and its client goes away")
    func dropWithBrokersDown() throws {
      let wakeUp = WakeUpPipe()
      let before: UInt64
      do {
        var reader = try OffsetsTopicReader.connect(
          properties: KafkaProperties([
            KafkaProperty("bootstrap.servers", "127.0.0.1:1,127.0.0.1:2")
          ]),
          settings: quickSettings(), wakeUpDescriptor: wakeUp.writeEnd)
        try reader.start(partition: 0, at: .beginning)
        var harvest = Harvest()
        #expect(harvest.gather(&reader, wakeUp) { !$0.notices.isEmpty })
        before = Instant.now()
      }
      #expect(Instant.now() - before < 500_000_000)
      wakeUp.take()
      #expect(ClientRetirement.wait(timeoutMilliseconds: 30_000))
      #expect(wakeUp.take() == 0)
    }
  }
}
