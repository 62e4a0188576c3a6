/// Somebody who asks, as far as tokens tell.
package enum Caller: Sendable, Equatable {
  /// There are no tokens: everybody may see everything, and nobody may change anything.
  case anybody
  /// Tokens are there, and none of them was shown.
  case stranger
  /// The holder of a token.
  case holder(name: String, scope: GroupScope)

  /// The groups that may be seen; nil for a stranger.
  package var scope: GroupScope? {
    switch self {
    case .anybody: .all
    case .stranger: nil
    case .holder(_, let scope): scope
    }
  }

  /// Whether what concerns these groups may be changed.
  package func mayChange(_ group: String) -> Bool {
    if case .holder(_, let scope) = self { scope.contains(group) } else { false }
  }

  /// Whether what concerns the whole agent may be changed.
  package var mayChangeAgent: Bool {
    if case .holder(_, .all) = self { true } else { false }
  }
}
