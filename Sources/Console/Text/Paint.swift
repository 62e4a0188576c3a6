/// Colours on a terminal, or none.
package struct Paint: Sendable {
  /// What a text is about.
  package enum Tone: Sendable {
    /// In order.
    case good
    /// Worth a look.
    case doubtful
    /// Wrong.
    case bad
    /// Not known, or beside the point.
    case faint
    /// A heading.
    case strong
    /// Nothing in particular.
    case plain
  }

  /// Whether colours are used.
  package let isOn: Bool

  /// Chooses colours or none.
  package init(isOn: Bool) {
    self.isOn = isOn
  }

  /// A text in the colour of a tone; the text itself where there are none.
  package func painted(_ text: String, _ tone: Tone) -> String {
    guard isOn, !text.isEmpty, let code = code(tone) else { return text }
    return "\u{1B}[\(code)m\(text)\u{1B}[0m"
  }

  private func code(_ tone: Tone) -> String? {
    switch tone {
    case .good: "32"
    case .doubtful: "33"
    case .bad: "31;1"
    case .faint: "90"
    case .strong: "1"
    case .plain: nil
    }
  }
}
