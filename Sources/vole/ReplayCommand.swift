import Configuration
import EventLoop
import LagCore
import Offline

extension Command {
  /// `vole replay`: a captured log of `__consumer_offsets`, read again.
  static let replay = Command(
    declaration: CommandDeclaration(
      "replay",
      summary: "Replay a captured log of __consumer_offsets",
      details: [
        "FILE holds one record a line, as vole decode reads them; - is standard input. The members "
          + "source (a name for the cluster), partition and offset of the record and its "
          + "timestamp are used where they are there, as are transactional and producer_id "
          + "of its batch.",
        "--state prints the committed offsets that stand at the end of the log, one JSON line each "
          + "with group, topic, partition, offset, leaderEpoch and metadata, sorted by group, "
          + "topic and partition; with several sources a line names its own. Transactional commits "
          + "count once their commit marker was read, tombstones take offsets away. Lines must be "
          + "in the order of the log within each partition.",
        "--members prints who is in each group at the end of the log, one JSON line each with "
          + "group, state (stable, rebalancing, empty, dead, or unknown), protocol (classic, or "
          + "consumer for KIP-848), generation (the group epoch under KIP-848) and members, each "
          + "with memberId, groupInstanceId, clientId, clientHost and assignment, which maps "
          + "topics to partitions and is null where the bytes do not tell it (a Connect group's); "
          + "sorted by group, and with source when there are several. KIP-848 records name topics "
          + "by identifiers: those that no record of the log gives a name are listed in the "
          + "member's \"unresolved\" instead. Groups without records of members have no line.",
        "--timeline prints each change of a group's verdict, as Vole judges it (NOTFOUND, OK, "
          + "WARN, UNKNOWN, ERR), one JSON line each with time, source, group, from, to and cause. "
          + "The clock is the records' own. The cause has event, the last thing read of the "
          + "group in that second (commit, head, offset_tombstone, or clock when only time "
          + "passed), the worst partition with its topic, rule and lag, "
          + "line and offset of its newest commit's record, and unknownPartitions, the number of "
          + "those that cannot be judged. Log-end offsets come from lines like "
          + #"{"type":"head","topic":"t","partition":0,"offset":7,"timestamp":1}, with "#
          + "a source where records have one; without them every group is UNKNOWN.",
        "For --timeline a file of up to \(TimeIndex.maximumLines) lines is brought into the order "
          + "of time first; lines from a pipe must be in that order.",
        "A bad line is named on standard error, the rest is still replayed, and the exit code "
          + "is 2.",
      ],
      positionals: [PositionalDeclaration("FILE", isRequired: true)],
      options: [
        OptionDeclaration("state", help: "Print the offsets that stand at the end."),
        OptionDeclaration("members", help: "Print who is in each group at the end."),
        OptionDeclaration("timeline", help: "Print each change of a verdict."),
      ] + timelineOptions),
    run: replayLog)
}

/// The options that have a meaning with `--timeline` only.
private let timelineOptions = [
  OptionDeclaration(
    "intervals", placeholder: "N", help: "Timeline: commits that a window keeps [10]."),
  OptionDeclaration(
    "min-distance", placeholder: "SECONDS",
    help: "Timeline: least time between two kept commits [0]."),
  OptionDeclaration(
    "allowed-lag", placeholder: "N", help: "Timeline: lag that counts as none [0]."),
  OptionDeclaration(
    "minimum-complete", placeholder: "SHARE",
    help: "Timeline: filled share of a window, 0 to 1, from which it is judged [1]."),
  OptionDeclaration(
    "hold", placeholder: "SECONDS",
    help: "Timeline: how long a commit must stand behind a head for a window that is not filled to "
      + "be judged [330]."),
]

private func replayLog(_ arguments: CommandLineArguments) -> Int32 {
  let stream = LineStream(command: "replay")
  guard ["state", "members", "timeline"].count(where: arguments.has) == 1 else {
    return stream.refuse("one of --state, --members and --timeline is needed (vole replay --help)")
  }
  if !arguments.has("timeline"),
    let idle = timelineOptions.first(where: { arguments.value($0.name) != nil })
  {
    return stream.refuse("--\(idle.name) goes with --timeline (vole replay --help)")
  }
  let settings: TimelineSettings
  do throws(UsageError) { settings = try TimelineSettings(arguments) } catch {
    return stream.refuse("\(error) (vole replay --help)")
  }
  let path = arguments.positionals.first ?? "-"
  let source: LineSource
  do throws(Errno) { source = try LineSource.open(path) } catch {
    return stream.refuse("\(path): \(error.message)")
  }
  let seed = UInt64.random(in: 0...UInt64.max)
  if arguments.has("state") { return stream.run(ReplayStateFilter(seed: seed), from: source) }
  if arguments.has("members") { return stream.run(ReplayMembersFilter(seed: seed), from: source) }
  let timeline = ReplayTimelineFilter(settings: settings, seed: seed)
  guard source.size != nil else { return stream.run(timeline, from: source) }
  return replayInOrderOfTime(timeline, stream, source, seed: seed)
}

/// Replays a file, whose lines may be in any order of time.
private func replayInOrderOfTime(
  _ timeline: ReplayTimelineFilter, _ stream: LineStream, _ source: borrowing LineSource,
  seed: UInt64
) -> Int32 {
  var badLines = 0
  do throws(LineStream.Stop) {
    var indexing = LineFilterRun(TimeIndex(seed: seed), errorPrefix: stream.prefix)
    try stream.pass(&indexing, source)
    badLines += indexing.badLines
    let index = indexing.end()
    guard !index.isOverfull else {
      return stream.refuse(
        "\(source.name): more than \(TimeIndex.maximumLines) lines; sort them by time and pipe "
          + "them in")
    }
    var replaying = LineFilterRun(timeline, errorPrefix: stream.prefix)
    try stream.pass(&replaying, source, inOrderOf: index.inOrderOfTime())
    try stream.conclude(&replaying)
    badLines += replaying.badLines
  } catch {
    return stream.exitCode(of: error, source: source.name)
  }
  return stream.exitCode(badLines: badLines)
}

extension TimelineSettings {
  /// Reads the options of a timeline.
  fileprivate init(_ arguments: CommandLineArguments) throws(UsageError) {
    let intervals = try arguments.integer("intervals", in: 1...WindowLimits.maximumIntervals)
    let distance = try arguments.integer("min-distance", in: 0...86_400) ?? 0
    let allowedLag = try arguments.integer("allowed-lag", in: 0...Int.max) ?? 0
    let hold = try arguments.integer("hold", in: 0...86_400) ?? 330
    var minimumComplete: Float = 1
    if let text = arguments.value("minimum-complete") {
      guard let share = Float(text), share >= 0, share <= 1 else {
        throw UsageError("--minimum-complete: \"\(text)\" is not a number from 0 to 1")
      }
      minimumComplete = share
    }
    self.init(
      limits: WindowLimits(
        intervals: intervals ?? 10, minimumDistance: Int64(distance) * 1000),
      parameters: JudgementParameters(
        allowedLag: UInt64(allowedLag), minimumComplete: minimumComplete, hold: UInt32(hold)))
  }
}
