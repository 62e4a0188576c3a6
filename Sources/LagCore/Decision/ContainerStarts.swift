/// When containers of the application began, and which members may be whose; all times are the
/// monotonic clock's, in milliseconds.
package struct ContainerStarts: Sendable, Equatable {
  /// One container's start.
  struct Start: Sendable, Equatable {
    /// When kubelet asked for start-up, which it does of a new container alone.
    let at: Int64
    /// Members that joined before this belong to a container before it.
    let membersSince: Int64
    /// Until when the container before it is known to have run.
    let othersUntil: Int64
  }

  /// Oldest first.
  private(set) var starts: [Start] = []

  /// How many are kept (16): as many as kubelet's back-off allows while members of a container that
  /// is gone are reckoned with.
  private static let kept = 16
  /// How far from a container's start-up probe its members join, in milliseconds (60 s).
  ///
  /// An application may join before kubelet asks first. One that joined within as long after it
  /// belongs to that container, however soon the next one began.
  static let slack: Int64 = 60_000
  /// How long a member of a container that is gone is reckoned with, in milliseconds (30 min):
  /// brokers allow no longer session timeouts unless told to (`group.max.session.timeout.ms`).
  static let departurePatience: Int64 = 1_800_000

  /// Nothing is known of containers.
  init() {}

  /// One container, of which nothing else is known.
  init(at time: Int64) {
    starts = [Start(at: time, membersSince: time &- Self.slack, othersUntil: time)]
  }

  /// When the present container began; nil when that is not known.
  package var last: Int64? { starts.last?.at }

  /// Takes note that kubelet asks for start-up.
  ///
  /// - Parameters:
  ///   - now: the time.
  ///   - probedAt: when liveness was asked last, nil for never. Kubelet asks that of containers
  ///     that have started: who had joined by then was not this one's.
  mutating func add(at now: Int64, probedAt: Int64?) {
    var membersSince = now &- Self.slack
    var othersUntil = now
    if let before = last, let probedAt, probedAt > before {
      membersSince = max(membersSince, probedAt, min(now, before &+ Self.slack))
      othersUntil = probedAt
    }
    if starts.count == Self.kept { starts.removeFirst() }
    starts.append(Start(at: now, membersSince: membersSince, othersUntil: othersUntil))
  }

  /// Returns until when the container of a member ran as far as that is known, nil when it may be
  /// the present one.
  ///
  /// - Parameters:
  ///   - joined: when the member joined.
  ///   - now: the time.
  func end(ofMemberSince joined: Int64, now: Int64) -> Int64? {
    guard let next = starts.first(where: { joined < $0.membersSince }),
      now - next.at < Self.departurePatience
    else { return nil }
    return next.othersUntil
  }
}
