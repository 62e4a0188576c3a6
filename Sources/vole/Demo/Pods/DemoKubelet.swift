import EventLoop
import Glibc
import HTTPServer
import KafkaClient
import Synchronization

/// Asks the agents as kubelet does: a new connection for each probe, one second of patience.
///
/// It lives on a thread of its own, so that its questions come over the network like anybody's.
final class DemoKubelet: Sendable {
  /// What the agent of a pod said.
  struct Sighting: Sendable, Equatable {
    /// The status codes of liveness and readiness, 0 while the agent did not answer.
    var liveness = 0
    var readiness = 0
    /// The text with which liveness was answered.
    var text = ""
    /// Whether liveness failed at any time.
    var hasFailed = false
    /// How often the container was restarted because of it.
    var restarts = 0
    /// Failing answers in a row.
    var failures = 0
  }

  private let sightings: Mutex<[Sighting]>
  private let thread = DemoThread()

  /// Failing answers after which a container is restarted (kubelet's `failureThreshold`).
  private static let failureThreshold = 3
  /// The patience with a probe, in milliseconds (kubelet's `timeoutSeconds`).
  private static let timeout: Int64 = 1000
  /// How long after a container began its start-up is asked for, in seconds.
  private static let startDelay: Int64 = 2
  /// The pause between two rounds, in microseconds.
  private static let pauseMicroseconds: UInt32 = 1_000_000

  init(pods: Int) { sightings = Mutex(Array(repeating: Sighting(), count: pods)) }

  /// What was seen of each pod.
  var seen: [Sighting] { sightings.withLock { $0 } }

  /// Begins to ask.
  ///
  /// - Parameters:
  ///   - servers: the agents, in the order of the pods.
  ///   - scene: what is played.
  ///   - restart: restarts the container of a pod.
  func begin(
    _ servers: [ServerAddress], _ scene: PodScene, restart: @escaping @Sendable (Int) -> Void
  ) -> Bool {
    thread.start { [self] in
      let start = Clock.system.monotonicNanoseconds()
      var replaced: Set<Int> = []
      while thread.goesOn {
        let seconds = (Clock.system.monotonicNanoseconds() - start) / nanosecondsPerSecond
        for (place, server) in servers.enumerated() {
          // A container that a rollout replaces is a new one too.
          if let at = scene.pods[place].habit.replacementTime, seconds >= at + Self.startDelay,
            replaced.insert(place).inserted
          {
            _ = ask(server, "startupz")
          }
          look(place, server, restarts: scene.restarts, restart)
        }
        usleep(Self.pauseMicroseconds)
      }
    }
  }

  /// Asks no more; waits for what is under way.
  func stop() { thread.stop() }

  private func look(
    _ place: Int, _ server: ServerAddress, restarts: Bool,
    _ restart: @Sendable (Int) -> Void
  ) {
    let liveness = ask(server, "livez")
    let readiness = ask(server, "readyz")
    let mustRestart = sightings.withLock { sightings in
      sightings[place].liveness = liveness.status
      sightings[place].readiness = readiness.status
      sightings[place].text = liveness.text
      let fails = liveness.status >= 400
      if fails { sightings[place].hasFailed = true }
      sightings[place].failures = fails ? sightings[place].failures + 1 : 0
      guard restarts, sightings[place].failures == Self.failureThreshold else { return false }
      sightings[place].restarts += 1
      sightings[place].failures = 0
      return true
    }
    guard mustRestart else { return }
    restart(place)
    _ = ask(server, "startupz")
  }

  private func ask(_ server: ServerAddress, _ probe: String) -> (status: Int, text: String) {
    do {
      let answer = try HTTPClient(server, token: nil).fetch(
        ClientRequest(get: "/consumer/\(probe)"), by: Deadline(milliseconds: Self.timeout))
      return (answer.head.status, String(decoding: answer.content, as: UTF8.self))
    } catch {
      return (0, "\(error)")
    }
  }
}

extension PodHabit {
  /// When a rollout replaces the container, in seconds; nil where none does.
  var replacementTime: Int64? {
    switch self {
    case .replaced(let at), .replacedByBad(let at): at
    default: nil
    }
  }
}
