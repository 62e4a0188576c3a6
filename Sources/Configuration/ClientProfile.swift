import Text

/// A property of librdkafka's configuration.
package struct ClientProperty: Equatable {
  /// The name as librdkafka's CONFIGURATION.md has it.
  package let name: String
  /// The value as text.
  package let value: String

  /// Whether the value must never be shown.
  package var isSecret: Bool {
    let name = name.lowercased()
    return ["password", "secret", "token", "pem", "ssl_key", "jaas", "oauthbearer.config"]
      .contains { name.holds($0) }
  }
}

/// `[client-profile.X]` with the profiles it refers to: how to talk to brokers.
package struct ClientProfile: Equatable {
  /// The name of the section; nil where neither cluster nor consumer names one.
  package var name: String?
  /// What the brokers' logs and quotas call the agent.
  package var clientID: String
  /// `kafka-version` as written; it has no effect, librdkafka asks the broker.
  package var kafkaVersion: String?
  /// Seconds until a connection must stand; nil is librdkafka's own default.
  package var dialTimeout: Int?
  /// Seconds until a request must be answered; nil is librdkafka's own default.
  package var readTimeout: Int?
  package var tls: TLSProfile?
  package var sasl: SASLProfile?
  /// `[client-profile.X.librdkafka]` and `…-files` in the order of the file.
  package var passedThrough: [ClientProperty]
  /// The files that the profile and those it refers to name: another content needs new clients.
  package var files: [NamedFile]
}

/// `[tls.X]`: how brokers or clients of a listener prove who they are, and how the agent does.
package struct TLSProfile: Equatable {
  /// The name of the section, in its case.
  package var name: String
  /// A file of certificate authorities, PEM; nil trusts those of the system.
  package var caFile: String?
  /// The agent's own certificate, PEM; nil sends none.
  package var certificateFile: String?
  /// The key of the agent's certificate, PEM; set exactly when `certificateFile` is.
  package var keyFile: String?
  /// The password of the key, a secret; nil where the key has none.
  package var keyPassword: String?
  /// Whether the broker's certificate is not looked at.
  package var skipsVerification: Bool
  /// The files that the section names.
  var files: [NamedFile]
}

/// `[sasl.X]`: a name and a password, or a token.
package struct SASLProfile: Equatable {
  /// The mechanisms of librdkafka.
  package enum Mechanism: String, CaseIterable, Sendable {
    case plain = "PLAIN"
    case scramSHA256 = "SCRAM-SHA-256"
    case scramSHA512 = "SCRAM-SHA-512"
    case gssapi = "GSSAPI"
    case oauthBearer = "OAUTHBEARER"

    /// Whether the mechanism takes a name and a password.
    var takesPassword: Bool {
      switch self {
      case .plain, .scramSHA256, .scramSHA512: true
      case .gssapi, .oauthBearer: false
      }
    }
  }

  /// The name of the section, in its case.
  package var name: String
  package var mechanism: Mechanism
  /// The user; nil for mechanisms that take none.
  package var username: String?
  /// The password, from the file, the environment or `password-file`; a secret.
  package var password: String?
  /// The file that holds the token of OAUTHBEARER, read anew for each.
  package var tokenFile: String?
  /// The files that the section names, without `tokenFile`.
  var files: [NamedFile]
}

extension ClientProfile {
  /// The properties of librdkafka that this profile stands for, each name once.
  ///
  /// What is passed through comes last and overrides the profile's own keys.
  ///
  /// - Parameter servers: Bootstrap servers, `host:port` each; none for a client that connects to
  ///   nobody.
  /// - Returns: The properties in the order in which they are to be set.
  package func kafkaProperties(servers: [String]) -> [ClientProperty] {
    var properties: [ClientProperty] = []
    if !servers.isEmpty {
      properties.append(
        ClientProperty(name: "bootstrap.servers", value: servers.joined(separator: ",")))
    }
    properties.append(ClientProperty(name: "client.id", value: clientID))
    if let protocolName = securityProtocol {
      properties.append(ClientProperty(name: "security.protocol", value: protocolName))
    }
    properties += tls?.properties ?? []
    properties += sasl?.properties ?? []
    if let dialTimeout {
      properties.append(
        ClientProperty(name: "socket.connection.setup.timeout.ms", value: "\(dialTimeout)000"))
    }
    if let readTimeout {
      properties.append(ClientProperty(name: "socket.timeout.ms", value: "\(readTimeout)000"))
    }
    let overridden = Set(passedThrough.map(\.name))
    return properties.filter { !overridden.contains($0.name) } + passedThrough
  }

  /// The SASL mechanism that the properties ask for; nil without SASL.
  var effectiveMechanism: String? {
    kafkaProperties(servers: []).last {
      $0.name == "sasl.mechanism" || $0.name == "sasl.mechanisms"
    }?.value
  }

  private var securityProtocol: String? {
    switch (tls != nil, sasl != nil) {
    case (false, false): nil
    case (true, false): "ssl"
    case (false, true): "sasl_plaintext"
    case (true, true): "sasl_ssl"
    }
  }
}

extension TLSProfile {
  fileprivate var properties: [ClientProperty] {
    var properties: [ClientProperty] = []
    if let caFile { properties.append(ClientProperty(name: "ssl.ca.location", value: caFile)) }
    if let certificateFile {
      properties.append(ClientProperty(name: "ssl.certificate.location", value: certificateFile))
    }
    if let keyFile { properties.append(ClientProperty(name: "ssl.key.location", value: keyFile)) }
    if let keyPassword {
      properties.append(ClientProperty(name: "ssl.key.password", value: keyPassword))
    }
    if skipsVerification {
      properties.append(
        ClientProperty(name: "enable.ssl.certificate.verification", value: "false"))
    }
    return properties
  }
}

extension SASLProfile {
  fileprivate var properties: [ClientProperty] {
    var properties = [ClientProperty(name: "sasl.mechanism", value: mechanism.rawValue)]
    if let username { properties.append(ClientProperty(name: "sasl.username", value: username)) }
    if let password { properties.append(ClientProperty(name: "sasl.password", value: password)) }
    return properties
  }
}
