import EventLoop
import KafkaClient

/// The second reader of a cluster; see `Rereading`.
extension ClusterLink {
  /// Begins to read partitions from the beginning, or begins anew.
  func reread(_ partitions: [Int32]) throws(KafkaError) {
    if rereader == nil {
      rereader = try OffsetsTopicReader.connect(
        properties: clients.reader, settings: clients.settings,
        wakeUpDescriptor: readerWakeUp.fileDescriptor)
    }
    for partition in partitions {
      try rereader?.start(partition: partition, at: .beginning)
      rereadPartitions.insert(partition)
    }
  }

  /// Stops with partitions; the reader goes with the last one.
  func stopRereading(_ partitions: [Int32]) {
    for partition in partitions where rereadPartitions.remove(partition) != nil {
      rereader?.stop(partition: partition)
    }
    if rereadPartitions.isEmpty { rereader = nil }
  }

  /// Takes up to `maximum` records of the second reader and everything else that waits there.
  ///
  /// - Parameters:
  ///   - maximum: how many records at most.
  ///   - body: receives each record with its key and value (nil for a tombstone).
  func drainAgain(
    maximum: Int,
    _ body: (_ record: ReaderItem, _ key: Span<UInt8>, _ value: Span<UInt8>?) -> Void
  ) throws(KafkaError) -> Drained {
    var drained = Drained()
    let index = index
    guard
      let result = rereader?.drain(
        maximum: maximum,
        { item, key, value in
          switch item.kind {
          case .record(_, true): body(item, key, value)
          case .record(_, false): body(item, key, nil)
          case .end:
            drained.events.append(
              .endOfRereading(cluster: index, partition: item.partition, position: item.offset))
          }
        })
    else { return drained }
    for failure in result.failures {
      drained.events.append(
        .rereadingFault(
          cluster: index, partition: failure.partition, ClusterFault(failure.error)))
    }
    // The trouble of a whole cluster is told by the first reader.
    drained.logs = result.notices.compactMap(Self.logRecord)
    if result.fatalError != nil { try rereader?.reconnect(properties: clients.reader) }
    drained.mayHaveMore = result.mayHaveMore
    return drained
  }
}
