package import LagCore

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
    /// The brokers do not know such a request.
    case unsupported
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

/// The answer to a look-up of the ends of logs.
package enum HeadsReply: Sendable, Equatable {
  /// What could be had: some partitions may have none.
  case heads([Head])
  /// Nothing could be had.
  case fault(ClusterFault)

  /// The ends of one partition's log.
  package struct Head: Sendable, Equatable {
    /// The topic's name.
    package var topic: String
    /// The partition number.
    package var partition: Int32
    /// The log-end offset, nil when it could not be had this time.
    package var offset: Int64?
    /// The log-start offset, nil when it was not asked for or could not be had.
    package var start: Int64?

    /// Creates a head from its parts.
    package init(topic: String, partition: Int32, offset: Int64?, start: Int64? = nil) {
      self.topic = topic
      self.partition = partition
      self.offset = offset
      self.start = start
    }
  }
}

/// The answer to a look-up of offsets by time.
package enum OffsetsByTimeReply: Sendable, Equatable {
  /// Pairs of partition and offset; nil where nothing was written since.
  case offsets([Place])
  /// Nothing could be had, or not of all partitions.
  case fault(ClusterFault)

  /// Where reading begins in one partition.
  package struct Place: Sendable, Equatable {
    /// The partition number.
    package var partition: Int32
    /// The first offset at or after the time, nil when there is none.
    package var offset: Int64?

    /// Creates a place from its parts.
    package init(partition: Int32, offset: Int64?) {
      self.partition = partition
      self.offset = offset
    }
  }
}

/// The answer to a fetch of the committed offsets of a group.
package enum GroupOffsetsReply: Sendable, Equatable {
  /// Every partition that the group has committed and that may be seen.
  case offsets([Committed])
  /// The group as a whole could not be asked.
  case fault(ClusterFault)

  /// What was said of one partition.
  package struct Committed: Sendable, Equatable {
    /// The topic's name.
    package var topic: String
    /// The partition number.
    package var partition: Int32
    /// The committed offset, nil when there is none or with a fault.
    package var offset: Int64?
    /// Why the offset is not known.
    package var fault: ClusterFault?

    /// Creates a partition's answer from its parts.
    package init(topic: String, partition: Int32, offset: Int64?, fault: ClusterFault? = nil) {
      self.topic = topic
      self.partition = partition
      self.offset = offset
      self.fault = fault
    }
  }
}

/// The answer to a description of a group.
package enum GroupDescriptionReply: Sendable, Equatable {
  /// The members as the coordinator knows them.
  case membership(GroupMembership)
  /// The coordinator did not say.
  case fault(ClusterFault)
}

/// The answer to a listing of groups.
package enum GroupListReply: Sendable, Equatable {
  /// The names, and whether every broker answered.
  case groups([String], isComplete: Bool)
  /// No broker answered.
  case fault(ClusterFault)
}

/// The answer to a search for records.
package enum RecordSearchReply: Sendable, Equatable {
  /// Nothing between the two offsets can be read.
  case nothingReadable
  /// There is a record to read.
  case readable
  /// The search failed.
  case fault(ClusterFault)
}
