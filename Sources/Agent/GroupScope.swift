/// Which of the watched groups somebody may see.
package enum GroupScope: Sendable, Hashable {
  /// All of them.
  case all
  /// Those with these names, in whatever cluster.
  case named(Set<String>)

  /// Whether a group may be seen.
  package func contains(_ group: String) -> Bool {
    switch self {
    case .all: true
    case .named(let names): names.contains(group)
    }
  }
}
