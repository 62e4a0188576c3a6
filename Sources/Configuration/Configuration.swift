package import LagCore

/// Everything the agent is told before it starts, checked.
package struct Configuration {
  /// What concerns the agent as a whole.
  package var general: General
  /// What is logged.
  package var logging: Logging
  /// The clusters in the order of the file; at least one.
  package var clusters: [Cluster]
  /// The consumers in the order of the file; at least one, each of a cluster above.
  package var consumers: [Consumer]
  /// Where the agent listens; at least one, no address twice.
  package var listeners: [Listener]
  /// The tokens that may be shown, in the order of the file; without any, everybody may ask.
  package var tokens: [Token]
  package var storage: Storage
  package var evaluator: Evaluator
  package var probe: Probe
  /// What `[probe.X]` says otherwise for some groups, in the order of the file.
  package var probeOverrides: [GroupSettings<Decisions>]
  /// What `[scale.X]` says, in the order of the file.
  package var scales: [GroupSettings<ScaleParameters>]
  package var pod: PodIdentity
  /// The configuration file as it was named; nil where flags and environment say everything.
  package var source: String?
  /// Every value with its origin, in the order of the sections, secrets hidden.
  package var settings: [Setting]
  /// What the file says without effect, in the order of the file.
  package var warnings: [ConfigurationProblem]
  /// The configuration file and those that values name, with what they held.
  package var files: [NamedFile]
}

extension Configuration {
  /// `[general]`: what concerns the agent as a whole.
  package struct General: Equatable {
    /// The value of the CORS header of JSON answers; nil sends none.
    package var accessControlAllowOrigin: String?
    /// What the names of environment variables begin with; `VOLE` by default.
    package var environmentPrefix: String
    /// Where the agent keeps what must survive its restart; nil where nothing survives.
    package var stateDirectory: String?
    /// The file that the last failing decision is written to at the end; nil is
    /// `/dev/termination-log` where that exists.
    package var terminationLog: String?
  }

  /// `[logging]`: what is logged.
  package struct Logging: Equatable {
    /// The least urgent level that is written.
    package var level: LogLevel
  }

  /// The levels of the log, most talkative first.
  package enum LogLevel: String, CaseIterable, Sendable {
    case debug
    case info
    case warn
    case error
  }

  /// `[cluster.X]`: a Kafka cluster.
  package struct Cluster: Equatable {
    /// The name of the section, in its case.
    package var name: String
    /// Bootstrap servers, `host:port` each; at least one.
    package var servers: [String]
    /// How to log in.
    package var client: ClientProfile
    /// Seconds between two looks at the log-end offsets; 1 to 86,400.
    package var offsetRefresh: Int
    /// Seconds between two looks at topics and leaders; 1 to 86,400.
    package var topicRefresh: Int
  }

  /// `[consumer.X]`: the groups of a cluster that are watched.
  package struct Consumer {
    /// The name of the section, in its case.
    package var name: String
    /// The name of its cluster, one of `Configuration.clusters`.
    package var cluster: String
    /// Bootstrap servers of the offsets topic; those of the cluster unless said otherwise.
    package var servers: [String]
    /// How to log in; as for the cluster unless said otherwise.
    package var client: ClientProfile
    /// The groups.
    package var groups: GroupSelection
    /// Where commits are read from.
    package var source: Source
    /// The topic that holds the commits; `__consumer_offsets` by default.
    package var offsetsTopic: String
    /// Where the reading of the offsets topic begins.
    package var start: ReadingStart
    /// Which end of a partition lag is measured to.
    package var logEnd: LogEnd
    /// Whether a small standing lag is looked at: what cannot be read is none.
    package var phantomLag: Bool
  }

  /// Where commits are read from.
  package enum Source: String, CaseIterable, Sendable {
    /// The offsets topic, and OffsetFetch where that cannot be read.
    case automatic = "auto"
    /// The offsets topic, always.
    case offsetsTopic = "offsets-topic"
    /// OffsetFetch of the groups, always: only the right to describe them is needed.
    case offsetFetch = "offset-fetch"
  }

