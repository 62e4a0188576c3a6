import Answers
import HTTPServer

/// Answers of this second, by target: most of what an agent is asked is asked again and again.
///
/// An answer depends on nothing but the target, the method and what the agent knows, so it stands
/// until the agent learns something. The bytes are shared with the connections, never copied.
final class ResponseCache {
  private struct Entry {
    let target: [UInt8]
    /// What else the answer depends on.
    let variant: [UInt8]
    let isHead: Bool
    let kept: Kept
  }

  /// An answer that is kept.
  final class Kept {
    let response: Response
    /// Whether it answers a liveness probe, of which the governor has to know.
    let isLiveness: Bool

    fileprivate init(_ response: Response, isLiveness: Bool) {
      self.response = response
      self.isLiveness = isLiveness
    }
  }

  private var entries: [Entry] = []

  /// The most answers that are kept; further ones are made each time.
  static let maximumEntries = 16
  /// The longest target whose answer is kept, in bytes, and the longest variant.
  static let maximumTargetBytes = 256
  /// The largest content that is kept, in bytes: what is larger is seldom asked for twice a second.
  static let maximumBodyBytes = 65_536

  /// Forgets everything, because the agent has learnt something or time has passed.
  func clear() {
    if !entries.isEmpty { entries.removeAll(keepingCapacity: true) }
  }

  /// Returns the kept answer to a request, nil when there is none.
  ///
  /// - Parameters:
  ///   - request: whose target and method count.
  ///   - variant: what else the answer depends on.
  func find(_ request: borrowing Request, _ variant: [UInt8]) -> Kept? {
    let isHead = request.isHead
    for index in entries.indices {
      if entries[index].isHead == isHead, request.targetEquals(entries[index].target),
        entries[index].variant == variant
      {
        return entries[index].kept
      }
    }
    return nil
  }

  /// Keeps an answer, as `find` finds it.
  func insert(
    _ answered: Routes.Answered, for request: borrowing Request, _ variant: [UInt8]
  ) {
    let target = request.target
    let response = answered.response
    guard entries.count < Self.maximumEntries, target.count <= Self.maximumTargetBytes,
      variant.count <= Self.maximumTargetBytes, response.body.count <= Self.maximumBodyBytes,
      response.stream == nil
    else { return }
    entries.append(
      Entry(
        target: Array(target), variant: variant, isHead: request.isHead,
        kept: Kept(response, isLiveness: answered.probe?.question == .liveness)))
  }
}
