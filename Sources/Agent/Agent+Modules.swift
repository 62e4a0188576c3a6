import Answers
import Configuration

/// The configuration that runs, in Burrow's words.
extension Agent {
  /// A module's name and what is shown of it.
  typealias NamedModule = (name: String, module: BurrowAnswers.Module)

  /// What concerns the agent as a whole; nil where it was made without a configuration.
  func mainConfiguration(
    logLevel: Configuration.LogLevel
  ) -> BurrowAnswers.MainConfiguration? {
    reload.current.map { configuration in
      BurrowAnswers.MainConfiguration(
        allowOrigin: configuration.general.accessControlAllowOrigin ?? "",
        logLevel: logLevel.rawValue,
        listeners: configuration.listeners.map {
          ($0.name, $0.address.description, "", $0.timeout)
        })
    }
  }

  /// The modules of a kind, in the order of the configuration.
  func modules(of coordinator: BurrowAnswers.Coordinator) -> [NamedModule] {
    guard let configuration = reload.current else { return [] }
    switch coordinator {
    case .storage:
      let storage = configuration.storage
      return [
        (
          storage.name,
          .storage(
            intervals: storage.intervals, minDistance: storage.minDistance,
            expireGroup: storage.expireGroup)
        )
      ]
    case .evaluator:
      // A verdict stands for the second in which it was made.
      return [(configuration.evaluator.name, .evaluator(expireCache: 1))]
    case .cluster:
      return configuration.clusters.map {
        (
          $0.name,
          .cluster(
            servers: $0.servers, profile: BurrowAnswers.Profile($0.client),
            topicRefresh: $0.topicRefresh, offsetRefresh: $0.offsetRefresh)
        )
      }
    case .consumer:
      return configuration.consumers.map {
        (
          $0.name,
          .consumer(
            cluster: $0.cluster, servers: $0.servers, allowlist: $0.groups.burrowAllowlist,
            profile: BurrowAnswers.Profile($0.client), offsetsTopic: $0.offsetsTopic,
            startsAtEnd: $0.start == .end)
        )
      }
    case .notifier: return []
    }
  }
}

extension GroupSelection {
  /// The selection as Burrow would have it: a regular expression, empty for every group.
  fileprivate var burrowAllowlist: String {
    switch admitted {
    case .all: return ""
    case .matching(let pattern): return pattern.source
    case .named(let names):
      return "^(" + names.map(Self.quoted).joined(separator: "|") + ")$"
    }
  }

  /// A name with everything escaped that is special in a regular expression (Go, `QuoteMeta`).
  private static func quoted(_ name: String) -> String {
    var text = ""
    for character in name {
      if "\\.+*?()|[]{}^$".contains(character) { text.append("\\") }
      text.append(character)
    }
    return text
  }
}

extension BurrowAnswers.Profile {
  /// Takes from a profile what is no secret.
  fileprivate init(_ profile: ClientProfile) {
    self.init(
      name: profile.name ?? "", clientID: profile.clientID,
      kafkaVersion: profile.kafkaVersion ?? "",
      tls: profile.tls.map {
        TLS(
          name: $0.name, skipsVerification: $0.skipsVerification,
          certificateFile: $0.certificateFile ?? "", keyFile: $0.keyFile ?? "",
          caFile: $0.caFile ?? "")
      },
      sasl: profile.sasl.map { SASL(name: $0.name, username: $0.username ?? "") })
  }
}
