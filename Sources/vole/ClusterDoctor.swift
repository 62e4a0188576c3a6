import Agent
import Configuration
import ConsumerOffsets
import Doctor
import EventLoop
import KafkaClient
import LagCore

/// Examines one cluster.
struct ClusterDoctor {
  /// The most groups of a pattern that are looked at one by one.
  private static let maximumGroups = 100
  /// The most topics that are looked at.
  private static let maximumTopics = 500
  /// The most topics that are read from where phantom-lag is on.
  private static let maximumReadTopics = 20
  /// How long reading one of them may take, in milliseconds.
  private static let topicTime: Int64 = 5000

  private let cluster: Configuration.Cluster
  private let consumers: [Configuration.Consumer]
  private let pod: Configuration.PodIdentity
  private let settings: ClusterSettings
  private let seconds: Int
  private let properties: KafkaProperties
  private let clusterPrincipal: Principal
  private let groupPrincipal: Principal
  private let session: DoctorSession
  private let progress: DoctorProgress
  private var report: ClusterReport

  init(
    _ cluster: Configuration.Cluster, of configuration: Configuration, seconds: Int
  ) throws(Errno) {
    self.cluster = cluster
    self.seconds = seconds
    consumers = configuration.consumers.filter { $0.cluster == cluster.name }
    pod = configuration.pod
    settings = ClusterSettings(cluster: cluster, of: configuration)
    properties = KafkaProperties(cluster.client, servers: cluster.servers)
    let reading = consumers.first.map { KafkaProperties($0.client, servers: $0.servers) }
    clusterPrincipal = Principal(properties)
    groupPrincipal = Principal(reading ?? properties)
    session = try DoctorSession(
      cluster: properties, groups: reading ?? properties, seconds: seconds)
    progress = DoctorProgress(cluster: cluster.name)
    report = ClusterReport(
      name: cluster.name, servers: cluster.servers, principal: groupPrincipal)
  }

  /// Whether some consumer reads the offsets topic.
  private var usesTopic: Bool { consumers.contains { $0.source != .offsetFetch } }
  /// Whether some consumer asks the coordinators.
  private var usesFetch: Bool { consumers.contains { $0.source != .offsetsTopic } }

  mutating func examine() throws -> ClusterReport {
    defer { progress.end() }
    progress.show("connecting")
    let topic: TopicMetadata
    switch try session.connect(topic: settings.offsetsTopic) {
    case .failure(let failure):
      report.findings.append(ClusterExamination.notConnected(failure.last, seconds: seconds))
      return report
    case .success(let metadata):
      report.findings.append(
        ClusterExamination.connected(
          metadata, protocolName: properties["security.protocol"] ?? "plaintext"))
      topic =
        metadata.topics.first
        ?? TopicMetadata(name: settings.offsetsTopic, leaders: [], error: nil)
    }
    let log = try examineLog(topic)
    let list = examineList(log)
    let groups = examineGroups(chosen(list, log), log)
    report.findings.append(
      ClusterExamination.source(
        consumers.map(\.source), topic: log.findings, groups: groups.flatMap(\.findings)))
    try examineTopics(groups)
    examinePod(groups)
    return report
  }

  // MARK: The offsets topic

  /// What the log tells; no groups when it could not be read.
  private struct Log {
    var groups: [String: LoggedGroups.Group] = [:]
    /// Whether anything of it could be read.
    var isKnown = false
    /// Whether it was read to its end.
    var isWhole = false
    /// What was found out about the topic.
    var findings: [Finding] = []
  }

  private mutating func examineLog(_ topic: TopicMetadata) throws -> Log {
    var log = Log()
    var outcome: (readings: [Int32: ClusterExamination.Reading], records: Int) = ([:], 0)
    if topic.error == nil, topic.partitionCount > 0 {
      var logged = LoggedGroups(selections: consumers.map(\.groups))
      progress.show("reading \(topic.name)")
      let progress = progress
      outcome = try session.read(
        topic.name, neededPartitions(of: topic), from: .beginning,
        milliseconds: session.remaining / 2,
        { progress.show("reading \(topic.name)", $0, "records") },
        { key, value in logged.take(key: key, value: value) })
      log.isKnown = outcome.readings.values.contains { if case .read = $0 { true } else { false } }
      log.isWhole =
        !logged.isOverfull && outcome.readings.values.allSatisfy { $0 == .read(isWhole: true) }
      if log.isKnown { log.groups = logged.groups }
    }
    let findings = ClusterExamination.offsetsTopic(
      topic, outcome.readings, records: outcome.records, principal: groupPrincipal)
    log.findings = findings
    report.findings +=
      usesTopic
      ? findings : findings.map { $0.asNote("source = \"offset-fetch\" does not read it") }
    return log
  }

  /// The partitions in which the named groups lie, or all of them.
  private func neededPartitions(of topic: TopicMetadata) -> [Int32] {
    let count = Int32(clamping: topic.partitionCount)
    guard let exact = settings.exactGroups else { return Array(0..<count) }
    let partitions = exact.compactMap {
      OffsetsTopicPartitioner.partition(ofGroup: $0, partitionCount: count)
    }
    return Set(partitions).sorted()
  }

  // MARK: Groups

  private mutating func examineList(_ log: Log) -> Result<GroupList, KafkaError>? {
    guard settings.exactGroups == nil else { return nil }
    progress.show("listing groups")
    let list = session.list()
    let finding = ClusterExamination.list(
      list, logged: log.isKnown ? log.groups : nil, isLogWhole: log.isWhole,
      principal: groupPrincipal)
    report.findings.append(
      usesFetch
        ? finding : finding.asNote("source = \"offsets-topic\" finds the groups in the topic"))
    return list
  }

