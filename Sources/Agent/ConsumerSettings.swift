package import Configuration

/// How the groups of one `[consumer.X]` are watched.
package struct ConsumerSettings {
  /// The section's name, in its case.
  package var name: String
  /// The groups.
  package var selection: GroupSelection
  /// Where their commits are read from.
  package var source: Configuration.Source
  /// Which end of a partition their lag is measured to.
  package var logEnd: Configuration.LogEnd
  /// Whether a small standing lag of theirs is looked at: what cannot be read is none.
  package var phantomLag: Bool

  /// Takes what concerns the groups from a checked consumer.
  package init(_ consumer: Configuration.Consumer) {
    name = consumer.name
    selection = consumer.groups
    source = consumer.source
    logEnd = consumer.logEnd
    phantomLag = consumer.phantomLag
  }
}
