/// What a benchmark measures, and which way is better.
enum Unit {
  /// Millions of things per second of CPU time; more is better.
  case millionPerSecond
  /// Microseconds of CPU time for one thing; less is better.
  case microseconds
  /// Bytes for one thing; less is better.
  case bytes

  var name: String {
    switch self {
    case .millionPerSecond: "M/s"
    case .microseconds: "us"
    case .bytes: "B"
    }
  }

  var isMoreBetter: Bool { self == .millionPerSecond }
}

/// A figure that was measured several times.
struct Figure {
  let unit: Unit
  /// All measurements, in order.
  let samples: [Double]

  init(unit: Unit, samples: [Double]) {
    self.unit = unit
    self.samples = samples
  }

  /// The best measurement: what disturbs a benchmark only ever makes it worse.
  var best: Double { (unit.isMoreBetter ? samples.max() : samples.min()) ?? 0 }

  /// How far the worst measurement lies from the best, in percent of the best.
  var spread: Double {
    guard let low = samples.min(), let high = samples.max(), best > 0 else { return 0 }
    return (high - low) / best * 100
  }

  /// How often the budget fits into the figure, so that 1 or more keeps it whatever the unit.
  func ratio(toBudget budget: Double) -> Double {
    guard best > 0, budget > 0 else { return 0 }
    return unit.isMoreBetter ? best / budget : budget / best
  }
}

/// One line of the table.
struct Line {
  let name: String
  let figure: Figure
  /// What the design allows, in the figure's unit; nil where there is no budget.
  var budget: Double?
  /// The same work by the simple means of the language, in the same unit.
  var yardstick: Double?
}

/// A benchmark that can be chosen by name.
struct Benchmark: Sendable {
  let name: String
  let summary: String
  let run: @Sendable (Options) -> [Line]
}

/// How much is measured.
struct Options {
  /// How much work is done, in multiples of the usual.
  var work = 1
  /// How often each figure is measured.
  var repetitions = 7
  /// Whether the naive store is measured too.
  var hasYardstick = true
  /// The benchmarks to run; all when empty.
  var names: [String] = []

  /// Measures the rate of `body` again and again.
  ///
  /// - Parameters:
  ///   - count: how many things `body` does.
  ///   - prepare: done before each measurement, outside of it.
  func rate(
    of count: Int, prepare: () -> Void = {}, _ body: () -> Void
  ) -> Figure {
    Figure(
      unit: .millionPerSecond,
      samples: seconds(prepare: prepare, body).map { Double(count) / $0 / 1e6 })
  }

  /// Measures how long one thing of `body` takes.
  func duration(of count: Int, _ body: () -> Void) -> Figure {
    Figure(
      unit: .microseconds, samples: seconds(prepare: {}, body).map { $0 / Double(count) * 1e6 })
  }

  private func seconds(prepare: () -> Void, _ body: () -> Void) -> [Double] {
    (0..<repetitions).map { _ in
      prepare()
      let start = Meter.cpuSeconds()
      body()
      return max(Meter.cpuSeconds() - start, 1e-9)
    }
  }
}
