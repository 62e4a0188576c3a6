import Connect

/// The requests of `vole.v1.ConsumerGroupService` and `grpc.health.v1.Health`, as they are read.
enum RPCRequests {
  /// A group, and in which cluster it is; both empty where they are left out.
  struct GroupName: Sendable {
    var group = ""
    var cluster = ""
  }

  /// `GetGroupStatusRequest`.
  struct GetGroupStatus: Sendable {
    var name = GroupName()
    var windows = false

    static let schema = MessageSchema(
      GetGroupStatus(),
      [
        .field("group", \.name.group, .string),
        .field("cluster", \.name.cluster, .string),
        .field("windows", \.windows, .bool),
      ])
  }

  /// `ListGroupsRequest`.
  struct ListGroups: Sendable {
    var cluster = ""

    static let schema = MessageSchema(
      ListGroups(), [.field("cluster", \.cluster, .string)])
  }

  /// `WatchGroupStatusRequest`.
  struct WatchGroupStatus: Sendable {
    var name = GroupName()
    var windows = false
    var maximumInterval: Int32 = 0

    static let schema = MessageSchema(
      WatchGroupStatus(),
      [
        .field("group", \.name.group, .string),
        .field("cluster", \.name.cluster, .string),
        .field("windows", \.windows, .bool),
        .field("maxIntervalSeconds", \.maximumInterval, .int32, proto: "max_interval_seconds"),
      ])
  }

  /// `WatchGroupsRequest`.
  struct WatchGroups: Sendable {
    var cluster = ""
    var maximumInterval: Int32 = 0

    static let schema = MessageSchema(
      WatchGroups(),
      [
        .field("cluster", \.cluster, .string),
        .field("maxIntervalSeconds", \.maximumInterval, .int32, proto: "max_interval_seconds"),
      ])
  }

  /// `GetScaleHintRequest` and `ResumeGroupRequest`.
  struct Group: Sendable {
    var name = GroupName()

    static let schema = MessageSchema(
      Group(),
      [
        .field("group", \.name.group, .string),
        .field("cluster", \.name.cluster, .string),
      ])
  }

  /// `ExplainGroupRequest`.
  struct ExplainGroup: Sendable {
    var name = GroupName()
    var topic = ""
    var partition: Int32?

    static let schema = MessageSchema(
      ExplainGroup(),
      [
        .field("group", \.name.group, .string),
        .field("cluster", \.name.cluster, .string),
        .field("topic", \.topic, .string),
        .field("partition", \.partition, .int32),
      ])
  }

  /// `PauseGroupRequest`.
  struct PauseGroup: Sendable {
    var name = GroupName()
    var seconds: Int32 = 0
    var reason = ""

    static let schema = MessageSchema(
      PauseGroup(),
      [
        .field("group", \.name.group, .string),
        .field("cluster", \.name.cluster, .string),
        .field("seconds", \.seconds, .int32),
        .field("reason", \.reason, .string),
      ])
  }

  /// `GetAgentInfoRequest`.
  struct GetAgentInfo: Sendable {
    static let schema = MessageSchema(GetAgentInfo(), [])
  }

  /// `SetLogLevelRequest`.
  struct SetLogLevel: Sendable {
    var level: Int32 = 0

    static let schema = MessageSchema(
      SetLogLevel(),
      [
        .field(
          "level", \.level,
          .enumeration([
            ("UNSPECIFIED", 0), ("DEBUG", 1), ("INFO", 2), ("WARN", 3), ("ERROR", 4),
          ]))
      ])
  }

  /// `HealthCheckRequest`.
  struct HealthCheck: Sendable {
    var service = ""

    static let schema = MessageSchema(
      HealthCheck(), [.field("service", \.service, .string)])
  }
}
