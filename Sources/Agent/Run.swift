package import Answers
package import Configuration
package import EventLoop
import Glibc
import HTTPServer
import KafkaClient
package import LagCore

/// Why the agent cannot start; one line for people.
package struct StartError: Error, CustomStringConvertible {
  /// The line, without a full stop or line break: what was wanted, and what stands in its way.
  package let description: String

  /// Creates an error from its line.
  package init(_ description: String) { self.description = description }
}

/// The agent at work: the one place that turns its effects into I/O.
///
/// Everything happens on the loop's thread. Records are taken in slices that end after a
/// millisecond, so that a probe never waits longer behind a catch-up.
package final class Run: RequestHandler {
  /// How the agent differs from one of `vole run`; for the demo and tests.
  package struct Options {
    /// How long a broker may hold a fetch that has nothing to return, in milliseconds.
    package var fetchWait: Int32 = 5000
    /// Receives each line of the log that is urgent enough.
    package var log: (LogRecord) -> Void
    /// Reads the configuration anew; nil where it is never reloaded.
    package var load: (() throws(InvalidConfiguration) -> Configuration)?
    /// What is wrong with the configuration in whose place an older one runs; empty usually.
    package var refused: [String] = []
    /// The version of the program, which it tells who asks.
    package var version = ""

    /// Creates the options of `vole run`.
    package init(log: @escaping (LogRecord) -> Void) { self.log = log }
  }

  /// Records taken from the reader at once.
  private static let batch = 128
  /// How long a slice of records may last, in nanoseconds.
  private static let sliceTime: Int64 = nanosecondsPerMillisecond
  /// How long answers under way may take when the agent ends, in nanoseconds.
  ///
  /// A second less than the agent promises to end within: its clients need a part of that.
  package static let drainTime: Int64 = 4 * nanosecondsPerSecond

  let loop: EventLoop
  private let log: (LogRecord) -> Void
  private let fetchWait: Int32
  /// The least urgent level that is written.
  package var level: Configuration.LogLevel {
    didSet { routes.logLevel = level }
  }
  var agent: Agent
  var routes: Routes
  /// The tokens that show who asks.
  var tokens: AccessTokens
  /// The RPC interface.
  private(set) lazy var rpc = RPCService(host: self)
  var rpcTimer: TimerToken?
  let cache = ResponseCache()
  /// The responses that were given; `routes` tells of them.
  let requests: RequestCounters
  /// The links of the agent's clusters, in their order.
  var links: [ClusterLink] = []
  /// What looks after the files of the configuration; nil where it is not reloaded.
  var reloading: Reloading?
  /// The listeners of the configuration at the start.
  var listeners: [ServedListener] = []
  private var turn = (began: Int64.min, moment: Moment(wall: 0, monotonic: 0))
  private var wasReady = false
  /// Whether the agent was told to end.
  package private(set) var isEnding = false
  /// What is known of what survives.
  var memory = RunMemory()
  /// The exit code that the process is to end with.
  package private(set) var exitCode: Int32 = 0
  /// Called once when everything is answered after `drain`.
  private var ended: (() -> Void)?

  /// The addresses that the agent listens on, with the ports that the kernel chose.
  package internal(set) var addresses: [String] = []

  // MARK: Starting

  /// Opens the listeners and begins to watch; nothing blocks, and no broker needs to be there.
  ///
  /// - Parameters:
  ///   - configuration: checked.
  ///   - loop: runs everything.
  ///   - options: what differs from `vole run`.
  ///   - ended: called when the agent has drained after a signal or `drain`.
  /// - Throws: one line: a property that librdkafka refuses, or an address that cannot be had.
  package static func start(
    _ configuration: Configuration, loop: EventLoop, options: Options,
    ended: @escaping () -> Void
  ) throws(StartError) -> Run {
    let run = Run(configuration, loop: loop, options: options)
    run.ended = ended
    try run.openMemory(configuration)
    try run.serve(configuration.listeners)
    do throws(Errno) {
      try run.open(configuration)
    } catch {
      throw StartError("cannot start: \(error.message)")
    }
    run.beginWatching(configuration, load: options.load)
    run.beginRPC()
    if !options.refused.isEmpty { run.refuse(options.refused) }
    run.beginTicking()
    return run
  }

  private init(_ configuration: Configuration, loop: EventLoop, options: Options) {
    self.loop = loop
    log = options.log
    fetchWait = options.fetchWait
    level = configuration.logging.level
    agent = Agent(
      configuration, seed: UInt64.random(in: .min ... .max), now: Self.now(of: loop.clock))
    tokens = AccessTokens(configuration.tokens)
    routes = Routes(
      host: Self.machineName(), allowOrigin: configuration.general.accessControlAllowOrigin)
    requests = routes.server.requests
    routes.logLevel = level
    routes.server.program = ProgramInfo(
      version: options.version, librdkafka: KafkaClientVersion.current.text,
      nghttp2: HTTP2Library.version, startedAt: loop.clock.realtimeMilliseconds())
  }

  /// What the clients of a cluster are made with.
  func clients(
    for cluster: Configuration.Cluster, of configuration: Configuration
  ) -> ClusterLink.Clients {
    let consumer = configuration.consumers.first { $0.cluster == cluster.name }
    let own = KafkaProperties(cluster.client, servers: cluster.servers)
    let reading = consumer.map { KafkaProperties($0.client, servers: $0.servers) } ?? own
    var settings = OffsetsTopicReader.Settings()
    settings.fetchWaitMilliseconds = fetchWait
    if let consumer { settings.topic = consumer.offsetsTopic }
    return ClusterLink.Clients(
      worker: own, reader: reading, settings: settings,
      timeout: max(500, Int64(cluster.offsetRefresh) * 500))
  }

  private func open(_ configuration: Configuration) throws(Errno) {
    for cluster in configuration.clusters {
      links.append(try open(cluster, of: configuration, index: links.count))
    }
  }

  /// Opens the link of a cluster; it connects when something is wanted of it.
  func open(
    _ cluster: Configuration.Cluster, of configuration: Configuration, index: Int
  ) throws(Errno) -> ClusterLink {
    let link = try ClusterLink(
      index: index, clients: clients(for: cluster, of: configuration), clock: loop.clock)
    link.registrations = [
      try loop.add(link.readerWakeUp) { [unowned self] in takeSlice(of: link) },
      try loop.add(link.workerWakeUp) { [unowned self] in takeReplies(of: link) },
      try loop.add(link.groupsWakeUp) { [unowned self] in takeGroupReplies(of: link) },
    ]
    return link
  }

  /// Ends the link of a cluster that is gone.
  func close(_ link: ClusterLink) {
    for registration in link.registrations { loop.remove(registration) }
    link.registrations = []
    link.close()
  }

  private static func machineName() -> String {
    var name = [CChar](repeating: 0, count: 256)
    // SAFETY: the buffer is as long as is said, and its last byte stays 0.
    guard unsafe gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return String(decoding: bytes, as: UTF8.self)
  }

  // MARK: Time

  /// The time on both clocks.
  package var now: Moment { Self.now(of: loop.clock) }

  /// The time at which the first was asked for it in this turn of the loop: near enough for what
  /// counts in milliseconds, and read once for all that is asked in one turn.
  var timeOfTurn: Moment {
    let began = loop.now
    if turn.began == began { return turn.moment }
    let moment = now
    turn = (began, moment)
    return moment
  }

  private static func now(of clock: Clock) -> Moment {
    Moment(
      wall: clock.realtimeMilliseconds(),
      monotonic: clock.monotonicNanoseconds() / nanosecondsPerMillisecond)
  }

  /// Ticks at whole seconds of the wall clock, the first time at once.
  private func beginTicking() {
    _ = loop.schedule(at: loop.now) { [unowned self] in tick() }
  }

  private func tick() {
    guard !isEnding else { return }
    let now = now
    handle(.tick, at: now)
    rpc.tell()
    // What is overdue tells nobody by itself.
    for link in links where link.asksAboutGroups { takeGroupReplies(of: link) }
    lookAtFiles()
    tendMemory()
    let pause = 1000 - now.wall % 1000
    let next = loop.clock.monotonicNanoseconds() + pause * nanosecondsPerMillisecond
    _ = loop.schedule(at: next) { [unowned self] in tick() }
  }

  // MARK: Events and effects

  private func handle(_ event: AgentEvent, at now: Moment) {
    forgetAnswers()
    perform(agent.handle(event, at: now))
    if !wasReady, agent.isReady {
      wasReady = true
      // What start and catch-up used and nothing uses any more goes back to the system.
      Heap.trim()
      ProgramPages.release()
    }
  }

  /// Does what the agent wants done.
  func perform(_ effects: [AgentEffect]) {
    forgetAnswers()
    for effect in effects {
      do throws(KafkaError) {
        try perform(effect)
      } catch {
        complain(error)
      }
    }
  }

  private func perform(_ effect: AgentEffect) throws(KafkaError) {
    switch effect {
    case .lookUpTopics(let cluster, let topics): try links[cluster].lookUpTopics(topics)
    case .lookUpHeads(let cluster, let end, let requests, let withStarts):
      try links[cluster].lookUpHeads(end, requests, withStarts: withStarts)
    case .lookUpOffsets(let cluster, let partitions, let time):
      try links[cluster].lookUpOffsets(partitions, since: time)
    case .read(let cluster, let partitions, let start):
      try links[cluster].read(partitions, from: start)
    case .stopReading(let cluster, let partitions): links[cluster].stopReading(partitions)
    case .reread(let cluster, let partitions): try links[cluster].reread(partitions)
    case .stopRereading(let cluster, let partitions):
      links[cluster].stopRereading(partitions)
      // What it used goes back to the system.
      if links[cluster].rereader == nil { Heap.trim() }
    case .reconnect(let cluster): try links[cluster].reconnect()
    case .fetchOffsets(let cluster, let group, let partitions, let delay):
      let link = links[cluster]
      try later(delay, link) { () throws(KafkaError) in
        try link.fetchOffsets(of: group, partitions)
      }
    case .describe(let cluster, let group, let delay):
      let link = links[cluster]
      try later(delay, link) { () throws(KafkaError) in try link.describe(group) }
    case .listGroups(let cluster): try links[cluster].listGroups()
    case .searchRecords(let cluster, let search): try links[cluster].searchRecords(search)
    case .replaceGroupsClient(let cluster): links[cluster].replaceGroupsClient()
    case .replaceWorker(let cluster): links[cluster].replaceWorker()
    case .saveState: memory.isDue = true
    case .exit(let code):
      exitCode = code
      drain()
    case .log(let record): write(record)
    case .drain: drain()
    }
  }

  /// Does something after so many milliseconds, at once for none, unless the link is gone by then.
  private func later(
    _ delay: Int64, _ link: ClusterLink, _ body: @escaping () throws(KafkaError) -> Void
  ) throws(KafkaError) {
    guard delay > 0 else { return try body() }
    let time = loop.clock.monotonicNanoseconds() + delay * nanosecondsPerMillisecond
    _ = loop.schedule(at: time) { [unowned self] in
      guard !isEnding, !link.registrations.isEmpty else { return }
      do throws(KafkaError) { try body() } catch { complain(error) }
    }
  }

  private func complain(_ error: KafkaError) {
    write(LogRecord(.error, "client cannot be used").with("error", error.description))
  }

  /// Takes another configuration over as far as the agent itself has no part in it.
  func adopt(_ configuration: Configuration) {
    level = configuration.logging.level
    readCertificates(of: configuration)
    routes.setAllowOrigin(configuration.general.accessControlAllowOrigin)
    let tokens = AccessTokens(configuration.tokens)
    if tokens != self.tokens {
      self.tokens = tokens
      rpc.endWatches()
    }
    forgetAnswers()
  }

  /// Forgets the answers of this second, because the agent has learnt something or time passed.
  func forgetAnswers() {
    cache.clear()
    rpc.forget()
  }

  /// Writes a line to the log, if it is urgent enough.
  func write(_ record: LogRecord) {
    guard record.level.urgency >= level.urgency else { return }
    log(record)
  }

  // MARK: Kafka

  private func takeReplies(of link: ClusterLink) {
    guard !isEnding, !link.registrations.isEmpty else { return }
    let replies = link.takeReplies()
    for record in replies.logs { write(record) }
    for event in replies.events { handle(event, at: now) }
  }

  private func takeGroupReplies(of link: ClusterLink) {
    guard !isEnding, !link.registrations.isEmpty else { return }
    let drained = link.takeGroupReplies()
    take(drained)
    if drained.mayHaveMore { loop.runNextTurn { [unowned self] in takeGroupReplies(of: link) } }
  }

  /// Takes records for a millisecond at most, and comes again when some are left.
  private func takeSlice(of link: ClusterLink) {
    guard !isEnding, !link.registrations.isEmpty else { return }
    let start = now
    let deadline = loop.clock.monotonicNanoseconds() + Self.sliceTime
    var mayHaveMore = false
    forgetAnswers()
    repeat {
      do throws(KafkaError) {
        mayHaveMore = try takeBatch(of: link, start: start)
        if try takeBatchAgain(of: link, start: start) { mayHaveMore = true }
      } catch {
        write(LogRecord(.error, "reader cannot be used").with("error", error.description))
        return
      }
    } while mayHaveMore && loop.clock.monotonicNanoseconds() < deadline
    if mayHaveMore, !link.isSliceQueued {
      link.isSliceQueued = true
      loop.runNextTurn { [unowned self] in
        link.isSliceQueued = false
        takeSlice(of: link)
      }
    }
  }

  /// Takes one batch of the reader; returns whether more may wait.
  private func takeBatch(of link: ClusterLink, start: Moment) throws(KafkaError) -> Bool {
    let drained = try link.drain(maximum: Self.batch) { record, key, value in
      agent.ingest(
        cluster: link.index, partition: record.partition, offset: record.offset,
        timestamp: record.timestamp, key: key, value: value, now: start)
    }
    agent.settle(cluster: link.index, now: start)
    take(drained)
    return drained.mayHaveMore
  }

  /// Takes one batch of the second reader, if there is one; returns whether more may wait.
  private func takeBatchAgain(of link: ClusterLink, start: Moment) throws(KafkaError) -> Bool {
    guard link.rereader != nil else { return false }
    var effects: [AgentEffect] = []
    let drained = try link.drainAgain(maximum: Self.batch) { record, key, value in
      effects += agent.reingest(
        cluster: link.index, partition: record.partition, offset: record.offset,
        timestamp: record.timestamp, key: key, value: value, now: start)
    }
    // Not before: the effects may end the reader.
    perform(effects)
    take(drained)
    return drained.mayHaveMore
  }

  private func take(_ drained: ClusterLink.Drained) {
    for record in drained.logs { write(record) }
    for event in drained.events { handle(event, at: now) }
  }

  /// What the agent says of every watched group now, for the demo's table.
  package func reports() -> [GroupReport] { agent.reports(now: now) }

  /// Evaluates a group by Burrow's rules, for the demo's table.
  package func evaluate(group: String, cluster: String) -> GroupEvaluation? {
    agent.evaluate(group: group, cluster: cluster, now: now)
  }

  /// How far the reading of each cluster has come.
  package func clusterStatuses() -> [Agent.ClusterStatus] { agent.clusterStatuses() }

  // MARK: Ending

  /// Tells the agent that a signal asks it to end.
  package func terminate(signal: String) {
    handle(.terminate(signal: signal), at: now)
  }

  private func drain() {
    guard !isEnding else { return }
    isEnding = true
    keepAtEnd()
    routes.isDraining = true
    forgetAnswers()
    // Clients take their time to go, which is that of the answers under way.
    for link in links { link.close() }
    drainListeners { [unowned self] in
      ended?()
      ended = nil
    }
  }
}
