/// What the world tells the agent.
package enum AgentEvent: Sendable {
  /// A second has passed; also sent once at the start.
  case tick
  /// Topics of a cluster were looked up.
  case metadata(cluster: Int, MetadataReply)
  /// Log-end offsets of a cluster were looked up.
  case heads(cluster: Int, HeadsReply)
  /// The reader stands at the end of a partition of the offsets topic.
  ///
  /// `position` is the offset of the next record, control records passed over.
  case endOfPartition(cluster: Int, partition: Int32, position: Int64)
  /// A partition of the offsets topic cannot be read.
  case partitionFault(cluster: Int, partition: Int32, ClusterFault)
  /// Something is wrong with a cluster as a whole.
  case clusterFault(cluster: Int, ClusterFault)
  /// The process was asked to end.
  case terminate(signal: String)
}

/// What the agent wants done.
package enum AgentEffect: Sendable, Equatable {
  /// Look up partition counts of topics; answered by `.metadata`.
  case lookUpTopics(cluster: Int, topics: [String])
  /// Look up log-end offsets; answered by `.heads`.
  case lookUpHeads(cluster: Int, [HeadRequest])
  /// Read partitions of the offsets topic.
  case read(cluster: Int, partitions: [Int32], fromEnd: Bool)
  /// The thread that looks things up has not answered for long: give it up and take another.
  case replaceWorker(cluster: Int)
  /// Write a line to the log.
  case log(LogRecord)
  /// Finish what is being answered, then end with exit code 0.
  case drain
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

/// The answer to a look-up of topics.
package enum MetadataReply: Sendable, Equatable {
  /// The cluster answered.
  case topics([TopicReply])
  /// It did not.
  case fault(ClusterFault)

  /// What the cluster said of one topic.
  package struct TopicReply: Sendable, Equatable {
    /// The topic's name.
    package var name: String
    /// How many partitions it has; nil with a fault.
    package var partitionCount: Int?
    /// Why it is not known.
    package var fault: ClusterFault?

    /// Creates a reply from its parts.
    package init(name: String, partitionCount: Int?, fault: ClusterFault?) {
      self.name = name
      self.partitionCount = partitionCount
      self.fault = fault
    }
  }
}

/// The answer to a look-up of log-end offsets.
package enum HeadsReply: Sendable, Equatable {
  /// What could be had: some partitions may have a fault each.
  case heads([Head])
  /// Nothing could be had.
  case fault(ClusterFault)

  /// The log-end offset of one partition.
  package struct Head: Sendable, Equatable {
    /// The topic's name.
    package var topic: String
    /// The partition number.
    package var partition: Int32
    /// The log-end offset, nil when it could not be had this time.
    package var offset: Int64?

    /// Creates a head from its parts.
    package init(topic: String, partition: Int32, offset: Int64?) {
      self.topic = topic
      self.partition = partition
      self.offset = offset
    }
  }
}

/// Why something could not be had from a cluster.
package struct ClusterFault: Error, Sendable, Equatable {
  /// The kinds that the agent treats differently.
  package enum Kind: Sendable, Equatable {
    /// No broker answers.
    case unreachable
    /// The brokers refuse the credentials.
    case authentication
    /// The credentials lack a right.
    case authorization
    /// The topic or partition does not exist.
    case unknownTopic
    /// Anything else; most of it passes.
    case other
  }

  /// What kind of fault it is.
  package var kind: Kind
  /// The client library's words.
  package var message: String

  /// Creates a fault from its parts.
  package init(kind: Kind, message: String) {
    self.kind = kind
    self.message = message
  }
}
