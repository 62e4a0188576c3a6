/// One group of an agent: its verdict and what that rests on, and a table of its partitions.
package struct GroupView {
  private let status: GroupStatus

  /// Shows a group.
  package init(_ status: GroupStatus) {
    self.status = status
  }

  /// The lines, none wider than `width`.
  ///
  /// - Parameter height: the most lines; partitions that are OK give way first. Nil shows all.
  package func lines(width: Int, height: Int? = nil, _ paint: Paint) -> [String] {
    let head = head(width: width, paint)
    var partitions = inOrder
    guard !partitions.isEmpty else { return head }
    var hidden = 0
    if let height {
      // A blank line, the headings and the line that counts what is hidden.
      let room = max(1, height - head.count - 3)
      hidden = max(0, partitions.count - room)
      partitions.removeLast(hidden)
    }
    var lines = head + [""] + table(partitions).lines(width: width, paint)
    if hidden > 0 {
      let text = "\(Shown.many(hidden, "partition")) more: the terminal is too low"
      lines.append(paint.painted(TerminalText.fitted(text, to: width), .faint))
    }
    return lines
  }

  /// The verdict, and what is known of the group as a whole.
  package func head(width: Int, _ paint: Paint) -> [String] {
    let name = TerminalText.harmless(status.group)
    let cluster = TerminalText.harmless(status.cluster)
    let place = cluster.isEmpty ? "" : " of cluster \(cluster)"
    let room = max(8, width - TerminalText.width(status.verdict.text) - 2)
    let title = TerminalText.fitted(name + place, to: room)
    var lines = [
      paint.painted(title, .strong) + "  "
        + paint.painted(status.verdict.text, status.verdict.tone)
    ]
    if !status.reason.isEmpty {
      let reason = TerminalText.harmless(status.reason)
      lines += TerminalText.wrapped(reason, to: width - 2).map { "  \($0)" }
    }
    lines += FactList.lines(facts, width: width, paint)
    return lines
  }

  // MARK: The group as a whole

  private var facts: [FactList.Fact] {
    var facts = [FactList.Fact("lag", lag)]
    if let rates { facts.append(FactList.Fact("rates", rates)) }
    facts.append(FactList.Fact("partitions", partitions))
    facts.append(FactList.Fact("members", members))
    facts.append(FactList.Fact("read", read))
    return facts
  }

  private var lag: String {
    var text = Shown.count(status.totalLag)
    if status.counts.total > 1, let largest = status.maxLag, largest > 0 {
      text += ", \(Shown.count(largest)) at most in one partition"
    }
    if let behind = status.rates?.behind { text += ", \(behind) behind" }
    if let drain = status.rates?.timeToDrain { text += ", gone in \(Shown.duration(drain))" }
    return text
  }

  private var rates: String? {
    guard let rates = status.rates else { return nil }
    var parts: [String] = []
    if let produced = rates.produced { parts.append("\(Shown.rate(produced)) produced") }
    if let consumed = rates.consumed { parts.append("\(Shown.rate(consumed)) consumed") }
    if let trend = rates.lagTrend {
      if abs(trend) < 0.05 {
        parts.append("the lag stays")
      } else {
        parts.append("the lag \(trend > 0 ? "grows" : "shrinks") by \(Shown.rate(abs(trend)))")
      }
    }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  private var partitions: String {
    var text = status.counts.text
    if let complete = status.complete, complete < 1 {
      text += "; \(Shown.percent(complete)) of the windows are full"
    }
    if status.counts.unsubscribed > 0 {
      text += "; \(status.counts.unsubscribed) left out, as nobody subscribes to the topic"
    }
    return text
  }

  private var members: String {
    guard let membership = status.membership else { return "not known" }
    var text = membership.members.map { "\($0)" } ?? "not known"
    if !membership.state.isEmpty { text += ", \(Words.lowercased(membership.state))" }
    if let generation = membership.generation { text += ", generation \(generation)" }
    if let age = membership.changedAge { text += " since \(Shown.duration(Double(age)))" }
    if let rebalances = status.rebalances, rebalances > 0 {
      text += ", \(Shown.many(rebalances, "rebalance")) seen"
    }
    return text
  }

  private var read: String {
    var text = "commits \(Shown.age(status.commitsAge)), log ends \(Shown.age(status.headsAge))"
    if !status.source.isEmpty { text += ", from \(status.source)" }
    return text
  }

  // MARK: Partitions

  /// The partitions, those in trouble first, then by topic and number.
  private var inOrder: [PartitionStatus] {
    status.partitions.enumerated().sorted { left, right in
      let ranks = (left.element.status.rank, right.element.status.rank)
      return ranks.0 != ranks.1 ? ranks.0 > ranks.1 : left.offset < right.offset
    }.map(\.element)
  }

  private func table(_ partitions: [PartitionStatus]) -> TextTable {
    TextTable(
      [
        TextTable.Column("TOPIC", least: 12), TextTable.Column("PART", isRight: true),
        TextTable.Column("STATUS"), TextTable.Column("LAG", isRight: true),
        TextTable.Column("COMMITTED", isRight: true, sacrifice: 4),
        TextTable.Column("LOG END", isRight: true, sacrifice: 5),
        TextTable.Column("COMMIT", isRight: true, sacrifice: 3),
        TextTable.Column("OWNER", sacrifice: 2, least: 14),
        TextTable.Column("WHY", sacrifice: 6, least: 28),
      ], rows: partitions.map(cells))
  }

  private func cells(_ partition: PartitionStatus) -> [TextTable.Cell] {
    var why = partition.flags.map(Words.flag)
    if partition.status.rank > 0 { why.insert(Words.rule(partition.rule), at: 0) }
    return [
      TextTable.Cell(partition.topic), TextTable.Cell("\(partition.partition)"),
      TextTable.Cell(partition.status.text, partition.status.tone),
      TextTable.Cell(Shown.count(partition.lag)),
      TextTable.Cell(Shown.offset(partition.committedOffset)),
      TextTable.Cell(Shown.offset(partition.logEndOffset)),
      TextTable.Cell(Shown.age(partition.commitAge)),
      TextTable.Cell(partition.owner?.text ?? Shown.nothing),
      TextTable.Cell(why.joined(separator: "; ")),
    ]
  }
}
