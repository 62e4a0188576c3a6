import LagCore

/// The keys of `[probe]` that concern the agent as a whole.
enum ProbeKeys {
  static var minimumComplete: Key<Float> { .fraction("minimum-complete", default: 1) }
  static var staleAfter: Key<Int?> { .duration("stale-after", in: 1...86_400) }
  static var mode: Key<Configuration.ProbeMode> { .choice("mode", default: .probe) }
}

/// The keys of `[probe]` that `[probe.X]` may say otherwise for some groups.
///
/// Each has as its default what `base` says: Vole's defaults for `[probe]`, and those of `[probe]`
/// for `[probe.X]`.
struct DecisionKeys {
  let base: ProbeParameters
  /// The end of a pause that is the default; see `Configuration.Decisions`.
  var pausedUntil: Int64?

  static var groups: Key<[String]> { ConsumerKeys.groups }

  /// Every key, for the list of those that are known.
  static var names: [String] {
    let keys = DecisionKeys(base: ProbeParameters())
    return [
      keys.hold.name, keys.scope.name, keys.livenessFailOn.name, keys.failFor.name,
      keys.restartGrace.name, keys.maximumRestarts.name, keys.restartWindow.name,
      keys.gateTimeout.name, keys.readinessAfterGate.name, keys.readinessFailOn.name,
      keys.readinessOnUnknown.name, keys.paused.name,
    ]
  }

  /// Seconds; nil is `"auto"`.
  var hold: Key<Int?> {
    let seconds = Key<Int?>.duration("hold", in: 1...86_400)
    return Key(
      name: seconds.name, fallback: base.hold.map { Int($0 / 1000) },
      parse: { (raw) throws(Complaint) in
        if case .string("auto") = raw.asTOML { return nil }
        return try seconds.parse(raw)
      }, show: { $0.map { "\($0)" } ?? quoted("auto") })
  }

  var scope: Key<Configuration.ProbeScope> {
    .choice("scope", default: base.scope == .group ? .group : .pod)
  }

  var livenessFailOn: Key<[String]> {
    .words(
      "liveness-fail-on",
      default: Self.words.filter { base.livenessFailOn.contains($0.status) }
        .map(\.word), among: Self.words.map(\.word))
  }

  /// The statuses that liveness may fail on, by their words.
  static let words: [(word: String, status: PartitionStatus)] = [
    ("STOP", .stop), ("STALL", .stall),
  ]

  var failFor: Key<Int> {
    .duration("fail-for", default: Int(base.failFor / 1000), in: 1...3600)
  }
  var restartGrace: Key<Int> {
    .duration("restart-grace", default: Int(base.restartGrace / 1000), in: 0...86_400)
  }
  var maximumRestarts: Key<Int> {
    .integer(
      "max-restarts", default: base.maximumRestarts, in: 0...GovernorState.maximumRestarts)
  }
  var restartWindow: Key<Int> {
    .duration("restart-window", default: Int(base.restartWindow / 1000), in: 1...86_400)
  }
  var gateTimeout: Key<Int> {
    .duration("gate-timeout", default: Int(base.gateTimeout / 1000), in: 1...86_400)
  }
  var readinessAfterGate: Key<Configuration.ReadinessAfterGate> {
    .choice("readiness-after-gate", default: base.readinessAfterGate == .pass ? .pass : .verdict)
  }

  var readinessFailOn: Key<[String]> {
    .words(
      "readiness-fail-on",
      default: Self.verdicts.filter {
        base.readinessFailOn.contains($0.verdict)
      }.map(\.word), among: Self.verdicts.map(\.word))
  }

  /// The verdicts that readiness may fail on, by their words.
  static let verdicts: [(word: String, verdict: Verdict)] = [("WARN", .warning), ("ERR", .error)]

  var readinessOnUnknown: Key<Configuration.ReadinessOnUnknown> {
    .choice("readiness-on-unknown", default: base.passesReadinessOnUnknown ? .pass : .fail)
  }

  /// Milliseconds since 1970 at which the pause ends, `.max` without an end; nil without a pause.
  var paused: Key<Int64?> {
    let allowed = "true, false, or when the pause ends, as \"2026-11-26T12:00:00Z\""
    return Key(
      name: "paused", fallback: pausedUntil,
      parse: { (raw) throws(Complaint) in
        switch raw {
        case .toml(.boolean(let isPaused)): return isPaused ? .max : nil
        case .text(let text) where ["true", "1"].contains(text.lowercased()): return .max
        case .text(let text) where ["false", "0", ""].contains(text.lowercased()): return nil
        default: break
        }
        guard case .string(let text) = raw.asTOML else {
          throw raw.wrong("a pause", allowed: allowed)
        }
        guard let seconds = secondsOfTime(text) else {
          throw Complaint(message: "\(quoted(text)) is no time (\(allowed))")
        }
        return seconds * 1000
      },
      show: { until in
        guard let until else { return "false" }
        return until == .max ? "true" : quoted(timeOfSeconds(until / 1000))
      })
  }
}

/// The keys of `[scale.X]`.
enum ScaleKeys {
  private static let defaults = ScaleParameters()

  static var groups: Key<[String]> { ConsumerKeys.groups }
  static var drainTarget: Key<Int> {
    .duration(
      "drain-target", default: Int(defaults.drainTarget),
      in: 1...Int(ScaleParameters.longestDrainTarget))
  }
  static var headroom: Key<Float> {
    let share = Key<Float>.fraction("headroom", default: Float(defaults.headroom))
    let largest = Float(ScaleParameters.largestHeadroom)
    return Key(
      name: share.name, fallback: share.fallback,
      parse: { (raw) throws(Complaint) in
        let value = try share.parse(raw)
        guard value <= largest else {
          throw Complaint(message: "\(value) is out of range (0 to \(largest))")
        }
        return value
      }, show: share.show)
  }
  static var minimum: Key<Int> { .integer("minimum", default: defaults.minimum, in: 1...100_000) }
  static var maximum: Key<Int?> {
    let number = Key<Int>.integer("maximum", default: 1, in: 1...100_000)
    return Key(
      name: number.name, fallback: nil,
      parse: { (raw) throws(Complaint) in try number.parse(raw) },
      show: { $0.map { "\($0)" } })
  }
  /// Seconds, of which whole minutes count.
  static var history: Key<Int> {
    .duration(
      "history", default: defaults.history * 60, in: 60...(ScaleParameters.longestHistory * 60))
  }
  /// Seconds, of which whole minutes count.
  static var decayAfter: Key<Int> {
    .duration(
      "decay-after", default: defaults.decayAfter * 60,
      in: 60...(ScaleParameters.longestDecay * 60))
  }
}

extension Key where Value == Int {
  /// A duration within bounds, as seconds or as text like `"90s"`, `"5m"`; in seconds.
  static func duration(_ name: String, default fallback: Int, in range: ClosedRange<Int>) -> Key {
    let optional = Key<Int?>.duration(name, in: range)
    return Key(
      name: name, fallback: fallback,
      parse: { (raw) throws(Complaint) in try optional.parse(raw) ?? fallback },
      show: { "\($0)" })
  }
}

extension Key where Value == [String] {
  /// A list of words; an empty one is taken as it is.
  static func words(
    _ name: String, default fallback: [String], among words: [String]
  ) -> Key {
    let allowed = words.joined(separator: ", ")
    let list = Key.list(name, separators: ", ", allowed: "one of \(allowed)") {
      words.contains($0)
    }
    return Key(
      name: name, fallback: fallback, parse: list.parse,
      show: { "[\($0.map(quoted).joined(separator: ", "))]" })
  }
}
