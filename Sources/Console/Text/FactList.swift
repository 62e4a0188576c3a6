/// Labels and what there is to say beside each, wrapped within a width.
enum FactList {
  /// A label and its text.
  struct Fact {
    let label: String
    let text: String
    let tone: Paint.Tone

    /// The text may hold anything.
    init(_ label: String, _ text: String, _ tone: Paint.Tone = .plain) {
      self.label = label
      self.text = TerminalText.harmless(text)
      self.tone = tone
    }
  }

  /// Columns of a text at least, also where the terminal has fewer.
  private static let leastText = 10

  /// The facts as lines, indented, their texts below one another.
  static func lines(_ facts: [Fact], width: Int, _ paint: Paint) -> [String] {
    let indent = facts.map { TerminalText.width($0.label) }.max() ?? 0
    var lines: [String] = []
    for fact in facts {
      let room = max(leastText, width - indent - 4)
      for (index, text) in TerminalText.wrapped(fact.text, to: room).enumerated() {
        let label = TerminalText.padded(index == 0 ? fact.label : "", to: indent)
        lines.append("  \(paint.painted(label, .faint))  \(paint.painted(text, fact.tone))")
      }
    }
    return lines
  }
}
