import LagCore

/// One window to be judged, as both forms of `vole evaluate` give it.
///
/// It is meant to be filled anew for each line: its arrays keep their room.
struct WindowInput {
  /// The clock, in seconds since 1970.
  var now: Int64 = 0
  /// Lag that counts as none, in records.
  var allowedLag: UInt64 = 0
  /// The share of the window that must be filled, given as a float64 and rounded, as Burrow does.
  var minimumComplete: Double = 0
  /// The lag of the newest commit against the newest head, in records.
  var currentLag: UInt64 = 0
  /// The window, oldest first.
  var slots: [WindowSlot?] = []
  /// The stored log-end offsets, oldest first.
  var heads: [Int64] = []

  mutating func reset() {
    (now, allowedLag, minimumComplete, currentLag) = (0, 0, 0, 0)
    slots.removeAll(keepingCapacity: true)
    heads.removeAll(keepingCapacity: true)
  }

  /// Judges the window by Burrow's plain rules.
  func evaluate() -> WindowVerdict {
    evaluateWindow(
      slots: slots, heads: heads, currentLag: currentLag, nowSeconds: now,
      parameters: EvaluationParameters(
        allowedLag: allowedLag, minimumComplete: Float(minimumComplete)))
  }
}
