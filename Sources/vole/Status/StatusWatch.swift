import Configuration
import Console
import Glibc
import HTTPServer
import JSON

/// Shows what an agent's watch stream tells, until somebody ends the program.
///
/// On a terminal the table is drawn over; elsewhere each change is a line.
final class StatusWatch {
  /// The most seconds between two messages about a group, as the agent is asked for.
  private static let interval = 2
  /// Milliseconds of silence after which a connection counts as lost.
  private static let patience: Int64 = 15_000
  /// Milliseconds within which messages are shown at once.
  private static let gathering: Int64 = 20
  /// Messages that are shown at once.
  private static let gatheredMessages = 1000
  /// Seconds between two attempts to connect again.
  private static let pauses: [UInt32] = [1, 2, 5, 10]
  /// Groups that are remembered.
  private static let maximumGroups = 10_000

  private let client: AgentClient
  private let question: GroupQuestion
  private let asJSON: Bool
  private let isLive: Bool
  private let paint = Terminal.paint
  private var screen = LiveScreen()
  private var groups: [String: GroupStatus] = [:]
  private var told: [String: String] = [:]
  /// Why there is no connection at the moment.
  private var trouble: String?

  init(_ client: AgentClient, _ question: GroupQuestion, asJSON: Bool) {
    self.client = client
    self.question = question
    self.asJSON = asJSON
    isLive = Terminal.isScreen && !asJSON
  }

  /// Watches until nobody reads any more, or the agent refuses.
  ///
  /// - Throws: Why there was no connection in the first place, or none can be made any more.
  func run() throws(AskingFailure) -> Int32 {
    var stream = try connect()
    while true {
      do throws(AskingFailure) {
        guard try show(stream) else { return ExitCode.ok }
      } catch {
        // A refusal comes at the end of a stream too: asking again would change nothing.
        guard error.mayPass else { throw error }
        lost(error.text)
      }
      stream = try reconnect()
    }
  }

  // MARK: The connection

  private func connect() throws(AskingFailure) -> AgentStream {
    let message = question.message { $0.field("maxIntervalSeconds", Self.interval) }
    return try client.watch(
      question.group == nil ? "WatchGroups" : "WatchGroupStatus", message)
  }

  /// Connects again and again; ends where the agent is there and refuses.
  private func reconnect() throws(AskingFailure) -> AgentStream {
    var attempt = 0
    while true {
      _ = sleep(Self.pauses[min(attempt, Self.pauses.count - 1)])
      attempt += 1
      do throws(AskingFailure) {
        let stream = try connect()
        trouble = nil
        if !isLive { StandardError.write("vole status: connected again\n") }
        return stream
      } catch {
        guard error.mayPass else { throw error }
        if isLive { lost(error.text) }
      }
    }
  }

  private func lost(_ why: String) {
    trouble = why
    if isLive {
      draw()
    } else {
      StandardError.write("vole status: \(why); trying again\n")
    }
  }

  // MARK: Messages

  /// Shows messages as they come; false when nobody reads them any more.
  private func show(_ stream: AgentStream) throws(AskingFailure) -> Bool {
    while true {
      switch try stream.next(within: Self.patience) {
      case .silence:
        let seconds = Self.patience / 1000
        throw AskingFailure(
          AnswerError("nothing came for \(seconds) s"), client.options.server)
      case .end:
        throw AskingFailure(AnswerError("the agent ended the stream"), client.options.server)
      case .message(let message):
        guard try take(message), try gather(stream) else { return false }
      }
    }
  }

  /// Takes what comes at once as well, then draws.
  private func gather(_ stream: AgentStream) throws(AskingFailure) -> Bool {
    guard isLive else { return true }
    for _ in 0..<Self.gatheredMessages {
      guard case .message(let message) = try stream.next(within: Self.gathering) else { break }
      guard try take(message) else { return false }
    }
    return draw()
  }

  private func take(_ message: [UInt8]) throws(AskingFailure) -> Bool {
    let statuses = try statuses(in: message)
    if asJSON { return StandardOutput.write(String(decoding: message, as: UTF8.self) + "\n") }
    // A message has all that was asked for: what is not in it is gone.
    groups.removeAll(keepingCapacity: true)
    for status in statuses.prefix(Self.maximumGroups) {
      groups["\(status.cluster)/\(status.group)"] = status
    }
    guard !isLive else { return true }
    return statuses.allSatisfy { tell($0, "\($0.cluster)/\($0.group)") }
  }

  private func statuses(in message: [UInt8]) throws(AskingFailure) -> [GroupStatus] {
    if question.group == nil { return try client.parsed(GroupsAnswer.self, message).groups }
    return [try client.parsed(GroupStatusAnswer.self, message).status]
  }

  /// A line for a group whose verdict is another than before.
  private func tell(_ status: GroupStatus, _ name: String) -> Bool {
    let state = "\(status.verdict.text) \(status.counts.text)"
    guard told[name] != state else { return true }
    told[name] = state
    let hasClusters = Set(groups.values.map(\.cluster)).count > 1
    let group = TerminalText.harmless(hasClusters ? name : status.group)
    let reason = TerminalText.harmless(status.reason)
    let time = TerminalText.harmless(status.time)
    return StandardOutput.write("\(time) \(group) \(status.verdict.text): \(reason)\n")
  }

  // MARK: The terminal

  @discardableResult private func draw() -> Bool {
    let terminal = Terminal.current
    let shown = groups.values.sorted { ($0.cluster, $0.group) < ($1.cluster, $1.group) }
    let time = shown.map(\.time).max().map(Timestamp.clock) ?? ""
    var lines = [
      paint.painted(
        TerminalText.fitted("\(time)  \(client.options.server)", to: terminal.width), .faint)
    ]
    if let trouble {
      let text = "connection lost: \(TerminalText.harmless(trouble)); trying again"
      lines.append(paint.painted(TerminalText.fitted(text, to: terminal.width), .bad))
    }
    // The cursor stands on a line of its own below.
    let height = terminal.height.map { max(4, $0 - lines.count - 1) }
    if question.group == nil {
      lines += GroupsView(shown).lines(width: terminal.width, height: height, paint)
    } else if let status = shown.first {
      lines += GroupView(status).lines(width: terminal.width, height: height, paint)
    }
    return screen.draw(lines, terminal)
  }
}
