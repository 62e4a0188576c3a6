import LagCore

/// The memory of what is tracked.
enum MemoryBenchmarks {
  static let all = [
    Benchmark(
      name: "memory", summary: "full windows with heads and names, by the kernel's count and ours",
      run: memory)
  ]

  private static let partitions = 20_000

  /// Memory is measured once: what a store gives back would be used again by the next one.
  private static func memory(_ options: Options) -> [Line] {
    let world = World(partitions: partitions * options.work)
    // The first store brings the pages of code in, which belong to no partition.
    consume(EvaluationBenchmarks.store(of: World(partitions: 100), .mixed))
    let before = Meter.residentBytes()
    let store = EvaluationBenchmarks.store(of: world, .mixed)
    let between = Meter.residentBytes()
    let naive = options.hasYardstick ? EvaluationBenchmarks.naiveStore(of: world, .mixed) : nil
    let after = Meter.residentBytes()
    consume(store)
    consume(naive)
    let tracked = Double(store.trackedPartitions)
    var lines = [
      Line(
        name: "tracked partition, computed",
        figure: Figure(unit: .bytes, samples: [Double(store.footprint) / tracked]), budget: 300)
    ]
    if let before, let between, let after {
      lines.append(
        Line(
          name: "tracked partition, resident",
          figure: Figure(unit: .bytes, samples: [Double(between - before) / tracked]), budget: 300,
          yardstick: naive == nil ? nil : Double(after - between) / tracked))
    }
    return lines
  }
}