  /// Which end of a partition lag is measured to.
  package enum LogEnd: String, CaseIterable, Sendable {
    /// The high watermark: what a read_uncommitted consumer can reach.
    case highWatermark = "high-watermark"
    /// The last stable offset: what a read_committed consumer can reach.
    case lastStableOffset = "lso"
  }

  /// Where the reading of the offsets topic begins.
  package enum ReadingStart: Equatable, Sendable {
    /// At the beginning of each partition.
    case beginning
    /// At the commits that are at most this many seconds old; 1 to 315,360,000.
    case back(seconds: Int)
    /// At the end of each partition: old commits are left out.
    case end
  }

  /// `[httpserver.X]`: an address that the agent listens on.
  package struct Listener: Equatable {
    /// The name of the section, in its case.
    package var name: String
    package var address: ListenAddress
    /// The permission bits of a Unix domain socket.
    package var socketMode: UInt16
    /// Seconds a connection may stay idle, or take for a request; 1 to 86,400.
    package var timeout: Int
    /// What protects the connections, with a certificate; nil for nothing.
    package var tls: TLSProfile?
    /// What is wanted of clients; anything but `none` only with `tls`.
    package var clientCertificates: ClientCertificates
    /// Whether HTTP/1.1 clients may change to HTTP/2 by `Upgrade: h2c`; never with TLS.
    package var allowsUpgrade: Bool
    /// Whether each request is told in the log.
    package var logsAccess: Bool
    package var limits: ListenerLimits
  }

  /// What a listener wants of its clients.
  package enum ClientCertificates: String, CaseIterable, Sendable {
    /// No certificate is asked for.
    case none
    /// One is asked for; whoever has none is let in, whoever has a wrong one is not.
    case optional
    /// Nobody is let in without one.
    case required
  }

  /// `[storage.X]`: how much is kept of each partition.
  package struct Storage: Equatable {
    /// The name of the section; `default` where the file has none.
    package var name: String
    /// Commits in a window; 1 to `WindowLimits.maximumIntervals`.
    package var intervals: Int
    /// Seconds between two commits that are both kept; 0 keeps every commit.
    package var minDistance: Int
    /// Seconds without a commit after which a partition is forgotten.
    package var expireGroup: Int
  }

  /// `[evaluator.X]`: how windows are judged.
  package struct Evaluator: Equatable {
    /// The name of the section; `default` where the file has none.
    package var name: String
    /// The share of a window that must be filled to be judged; 0 to 1.
    package var minimumComplete: Float
    /// Messages of lag that are never a problem.
    package var allowedLag: UInt64
    package var compatibility: Compatibility
  }

  /// Whose rules judge a window where the two differ.
  package enum Compatibility: String, CaseIterable, Sendable {
    /// Burrow's rules with the corrections of this program.
    case vole
    /// Burrow's rules and nothing else.
    case burrow
  }

  /// `[probe]`: how verdicts become answers to probes.
  package struct Probe: Equatable {
    /// The share of a window that must be filled before a probe says more than UNKNOWN; 0 to 1.
    package var minimumComplete: Float
    /// Seconds after which inputs are stale; nil is three times `offset-refresh`, at least 30.
    package var staleAfter: Int?
    /// How verdicts become answers where no `[probe.X]` says otherwise.
    package var decisions: Decisions

    /// Seconds after which the inputs of a cluster are stale.
    package func staleAfter(offsetRefresh: Int) -> Int {
      staleAfter ?? max(30, 3 * offsetRefresh)
    }
  }

  /// Who the agent's pod is, as the downward API tells it.
  package struct PodIdentity: Equatable {
    /// `POD_IP`: an IPv4 or IPv6 address as text.
    package var ip: String?
    /// `HOST_IP`: the node's address; equal to `POD_IP` in the host's network.
    package var hostIP: String?
    /// `POD_NAME`.
    package var name: String?
    /// `POD_NAMESPACE`.
    package var namespace: String?
  }
}
