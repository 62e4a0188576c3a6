import DecisionSimulation
import Glibc
import LagCore

// Worlds without end, to try what liveness decides: see `Options.usage`.

/// What is asked for.
struct Options {
  var seeds: UInt64 = 2000
  var first: UInt64 = 1
  var compares = false
  var triesGuards = false
  var replayed: UInt64?
  var without: LivenessGuards = []

  static let usage = """
    volesimulate [--seeds N] [--first SEED] [--guards] [--compare]
      runs N worlds (2000) and checks what must hold in each; exits 1 when something does not
      --guards          for each guard, finds a world that goes wrong without it
      --compare         runs the same worlds with what people use instead, and prints a table
    volesimulate --seed SEED [--without GUARD]
      tells the story of one world
    """

  init?(_ arguments: [String]) {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      switch argument {
      case "--compare": compares = true
      case "--guards": triesGuards = true
      case "--seeds", "--first", "--seed":
        guard let number = rest.popFirst().flatMap({ UInt64($0) }) else { return nil }
        switch argument {
        case "--seeds": seeds = number
        case "--first": first = number
        default: replayed = number
        }
      case "--without":
        let name = rest.popFirst()
        guard let found = LivenessGuards.named.first(where: { "\($0.name)" == name }) else {
          return nil
        }
        without.insert(found.guards)
      default: return nil
      }
    }
  }
}

/// Runs worlds on both processors.
func campaign(_ seeds: Range<UInt64>, _ policy: Policy, _ guards: LivenessGuards) async -> Campaign
{
  await withTaskGroup(of: Campaign.self) { group in
    for first in stride(from: seeds.lowerBound, to: seeds.upperBound, by: 20) {
      group.addTask {
        Campaign.run(first..<min(first + 20, seeds.upperBound), policy: policy, guards: guards)
      }
    }
    var all = Campaign()
    for await one in group { all.add(one) }
    return all
  }
}

func report(_ campaign: Campaign, worlds: UInt64) {
  let tally = campaign.tally
  print(
    "simulation: \(worlds) worlds, \(tally.hours) virtual hours, \(tally.hangs) hangs, "
      + "\(tally.justRestarts) restarts of hung pods, \(tally.poisonRestarts) of poisoned ones, "
      + "\(tally.innocentRestarts) others")
  for violation in campaign.violations.sorted(by: { $0.seed < $1.seed }) {
    print("simulation: \(violation)")
    print("simulation: replay it with: make simulate ARGS=\"--seed \(violation.seed)\"")
  }
}

guard let options = Options(Array(CommandLine.arguments.dropFirst())) else {
  print(Options.usage)
  exit(2)
}
let seeds = options.first..<(options.first + options.seeds)
if let seed = options.replayed {
  var world = World(
    WorldPlan(seed: seed), guards: LivenessGuards.all.subtracting(options.without), tells: true)
  world.run()
  print(WorldPlan(seed: seed))
  for line in world.story?.lines ?? [] { print(line) }
  exit(world.violations.isEmpty ? 0 : 1)
}
var isGood = true
let result = await campaign(seeds, .vole, .all)
report(result, worlds: options.seeds)
if result.broken > 0 {
  print("simulation: \(result.broken) worlds went wrong")
  isGood = false
}
if options.triesGuards {
  for trial in await tryGuards(among: seeds) {
    if let violation = trial.violation {
      print("simulation: without \(trial.name): \(violation)")
    } else {
      print("simulation: without \(trial.name) nothing goes wrong in \(seeds.count) worlds")
      isGood = false
    }
  }
}
if options.compares {
  print(
    "\n| liveness by | innocent restarts | restarts for a poison record | restarts of hung pods "
      + "| missed hangs | stopped hours |")
  print("|---|---|---|---|---|---|")
  for policy in Policy.allCases {
    let tally = policy == .vole ? result.tally : await campaign(seeds, policy, .all).tally
    let cells = [
      policy.words, "\(tally.innocentRestarts)", "\(tally.poisonRestarts)",
      "\(tally.justRestarts)",
      "\(tally.missedHangs) of \(tally.hangs)", "\(tally.stoppedSeconds / 3600)",
    ]
    print("| \(cells.joined(separator: " | ")) |")
  }
  print(
    "\n\(options.seeds) worlds of \(result.tally.hours / Int(options.seeds)) hours, ten pods each; "
      + "a missed hang lasted more than half an hour; stopped hours are those of partitions that "
      + "could have been consumed and were not")
}
exit(isGood ? 0 : 1)
