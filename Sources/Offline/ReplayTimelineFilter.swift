package import JSON
package import LagCore

/// How a replay judges.
package struct TimelineSettings: Sendable {
  /// Intervals and minimum distance of the windows.
  package var limits: WindowLimits
  /// The rules.
  package var parameters: JudgementParameters
  /// How long a partition is remembered after its last commit, in milliseconds.
  package var expireAfter: Int64

  /// Creates settings; the defaults are the agent's.
  package init(
    limits: WindowLimits = WindowLimits(), parameters: JudgementParameters = JudgementParameters(),
    expireAfter: Int64 = 604_800_000
  ) {
    self.limits = limits
    self.parameters = parameters
    self.expireAfter = expireAfter
  }
}

/// Replays a captured log on a virtual clock and tells each change of a group's verdict.
///
/// The clock is the records' own: their timestamps, or for those without one their commit time.
/// Once in each of its seconds that something was read in, and in those seconds between at which a
/// silence is long enough to matter, the groups concerned are judged as the agent judges them.
/// A line that is older than the clock counts as read now, so that lines want to be in the order of
/// time: `TimeIndex` brings a file into it.
///
/// Log-end offsets come from lines of their own: `{"type":"head","topic","partition","offset",
/// "timestamp"}`. After the last line the clock stands still; another head line moves it on.
package struct ReplayTimelineFilter: LineFilter {
  /// The most clusters in one log.
  package static let maximumClusters = 1024

  private let settings: TimelineSettings
  private let seed: UInt64
  private var line = CaptureLine(for: .log)
  private var sources: NameTable
  private var clusters: [ClusterTimeline] = []
  private var wakes = WakeQueue()
  /// The second in which lines are being read; nil before the first.
  private var openSecond: Int64?
  /// The hour of the clock in which old commits were forgotten last.
  private var expiredHour: Int64 = 0

  /// Makes a filter at the beginning of time.
  ///
  /// - Parameters:
  ///   - settings: How to judge.
  ///   - seed: A random number for the name tables.
  package init(settings: TimelineSettings, seed: UInt64) {
    self.settings = settings
    self.seed = seed
    sources = NameTable(seed: seed)
  }

  // MARK: Reading the log

  /// Takes a line of the log in; the answer is what changed before it.
  package mutating func answer(
    _ bytes: [UInt8], _ range: Range<Int>, at place: LinePlace, into output: inout JSONWriter
  ) -> LineProblem? {
    if isBlank(bytes, range) { return nil }
    do throws(LineProblem) {
      try line.read(bytes, range)
      if !line.isHead { try line.readRecord() }
      let cluster = try cluster()
      if let time = line.time { advance(to: time / 1000, into: &output) }
      let now = max((openSecond ?? 0) &* 1000, line.time ?? 0)
      if line.isHead {
        try applyHead(to: cluster, number: place.number, now: now)
      } else {
        try clusters[cluster].apply(line, number: place.number, now: now)
      }
      return nil
    } catch {
      return error
    }
  }

  private mutating func cluster() throws(LineProblem) -> Int {
    let number = Int(try sources.number(of: line.source))
    guard number < Self.maximumClusters else {
      throw LineProblem("more than \(Self.maximumClusters) sources")
    }
    if number == clusters.count {
      clusters.append(
        ClusterTimeline(source: line.source, settings: settings, seed: seed &+ UInt64(number)))
    }
    return number
  }

  private mutating func applyHead(
    to cluster: Int, number: Int, now: Int64
  ) throws(LineProblem) {
    guard !line.topic.isEmpty, let partition = line.partition, let offset = line.offset,
      line.time != nil
    else { throw LineProblem("head without topic, partition, offset or timestamp") }
    try clusters[cluster].applyHead(
      offset, topic: line.topic, partition: partition, number: number, now: now)
  }

  // MARK: The clock

  /// Moves the clock on; a second that is over is judged.
  private mutating func advance(to second: Int64, into output: inout JSONWriter) {
    guard let open = openSecond else { return openSecond = second }
    guard second > open else { return }
    closeSecond(open, into: &output)
    // The seconds in between, in which nothing was read.
    while let wake = wakes.earliest, wake <= second {
      guard let wake = takeWake() else { continue }
      judge(wake.cluster, wake.group, at: wake.second, into: &output)
    }
    openSecond = second
  }

  /// Judges what was read in a second at its end, together with what waited for that moment.
  private mutating func closeSecond(_ second: Int64, into output: inout JSONWriter) {
    let now = second &+ 1
    expire(at: now)
    for cluster in clusters.indices {
      for group in clusters[cluster].takeTouched() { judge(cluster, group, at: now, into: &output) }
    }
    while let wake = wakes.earliest, wake <= now {
      guard let wake = takeWake() else { continue }
      judge(wake.cluster, wake.group, at: now, into: &output)
    }
  }

  /// Judges the last second.
  package mutating func conclude(into output: inout JSONWriter) -> Bool {
    if let open = openSecond { closeSecond(open, into: &output) }
    openSecond = nil
    return false
  }

  /// The earliest wake, unless its group waits for another moment by now.
  private mutating func takeWake() -> WakeQueue.Wake? {
    guard let wake = wakes.removeFirst(),
      clusters[wake.cluster].groups[wake.group].wake == wake.second
    else { return nil }
    expire(at: wake.second)
    return wake
  }

  /// Forgets what is too old, once an hour of the virtual clock.
  private mutating func expire(at now: Int64) {
    guard now / 3600 != expiredHour else { return }
    expiredHour = now / 3600
    for cluster in clusters.indices { _ = clusters[cluster].store.expire(now: now &* 1000) }
  }

  // MARK: Judging

  private mutating func judge(
    _ cluster: Int, _ group: Int, at now: Int64, into output: inout JSONWriter
  ) {
    let judgement = clusters[cluster].store.judge(
      group: group, nowSeconds: now, parameters: settings.parameters)
    let before = clusters[cluster].groups[group].verdict
    let wake = clusters[cluster].nextWake(of: group, after: now, judgement, settings)
    let waitedFor = clusters[cluster].groups[group].wake
    let event = clusters[cluster].settle(group, judgement.verdict, wake: wake)
    if wake != .max, wake != waitedFor {
      wakes.add(WakeQueue.Wake(second: wake, cluster: cluster, group: group))
      sweepWakes()
    }
    guard judgement.verdict != before else { return }
    let change = VerdictChange(
      time: now &* 1000, group: group, from: before, judgement: judgement, event: event)
    change.write(clusters[cluster], into: &output)
  }

  /// Keeps the queue in proportion to the groups.
  private mutating func sweepWakes() {
    let groups = clusters.reduce(0) { $0 + $1.groups.count }
    guard wakes.count > 4 * groups + 64 else { return }
    var standing: [WakeQueue.Wake] = []
    for (cluster, timeline) in clusters.enumerated() {
      for (group, state) in timeline.groups.enumerated() where state.wake != .max {
        standing.append(WakeQueue.Wake(second: state.wake, cluster: cluster, group: group))
      }
    }
    wakes.rebuild(standing)
  }
}