  /// The groups that are looked at: those named, and some that the patterns choose.
  private mutating func chosen(_ list: Result<GroupList, KafkaError>?, _ log: Log) -> [String] {
    let named = settings.namedGroups
    var found = Set(log.groups.filter { $0.value.exists }.keys)
    for group in (try? list?.get().groups) ?? [] {
      let name = Array(group.group.utf8)
      if settings.consumer(admitting: name.span).index != nil { found.insert(group.group) }
    }
    let others = found.subtracting(named).sorted()
    if settings.exactGroups == nil, others.isEmpty, named.isEmpty {
      report.findings.append(
        Finding(.absent, "groups", "pattern", "no group that it chooses is known"))
    }
    let room = max(0, Self.maximumGroups - named.count)
    if others.count > room {
      report.findings.append(
        Finding(
          .note, "groups", "pattern",
          "\(others.count) are chosen; the first \(room) are looked at"))
    }
    return named + others.prefix(room)
  }

  private mutating func examineGroups(_ names: [String], _ log: Log) -> [GroupExamination] {
    guard !names.isEmpty else { return [] }
    progress.show("asking about \(names.count) groups")
    let offsets = session.offsets(of: names)
    let descriptions = session.describe(names)
    var groups = names.map { name in
      var group = GroupExamination(group: name, principal: groupPrincipal)
      group.offsets = offsets[name]
      group.description = descriptions[name]
      group.logged = log.groups[name]
      group.isLogWhole = log.isWhole
      return group
    }
    var leftOut: [String: [KafkaClient.TopicPartitions]] = [:]
    for group in groups {
      guard case .success = group.offsets, !group.leftOut.isEmpty else { continue }
      leftOut[group.group] = group.leftOut
    }
    if !leftOut.isEmpty {
      progress.show("asking once more by name")
      let named = session.offsets(of: leftOut.keys.sorted(), partitions: leftOut)
      for index in groups.indices { groups[index].named = named[groups[index].group] }
    }
    for group in groups {
      report.findings +=
        usesFetch
        ? group.findings
        : group.findings.map { $0.asNote("source = \"offsets-topic\" does not ask it") }
    }
    return groups
  }

  // MARK: Topics

  private mutating func examineTopics(_ groups: [GroupExamination]) throws {
    let names = Set(groups.flatMap(\.topics)).sorted()
    guard !names.isEmpty else { return }
    progress.show("looking at \(names.count) topics")
    let asked = Array(names.prefix(Self.maximumTopics))
    switch try session.metadata(asked) {
    case .success(let metadata):
      report.findings += ClusterExamination.topics(
        metadata.topics, heads: session.heads(metadata.topics), principal: clusterPrincipal)
      try examineReading(metadata.topics, groups)
    case .failure(let error):
      report.findings.append(
        Finding(
          error.kind == .timedOut ? .timeout : .failed, "topics", "Metadata", error.description))
    case nil:
      report.findings.append(Finding(.timeout, "topics", "Metadata", "no answer"))
    }
    if names.count > asked.count {
      report.findings.append(
        Finding(.note, "topics", "Metadata", "\(names.count - asked.count) more were not looked at")
      )
    }
  }

  /// Tries to read the topics of groups whose phantom lag is looked at.
  private mutating func examineReading(
    _ topics: [TopicMetadata], _ groups: [GroupExamination]
  ) throws {
    var wanted: Set<String> = []
    for group in groups {
      let name = Array(group.group.utf8)
      guard let index = settings.consumer(admitting: name.span).index,
        consumers[index].phantomLag
      else { continue }
      wanted.formUnion(group.topics)
    }
    let readable = topics.filter { wanted.contains($0.name) && $0.error == nil }
    for topic in readable.prefix(Self.maximumReadTopics) where topic.partitionCount > 0 {
      progress.show("reading \(topic.name)")
      let outcome = try session.read(
        topic.name, [0], from: .end, milliseconds: Self.topicTime, { _ in }, { _, _ in })
      report.findings.append(
        ClusterExamination.phantomLag(
          topic.name, outcome.readings[0] ?? .unanswered, principal: groupPrincipal))
    }
  }

  // MARK: The pod

  private mutating func examinePod(_ groups: [GroupExamination]) {
    report.findings += PodExamination.findings(
      PodExamination.Identity(pod),
      groups.flatMap { group in
        group.members.map { PodExamination.Member(group: group.group, $0) }
      })
  }
}

/// What is being done, on a terminal only.
final class DoctorProgress {
  /// The least time between two numbers of one thing, in nanoseconds.
  private static let pause = nanosecondsPerSecond / 10

  private let cluster: String
  private let isShown = StandardError.isTerminal && !Terminal.isDumb
  private var shownAt: Int64 = 0

  init(cluster: String) {
    self.cluster = cluster
  }

  func show(_ what: String) {
    guard isShown else { return }
    shownAt = Clock.system.monotonicNanoseconds()
    StandardError.write("\r\u{1B}[Kvole doctor: \(cluster): \(what)")
  }

  /// Shows how many there are by now, unless it did so a moment ago.
  func show(_ what: String, _ count: Int, _ noun: String) {
    guard isShown, Clock.system.monotonicNanoseconds() - shownAt >= Self.pause else { return }
    show("\(what): \(count) \(noun)")
  }

  func end() {
    if isShown { StandardError.write("\r\u{1B}[K") }
  }
}
