/// Files that break a rule since before the rule was a test.
///
/// What stands here is printed as a warning; everything else fails. A file leaves the list with
/// its last breach, and none is added.
enum Outstanding {
  static let documentation: Set<String> = [
    "Sources/Agent/Run.swift", "Sources/ConsumerOffsets/OffsetCommitValue.swift",
    "Sources/ConsumerOffsets/RecordKey.swift",
    "Sources/LagCore/Store/OffsetStore.swift", "Sources/LagCore/Window/WindowPool.swift",
  ]

  static let unsafety: Set<String> = [
    "Sources/KafkaClient/ClientHandle.swift",
    "Sources/KafkaClient/GroupConsumer.swift", "Sources/KafkaClient/MockCluster.swift",
    "Sources/KafkaClient/Producer.swift", "Sources/KafkaClient/ReaderConnection.swift",
    "Sources/KafkaClient/Semaphore.swift", "Sources/KafkaClient/TopicPartitionList.swift",
  ]

  static let columns: Set<String> = [
    "Package.swift", "Sources/ConsumerOffsets/ByteCursor+Flexible.swift",
    "Sources/KafkaClient/MetadataFetcher.swift", "Sources/LagCore/Store/TopicHeads.swift",
    "Sources/vole/Demo/DemoConsumer.swift",
    "Sources/vole/Demo/DemoWorld.swift", "Tests/AgentTests/RoutesTests.swift",
  ]
}
