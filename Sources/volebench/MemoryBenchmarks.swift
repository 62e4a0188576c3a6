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
    lines.append(
      Line(
        name: "the same with members, computed",
        figure: Figure(unit: .bytes, samples: [owned(store, world)])))
    return lines
  }

  /// The memory of a partition when each member owns ten and subscribes to one topic.
  private static func owned(_ store: OffsetStore, _ world: World) -> Double {
    var store = store
    var members: [String: [GroupMember]] = [:]
    for membership in world.memberships {
      for first in stride(from: 0, to: membership.partitions, by: 10) {
        let number = members[membership.group, default: []].count
        let partitions = (first..<min(first + 10, membership.partitions)).map { Int32($0) }
        members[membership.group, default: []].append(
          GroupMember(
            memberID: "\(membership.group)-\(number)-5f1c9a52-9b7e-4f0e-8d0c-3a1f6f6b7a10",
            clientID: "\(membership.group)-\(number)", host: "/10.244.3.\(number % 250)",
            rebalanceTimeout: 300_000, subscription: [membership.topic],
            assignment: [GroupMember.Assigned(topic: membership.topic, partitions: partitions)]))
      }
    }
    for (name, members) in members {
      guard let group = store.group(named: Array(name.utf8).span) else { continue }
      store.setMembership(
        GroupMembership(state: .stable, protocolKind: .classic, generation: 1, members: members),
        ofGroup: group, now: World.start)
    }
    return Double(store.footprint) / Double(store.trackedPartitions)
  }
}
