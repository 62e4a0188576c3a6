import Glibc
import KafkaClient
import Testing

/// A cluster of the project's own test brokers (`Tests/broker`), in a process of its own.
///
/// It ends with this object. What it can be told is listed by the command `help`.
final class TestBroker {
  /// Something that went wrong with the process.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// The root of the project.
  private static let root: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return parts.joined(separator: "/")
  }()

  /// The Python that has the packages which the brokers need: `make test` puts it there.
  private static let python = root + "/.build/venv/bin/python"

  /// Whether brokers can be started here.
  static let isAvailable = access(python, X_OK) == 0

  /// Why tests are left out where they cannot.
  static let absence: Comment =
    "no .build/venv with the packages of Tests/EndToEnd/requirements.txt: `make test` makes it"

  let bootstrapServers: String
  private let process: pid_t
  private let input: Int32
  private let output: Int32
  private var pending: [UInt8] = []

  /// Starts brokers.
  ///
  /// - Parameter arguments: those of `Tests/broker/run`.
  init(_ arguments: [String] = []) throws {
    var toChild: [Int32] = [-1, -1]
    var fromChild: [Int32] = [-1, -1]
    guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else {
      throw Failure(description: "no pipe")
    }
    for end in toChild + fromChild { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
    posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
    let words = [Self.python, Self.root + "/Tests/broker/run"] + arguments
    var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for word in argv { free(word) } }
    var child: pid_t = 0
    let code = posix_spawn(&child, words[0], &actions, nil, &argv, environ)
    close(toChild[0])
    close(fromChild[1])
    (input, output, process) = (toChild[1], fromChild[0], child)
    guard code == 0 else { throw Failure(description: "cannot start \(words[0])") }
    var known = ""
    let told = try Self.line(from: fromChild[0], &pending)
    if let range = told.firstRange(of: #""bootstrap": ""#) {
      known = String(told[range.upperBound...].prefix { $0 != "\"" })
    }
    bootstrapServers = known
    guard !known.isEmpty else { throw Failure(description: "no addresses in \(told)") }
  }

  deinit {
    // The process ends with its input, unless a child of another test has inherited that.
    close(input)
    kill(process, SIGTERM)
    var status: Int32 = 0
    waitpid(process, &status, 0)
    close(output)
  }

  /// The properties of a client of this cluster.
  var properties: KafkaProperties {
    KafkaProperties([KafkaProperty("bootstrap.servers", bootstrapServers)])
  }

  /// Gives a command and returns its result as JSON.
  ///
  /// - Parameters:
  ///   - name: the command.
  ///   - arguments: its further members as JSON, for example `"broker": 2`.
  @discardableResult
  func tell(_ name: String, _ arguments: String = "") throws -> String {
    let line = "{\"command\": \"\(name)\"\(arguments.isEmpty ? "" : ", ")\(arguments)}\n"
    var rest = Array(line.utf8)[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
      guard written > 0 else { throw Failure(description: "the brokers are gone") }
      rest = rest.dropFirst(written)
    }
    let answer = try Self.line(from: output, &pending)
    guard answer.hasPrefix(#"{"ok": "#) else {
      throw Failure(description: "\(line) gave \(answer)")
    }
    return String(answer.dropFirst(7).dropLast())
  }

  private static func line(from descriptor: Int32, _ pending: inout [UInt8]) throws -> String {
    let deadline = Instant(in: 30_000)
    while true {
      if let end = pending.firstIndex(of: 10) {
        let line = String(decoding: pending[..<end], as: UTF8.self)
        pending.removeSubrange(...end)
        return line
      }
      var set = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&set, 1, Int32(deadline.milliseconds)) > 0 else {
        throw Failure(description: "the brokers do not answer")
      }
      var bytes = [UInt8](repeating: 0, count: 65_536)
      let count = read(descriptor, &bytes, bytes.count)
      guard count > 0 else { throw Failure(description: "the brokers are gone") }
      pending += bytes[..<count]
    }
  }
}

/// Everything that runs against the project's own test brokers, one test after another.
@Suite(.serialized, .enabled(if: TestBroker.isAvailable, TestBroker.absence))
struct BrokerTests {}
