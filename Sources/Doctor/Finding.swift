/// One thing that was tried, and what came of it.
package struct Finding: Equatable, Sendable {
  /// What came of it, in the order of a report's weight.
  package enum Outcome: String, Equatable, Sendable {
    /// It works.
    case ok
    /// Worth knowing; nothing is wrong.
    case note
    /// The brokers do not tell.
    case untold = "unknown"
    /// What is named is not there.
    case absent
    /// A right is missing.
    case missing
    /// It went wrong otherwise.
    case failed
    /// There was no answer in time.
    case timeout
    /// The cluster cannot be reached, or does not let us in.
    case unreachable
  }

  /// What came of it.
  package var outcome: Outcome
  /// What was looked at, such as `group orders`.
  package var subject: String
  /// What was tried, in Kafka's words.
  package var check: String
  /// What was seen, one sentence or less.
  package var detail: String
  /// The rights that would mend it, or make sure where brokers do not tell.
  package var rights: [MissingRight] = []

  /// Puts the parts together.
  package init(
    _ outcome: Outcome, _ subject: String, _ check: String, _ detail: String,
    rights: [MissingRight] = []
  ) {
    self.outcome = outcome
    self.subject = subject
    self.check = check
    self.detail = detail
    self.rights = rights
  }

  /// The same as a note, without rights to ask for: what the configuration does not need.
  ///
  /// - Parameter reason: why it is not needed.
  package func asNote(_ reason: String) -> Finding {
    guard outcome != .ok else { return self }
    return Finding(.note, subject, check, "\(detail); \(reason)")
  }
}

/// What was found out about one cluster.
package struct ClusterReport: Equatable, Sendable {
  /// The cluster's name in the configuration.
  package var name: String
  /// Its bootstrap servers.
  package var servers: [String]
  /// Who asked.
  package var principal: Principal
  /// Everything that was tried, in order.
  package var findings: [Finding]

  /// Puts the parts together.
  package init(
    name: String, servers: [String], principal: Principal, findings: [Finding] = []
  ) {
    self.name = name
    self.servers = servers
    self.principal = principal
    self.findings = findings
  }

  /// The rights that are missing, each once.
  package var missing: [MissingRight] {
    MissingRight.distinct(findings.filter { $0.outcome != .untold }.flatMap(\.rights))
  }

  /// The rights that may be missing, where brokers do not tell.
  package var possible: [MissingRight] {
    let missing = missing
    let untold = findings.filter { $0.outcome == .untold }.flatMap(\.rights)
    return MissingRight.distinct(untold).filter { !missing.contains($0) }
  }
}

/// What the whole examination ends with.
package enum Conclusion: Int32, Comparable, Sendable {
  /// Everything that the configuration needs works.
  case sound = 0
  /// Something is missing or wrong.
  case lacking = 1
  /// Something was not answered in time.
  case timedOut = 4
  /// A cluster cannot be reached.
  case unreachable = 3

  /// The exit code of `vole doctor`.
  package var exitCode: Int32 { rawValue }

  private var weight: Int {
    switch self {
    case .sound: 0
    case .lacking: 1
    case .timedOut: 2
    case .unreachable: 3
    }
  }

  package static func < (left: Conclusion, right: Conclusion) -> Bool {
    left.weight < right.weight
  }

  /// The worst that any of the findings says.
  package init(_ findings: [Finding]) {
    self =
      findings.map { (finding: Finding) -> Conclusion in
        switch finding.outcome {
        case .ok, .note, .untold: .sound
        case .absent, .missing, .failed: .lacking
        case .timeout: .timedOut
        case .unreachable: .unreachable
        }
      }.max() ?? .sound
  }
}
