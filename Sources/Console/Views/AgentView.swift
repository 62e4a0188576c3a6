/// What an agent says of itself, as lines of a label and a text.
package struct AgentView {
  private let agent: AgentInfo

  /// Shows an agent.
  package init(_ agent: AgentInfo) {
    self.agent = agent
  }

  /// The lines, none wider than `width`.
  package func lines(width: Int, _ paint: Paint) -> [String] {
    var lines = FactList.lines(facts, width: width, paint)
    for cluster in agent.clusters {
      lines.append("")
      lines.append(
        TerminalText.fitted("cluster \(TerminalText.harmless(cluster.name))", to: width))
      lines += FactList.lines(facts(of: cluster), width: width, paint)
    }
    return lines
  }

  private var facts: [FactList.Fact] {
    var facts = [
      FactList.Fact(
        "vole",
        "\(agent.version) on \(agent.host), librdkafka \(agent.librdkafkaVersion), "
          + "nghttp2 \(agent.nghttp2Version)"),
      state,
      FactList.Fact("clock", agent.time),
      FactList.Fact("log level", Words.lowercased(agent.logLevel)),
      FactList.Fact("configuration", configuration),
    ]
    if let started = Timestamp(agent.startedAt), let now = Timestamp(agent.time) {
      let up = Shown.duration(max(0, now.seconds - started.seconds).rounded())
      facts.insert(FactList.Fact("started", "\(agent.startedAt), \(up) ago"), at: 3)
    }
    if !agent.configuration.reloadAttemptedAt.isEmpty {
      facts.append(reload)
    }
    for problem in agent.configuration.problems {
      facts.append(FactList.Fact("", problem, .bad))
    }
    return facts
  }

  private var state: FactList.Fact {
    if agent.isDraining == true { return FactList.Fact("state", "ending", .doubtful) }
    return agent.isReady == true
      ? FactList.Fact("state", "ready", .good)
      : FactList.Fact("state", "not ready: not everything was read once", .doubtful)
  }

  private var configuration: String {
    let configuration = agent.configuration
    return "\(configuration.source), fingerprint \(configuration.fingerprint), loaded "
      + configuration.loadedAt
  }

  private var reload: FactList.Fact {
    let configuration = agent.configuration
    let text =
      "last tried \(configuration.reloadAttemptedAt), \(configuration.reloadSuccesses) loaded, "
      + "\(configuration.reloadFailures) refused"
    return FactList.Fact("reload", text, configuration.problems.isEmpty ? .plain : .bad)
  }

  private func facts(of cluster: ClusterInfo) -> [FactList.Fact] {
    var facts = [
      cluster.isReady == true
        ? FactList.Fact("state", "read", .good)
        : FactList.Fact("state", "not everything was read once", .doubtful)
    ]
    if !cluster.fault.isEmpty { facts.append(FactList.Fact("fault", cluster.fault, .bad)) }
    if !cluster.fallback.isEmpty {
      facts.append(
        FactList.Fact("fallback", "commits are fetched: \(cluster.fallback)", .doubtful))
    }
    facts.append(
      FactList.Fact(
        "watched",
        "\(Shown.many(cluster.groups, "group")), "
          + Shown.many(cluster.trackedPartitions, "group-partition")))
    facts.append(FactList.Fact("offsets", reading(of: cluster)))
    if let skew = cluster.clockSkew, skew.magnitude > 0 {
      let text = Shown.duration(Double(skew.magnitude) / 1000)
      facts.append(
        FactList.Fact("clocks", "the brokers' is \(text) \(skew > 0 ? "behind" : "ahead")"))
    }
    return facts
  }

  private func reading(of cluster: ClusterInfo) -> String {
    var text =
      "\(cluster.partitionsRead) of \(Shown.many(cluster.partitionsNeeded, "partition")) read, "
      + "\(Shown.offset(cluster.recordsRead)) records"
    if cluster.recordsLeft > 0 { text += ", about \(Shown.offset(cluster.recordsLeft)) left" }
    if cluster.recordsMalformed > 0 {
      text += ", \(Shown.offset(cluster.recordsMalformed)) malformed"
    }
    if cluster.recordsUnsupported > 0 {
      text += ", \(Shown.offset(cluster.recordsUnsupported)) of an unknown version"
    }
    return text
  }
}
