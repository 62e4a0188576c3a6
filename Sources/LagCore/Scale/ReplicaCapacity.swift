/// What a replica of a group can do: the best rate that was seen while one was saturated.
///
/// A rate counts when two observations in a row have it: a single one may be an operator's move of
/// offsets. It counts for 24 h, because releases and machines change.
struct ReplicaCapacity: Sendable {
  /// The best of each hour in records per second, by hour modulo their number; 0 for none, empty
  /// before the first.
  private var bestOfHour: [Float] = []
  private var hour: Int64 = 0
  private var previous: (minute: Int64, rate: Double)?

  /// How many hours a rate counts.
  private static let hours = 24

  /// Takes the mean rate of saturated replicas at a minute; nil when none was.
  mutating func observe(_ rate: Double?, minute: Int64) {
    guard let rate, rate > 0 else { return previous = nil }
    defer { previous = (minute, rate) }
    guard let previous, minute - previous.minute == 1 else { return }
    advance(to: minute / 60)
    let place = Self.place(of: hour)
    bestOfHour[place] = max(bestOfHour[place], Float(min(rate, previous.rate)))
  }

  /// The best rate of the 24 h before a minute, nil when no replica was saturated.
  func best(at minute: Int64) -> Double? {
    var best: Float = 0
    let now = minute / 60
    for back in 0..<Int64(Self.hours) where !bestOfHour.isEmpty && now - back <= hour {
      guard hour - (now - back) < Int64(Self.hours) else { continue }
      best = max(best, bestOfHour[Self.place(of: now - back)])
    }
    return best > 0 ? Double(best) : nil
  }

  private mutating func advance(to new: Int64) {
    if bestOfHour.isEmpty {
      bestOfHour = Array(repeating: 0, count: Self.hours)
      hour = new
    }
    guard new > hour else { return }
    for next in max(hour + 1, new - Int64(Self.hours) + 1)...new {
      bestOfHour[Self.place(of: next)] = 0
    }
    hour = new
  }

  private static func place(of hour: Int64) -> Int {
    let place = Int(hour % Int64(hours))
    return place < 0 ? place + hours : place
  }
}
