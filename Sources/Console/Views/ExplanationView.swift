import Text

/// Why a group has its verdict, and what each probe would answer and why.
package struct ExplanationView {
  /// Partitions whose window is drawn.
  private static let maximumPartitions = 5
  /// Earlier decisions that are listed.
  private static let maximumHistory = 10

  private let explanation: Explanation

  /// Shows an explanation.
  package init(_ explanation: Explanation) {
    self.explanation = explanation
  }

  /// The lines, none wider than `width`.
  package func lines(width: Int, _ paint: Paint) -> [String] {
    var lines = GroupView(explanation.status).head(width: width, paint)
    if let pause = explanation.pause {
      let why = pause.reason.isEmpty ? "" : ": \(pause.reason)"
      let fact = FactList.Fact("paused", "until \(pause.until)\(why)", .doubtful)
      lines += FactList.lines([fact], width: width, paint)
    }
    lines += partitions(width, paint)
    for decision in explanation.decisions { lines += [""] + self.decision(decision, width, paint) }
    lines += history(width, paint)
    return lines
  }

  // MARK: Partitions

  private func partitions(_ width: Int, _ paint: Paint) -> [String] {
    let partitions = explanation.status.partitions
    var lines: [String] = []
    for partition in partitions.prefix(Self.maximumPartitions) {
      lines += [""] + self.partition(partition, width, paint)
    }
    let hidden = partitions.count - Self.maximumPartitions
    if hidden > 0 {
      let text = "and \(Shown.many(hidden, "partition")) more: vole explain GROUP TOPIC PARTITION"
      lines += ["", paint.painted(TerminalText.fitted(text, to: width), .faint)]
    }
    return lines
  }

  private func partition(
    _ partition: PartitionStatus, _ width: Int, _ paint: Paint
  ) -> [String] {
    let name = TerminalText.harmless("\(partition.topic)-\(partition.partition)")
    let title = TerminalText.fitted(name, to: max(8, width - 10))
    var lines = [
      paint.painted(title, .strong) + "  "
        + paint.painted(partition.status.text, partition.status.tone)
    ]
    var facts = [FactList.Fact("rule", "\(Words.rule(partition.rule)) (\(partition.rule))")]
    for flag in partition.flags {
      facts.append(FactList.Fact("flag", Words.flag(flag), .doubtful))
    }
    facts.append(FactList.Fact("owner", partition.owner?.text ?? "not known"))
    var evidence = "committed \(Shown.age(partition.commitAge))"
    evidence += ", log end read \(Shown.age(partition.headAge))"
    if let complete = partition.complete {
      evidence += ", window \(Shown.percent(complete)) full"
    }
    facts.append(FactList.Fact("evidence", evidence))
    lines += FactList.lines(facts, width: width, paint)
    lines += WindowChart(partition).lines(width: width - 2, paint).map { "  \($0)" }
    return lines
  }

  // MARK: Decisions

  private func decision(_ decision: Decision, _ width: Int, _ paint: Paint) -> [String] {
    let probe = Words.lowercased(decision.probe)
    let answer = Self.answer(decision)
    let title = TerminalText.padded(TerminalText.harmless(probe), to: 9)
    var lines = [paint.painted(title, .strong) + "  " + paint.painted(answer.text, answer.tone)]
    if !decision.reason.isEmpty {
      let reason = TerminalText.harmless(decision.reason)
      lines += TerminalText.wrapped(reason, to: width - 2).map { "  \($0)" }
    }
    if decision.probe == "LIVENESS", !decision.clauses.isEmpty {
      let note = "it fails only where all of these are so:"
      lines += TerminalText.wrapped(note, to: width - 2).map { "  " + paint.painted($0, .faint) }
    }
    let names = decision.clauses.map { TerminalText.harmless($0.name) }
    let indent = names.map(TerminalText.width).max() ?? 0
    for (clause, name) in zip(decision.clauses, names) {
      let mark = clause.holds.map { $0 ? "yes" : "no " } ?? " - "
      let tone = Self.tone(of: clause, in: decision)
      let room = max(10, width - indent - 9)
      let text = TerminalText.harmless(Self.text(of: clause))
      for (index, line) in TerminalText.wrapped(text, to: room).enumerated() {
        let isFirst = index == 0
        lines.append(
          "  " + paint.painted(isFirst ? mark : "   ", isFirst ? tone : .plain) + "  "
            + TerminalText.padded(isFirst ? name : "", to: indent) + "  " + line)
      }
    }
    return lines
  }

  private static func answer(_ decision: Decision) -> (text: String, tone: Paint.Tone) {
    switch decision.passes {
    case true: ("passes", .good)
    case false: ("fails", .bad)
    case nil: ("not known", .faint)
    }
  }

  /// Liveness fails where all its clauses hold: one that does not lets it pass.
  private static func tone(of clause: Clause, in decision: Decision) -> Paint.Tone {
    guard let holds = clause.holds else { return .faint }
    guard decision.probe == "LIVENESS" else { return holds ? .good : .doubtful }
    return holds ? .doubtful : .good
  }

  private static func text(of clause: Clause) -> String {
    guard let measured = clause.measured, !clause.evidence.holds(number(measured)) else {
      return clause.evidence
    }
    // Evidence often has the number already, in whole seconds.
    if clause.limit == nil, clause.evidence.holds(Shown.whole(measured.rounded(.down))) {
      return clause.evidence
    }
    var numbers = number(measured)
    if let limit = clause.limit { numbers += " of \(number(limit))" }
    if !clause.unit.isEmpty { numbers += " \(clause.unit)" }
    return clause.evidence.isEmpty ? numbers : "\(clause.evidence) [\(numbers)]"
  }

  private static func number(_ number: Double) -> String {
    number.rounded() == number ? Shown.whole(number) : Shown.decimal(number)
  }

  // MARK: History

  private func history(_ width: Int, _ paint: Paint) -> [String] {
    guard !explanation.history.isEmpty else { return [] }
    var lines = ["", paint.painted("earlier decisions", .strong)]
    for decision in explanation.history.prefix(Self.maximumHistory) {
      let answer = Self.answer(decision)
      let probe = Words.lowercased(decision.probe)
      let text = "\(decision.time)  \(probe) \(answer.text): \(decision.reason)"
      let wrapped = TerminalText.wrapped(TerminalText.harmless(text), to: width - 4, limit: 3)
      for (index, line) in wrapped.enumerated() {
        lines.append((index == 0 ? "  " : "    ") + line)
      }
    }
    return lines
  }
}
