package import KafkaClient

/// A right that Kafka's authorizer grants: an operation on a resource.
package struct AccessRight: Hashable, Sendable {
  /// What the right is on.
  package enum Resource: Hashable, Sendable {
    /// One topic.
    case topic(String)
    /// One consumer group.
    case group(String)
    /// The cluster as a whole.
    case cluster
  }

  /// What may be done (Kafka: `AclOperation`); Read implies Describe.
  package enum Operation: String, Hashable, Sendable {
    /// To read records.
    case read = "Read"
    /// To ask about it.
    case describe = "Describe"
  }

  /// What the right is on.
  package var resource: Resource
  /// What may be done.
  package var operation: Operation

  /// Names a right.
  package init(_ operation: Operation, on resource: Resource) {
    self.operation = operation
    self.resource = resource
  }

  /// Whether the principal would have this right by having another one.
  func isImplied(by other: AccessRight) -> Bool {
    resource == other.resource && operation == .describe && other.operation == .read
  }
}

/// Whom a broker takes a client for.
package enum Principal: Hashable, Sendable {
  /// A user who has proved who it is by SASL with a name.
  case user(String)
  /// A client without SASL or certificate: `User:ANONYMOUS`.
  case anonymous
  /// One whose name only the broker knows: of a certificate, a token or a ticket.
  case unknown

  /// The name as `kafka-acls` takes it; a placeholder where it is not known.
  package var text: String {
    switch self {
    case .user(let name): "User:\(name)"
    case .anonymous: "User:ANONYMOUS"
    case .unknown: "User:<principal>"
    }
  }
}

extension Principal {
  /// Whom a broker will take a client of these properties for.
  package init(_ properties: KafkaProperties) {
    let words = (properties["security.protocol"] ?? "plaintext").lowercased()
    guard words.hasPrefix("sasl_") else {
      let certificates = [
        "ssl.certificate.location", "ssl.certificate.pem", "ssl.keystore.location",
      ]
      let hasOwn = words == "ssl" && certificates.contains { properties[$0]?.isEmpty == false }
      self = hasOwn ? .unknown : .anonymous
      return
    }
    let mechanism =
      (properties["sasl.mechanism"] ?? properties["sasl.mechanisms"] ?? "GSSAPI").uppercased()
    let hasName = mechanism == "PLAIN" || mechanism.hasPrefix("SCRAM-")
    if hasName, let name = properties["sasl.username"], !name.isEmpty {
      self = .user(name)
    } else {
      self = .unknown
    }
  }
}

/// A right that a principal should be granted.
package struct MissingRight: Hashable, Sendable {
  /// The right.
  package var right: AccessRight
  /// Who needs it.
  package var principal: Principal

  /// Pairs a right with who needs it.
  package init(_ right: AccessRight, for principal: Principal) {
    self.right = right
    self.principal = principal
  }

  /// The command that grants it, ready for a shell.
  ///
  /// - Parameter servers: bootstrap servers, `host:port` each.
  package func command(servers: [String]) -> String {
    var words = [
      "kafka-acls", "--bootstrap-server", servers.joined(separator: ","), "--add",
      "--allow-principal", principal.text, "--operation", right.operation.rawValue,
    ]
    switch right.resource {
    case .topic(let name): words += ["--topic", name]
    case .group(let name): words += ["--group", name]
    case .cluster: words.append("--cluster")
    }
    return words.map(ShellWord.quoted).joined(separator: " ")
  }

  /// What is missing among many, each once and without what another one implies, in their order.
  package static func distinct(_ all: [MissingRight]) -> [MissingRight] {
    var seen: Set<MissingRight> = []
    return all.filter { one in
      !all.contains { $0.principal == one.principal && one.right.isImplied(by: $0.right) }
        && seen.insert(one).inserted
    }
  }
}

/// Words of a command line for a shell such as bash.
enum ShellWord {
  /// A word in quotes where it needs them.
  static func quoted(_ word: String) -> String {
    if word.isEmpty { return "''" }
    if word.utf8.allSatisfy(isPlain) { return word }
    guard word.unicodeScalars.contains(where: isControl) else {
      return "'"
        + word.split(separator: "'", omittingEmptySubsequences: false)
        .joined(separator: #"'\''"#) + "'"
    }
    // ANSI-C quoting, in which no byte is written to a terminal that would act on it.
    var text = "$'"
    for scalar in word.unicodeScalars {
      if isControl(scalar) {
        for byte in String(scalar).utf8 { text += #"\x"# + hexadecimal(byte) }
      } else if scalar == "'" || scalar == "\\" {
        text += "\\" + String(scalar)
      } else {
        text += String(scalar)
      }
    }
    return text + "'"
  }

  /// A name for a terminal: characters that it would act on become U+FFFD.
  static func shown(_ name: String) -> String {
    guard name.unicodeScalars.contains(where: isControl) else { return name }
    var text = ""
    for scalar in name.unicodeScalars { text += isControl(scalar) ? "\u{FFFD}" : String(scalar) }
    return text
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: [UInt8](".-_:,/@%+=".utf8).contains(byte)
    }
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
      // Marks that turn the direction of the line around.
      || (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return digits.utf8.count == 1 ? "0" + digits : digits
  }
}
