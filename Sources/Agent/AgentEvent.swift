package import LagCore

/// What the world tells the agent.
package enum AgentEvent: Sendable {
  /// A second has passed; also sent once at the start.
  case tick
  /// Topics of a cluster were looked up.
  case metadata(cluster: Int, MetadataReply)
  /// The ends of logs of a cluster were looked up.
  case heads(cluster: Int, LogEnd, HeadsReply)
  /// Offsets by time of partitions of the offsets topic were looked up.
  case offsetsByTime(cluster: Int, OffsetsByTimeReply)
  /// The reader stands at the end of what it can read of a partition of the offsets topic.
  ///
  /// `position` is the offset of the next record, control records passed over; the high watermark
  /// is nil when it is not known.
  case endOfPartition(cluster: Int, partition: Int32, position: Int64, highWatermark: Int64?)
  /// The second reader stands at the end of a partition; see `AgentEffect.reread`.
  case endOfRereading(cluster: Int, partition: Int32, position: Int64)
  /// The second reader cannot read a partition.
  case rereadingFault(cluster: Int, partition: Int32, ClusterFault)
  /// A partition of the offsets topic cannot be read.
  case partitionFault(cluster: Int, partition: Int32, ClusterFault)
  /// The committed offsets of a group were fetched.
  case groupOffsets(cluster: Int, group: String, GroupOffsetsReply)
  /// A group was described.
  case groupDescription(cluster: Int, group: String, GroupDescriptionReply)
  /// The groups of a cluster were listed.
  case groupList(cluster: Int, GroupListReply)
  /// A partition was searched for records that a consumer could read.
  case recordSearch(cluster: Int, RecordSearch, RecordSearchReply)
  /// Something is wrong with a cluster as a whole.
  case clusterFault(cluster: Int, ClusterFault)
  /// The process was asked to end.
  case terminate(signal: String)
}

/// What the agent wants done.
package enum AgentEffect: Sendable, Equatable {
  /// Look up partition counts of topics; answered by `.metadata`.
  case lookUpTopics(cluster: Int, topics: [String])
  /// Look up the ends of logs, and their starts too where wanted; answered by `.heads`.
  case lookUpHeads(cluster: Int, LogEnd, [HeadRequest], withStarts: Bool)
  /// Look up the first offsets of partitions of the offsets topic that were written at a time, in
  /// milliseconds since 1970, or later; answered by `.offsetsByTime`.
  case lookUpOffsets(cluster: Int, partitions: [Int32], since: Int64)
  /// Read partitions of the offsets topic.
  case read(cluster: Int, partitions: [Int32], from: ReadStart)
  /// Stop reading partitions of the offsets topic.
  case stopReading(cluster: Int, partitions: [Int32])
  /// Read partitions of the offsets topic from the beginning by a second reader, beside the first.
  case reread(cluster: Int, partitions: [Int32])
  /// End that for partitions; the second reader goes with the last one.
  case stopRereading(cluster: Int, partitions: [Int32])
  /// Make all clients of a cluster anew, with the properties of the new configuration; what is
  /// being read goes on where it stands.
  case reconnect(cluster: Int)
  /// Fetch the committed offsets of a group, of all its partitions unless some are named, after so
  /// many milliseconds; answered by `.groupOffsets`.
  case fetchOffsets(cluster: Int, group: String, of: [HeadRequest] = [], after: Int64)
  /// Describe a group after so many milliseconds; answered by `.groupDescription`.
  case describe(cluster: Int, group: String, after: Int64)
  /// List the groups of all brokers; answered by `.groupList`.
  case listGroups(cluster: Int)
  /// Search for records that a consumer could read; answered by `.recordSearch`.
  case searchRecords(cluster: Int, RecordSearch)
  /// The thread that looks things up has not answered for long: give it up and take another.
  case replaceWorker(cluster: Int)
  /// Requests about groups have not been answered for long: give their client up and take another.
  case replaceGroupsClient(cluster: Int)
  /// Keep what must survive the agent, as soon as that can be done.
  case saveState
  /// End at once with an exit code, after what must survive was kept.
  case exit(code: Int32)
  /// Write a line to the log.
  case log(LogRecord)
  /// Finish what is being answered, then end with exit code 0.
  case drain
}

/// Where the reading of partitions begins.
package enum ReadStart: Sendable, Equatable {
  /// At the start of the log.
  case beginning
  /// At its end.
  case end
  /// At an offset of each partition; nil is its end.
  case offsets([Int64?])
}

/// A topic and the partitions of it whose log-end offsets are wanted.
package struct HeadRequest: Sendable, Equatable {
  /// The topic's name.
  package var topic: String
  /// Partition numbers.
  package var partitions: [Int32]

  /// Creates a request for partitions of one topic.
  package init(topic: String, partitions: [Int32]) {
    self.topic = topic
    self.partitions = partitions
  }
}

/// A question about a small lag: whether anything between two offsets can be read at all.
package struct RecordSearch: Sendable, Equatable, Hashable {
  /// The topic's name.
  package var topic: String
  /// The partition number.
  package var partition: Int32
  /// The committed offset, where the search begins.
  package var from: Int64
  /// The log-end offset, where it ends.
  package var to: Int64

  /// Creates a question from its parts.
  package init(topic: String, partition: Int32, from: Int64, to: Int64) {
    self.topic = topic
    self.partition = partition
    self.from = from
    self.to = to
  }
}