/// A line of a timeline.
private struct VerdictChange {
  /// The virtual clock in milliseconds since 1970.
  let time: Int64
  let group: Int
  let from: Verdict
  let judgement: GroupJudgement
  /// What was read; nil when only time passed.
  let event: ClusterTimeline.Event?

  func write(_ cluster: ClusterTimeline, into output: inout JSONWriter) {
    output.beginObject()
    output.field("time", time)
    if !cluster.source.isEmpty { output.field("source", cluster.source.span) }
    output.field("group", cluster.store.groupName(group))
    output.field("from", verbatim: from.name)
    output.field("to", verbatim: judgement.verdict.name)
    output.key("cause")
    output.beginObject()
    output.field("event", verbatim: event?.kind.name ?? "clock")
    if let worst = judgement.worst {
      output.field("topic", cluster.store.topicName(worst.topic))
      output.field("partition", worst.partition)
      output.field("rule", verbatim: worst.rule.name)
      output.field("lag", worst.lag)
      write(
        cluster.newestCommit(group: group, topic: worst.topic, partition: worst.partition),
        into: &output)
    } else if let event {
      output.field("topic", cluster.store.topicName(event.topic))
      output.field("partition", event.partition)
      output.nullField("rule")
      output.field("lag", judgement.totalLag)
      write(event.evidence, into: &output)
    } else {
      output.nullField("topic")
      output.nullField("partition")
      output.nullField("rule")
      output.field("lag", judgement.totalLag)
      write(nil, into: &output)
    }
    output.field("unknownPartitions", judgement.unknown)
    output.endObject()
    output.endObject()
    output.newline()
  }

  private func write(_ evidence: ClusterTimeline.Evidence?, into output: inout JSONWriter) {
    if let line = evidence?.line { output.field("line", line) } else { output.nullField("line") }
    if let offset = evidence?.recordOffset {
      output.field("offset", offset)
    } else {
      output.nullField("offset")
    }
  }
}
