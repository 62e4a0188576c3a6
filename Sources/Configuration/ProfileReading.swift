/// The client, TLS and SASL profiles of a configuration, by name.
struct Profiles {
  /// A profile that may stand for clusters that name none.
  static let unnamed = ClientProfile(
    name: nil, clientID: ClientProfileKeys.clientID.fallback, passedThrough: [])

  private(set) var clients: [String: ClientProfile] = [:]
  private var tls: [String: TLSProfile] = [:]
  private var sasl: [String: SASLProfile] = [:]

  /// Reads every profile, used or not.
  init(_ sections: Sections, _ reader: inout SettingReader) {
    for section in sections.of(Schema.tls) {
      tls[section.name ?? ""] = TLSProfile(section, &reader)
    }
    for section in sections.of(Schema.sasl) {
      sasl[section.name ?? ""] = SASLProfile(section, &reader)
    }
    for section in sections.of(Schema.clientProfile) {
      clients[section.name ?? ""] = client(section, &reader)
    }
  }

  /// The profile that a cluster or consumer names; nil where it names none.
  func client(of section: Section, _ reader: inout SettingReader) -> ClientProfile? {
    referred(ClusterKeys.clientProfile, to: clients, Schema.clientProfile, section, &reader)
  }

  private func client(_ section: Section, _ reader: inout SettingReader) -> ClientProfile {
    let version = reader.read(ClientProfileKeys.kafkaVersion, in: section)
    if version.value != nil {
      reader.report.warning(
        version.origin, section.path(ClientProfileKeys.kafkaVersion.name),
        "has no effect: librdkafka asks the broker for its versions")
    }
    return ClientProfile(
      name: section.name,
      clientID: reader.value(ClientProfileKeys.clientID, in: section),
      kafkaVersion: version.value,
      dialTimeout: reader.value(ClientProfileKeys.dialTimeout, in: section),
      readTimeout: reader.value(ClientProfileKeys.readTimeout, in: section),
      tls: referred(ClientProfileKeys.tls, to: tls, Schema.tls, section, &reader),
      sasl: referred(ClientProfileKeys.sasl, to: sasl, Schema.sasl, section, &reader),
      passedThrough: passedThrough(section, &reader))
  }

  /// The profile that a key names, if there is one.
  private func referred<Profile>(
    _ key: Key<String?>, to profiles: [String: Profile], _ kind: SectionKind, _ section: Section,
    _ reader: inout SettingReader
  ) -> Profile? {
    let reading = reader.read(key, in: section)
    guard let name = reading.value else { return nil }
    if let profile = profiles[name] { return profile }
    let known = profiles.keys.sorted()
    reader.report.error(
      reading.origin, section.path(key.name),
      "there is no [\(SettingPath(kind.name, name))] (\(Suggestion.text(for: name, among: known)))")
    return nil
  }
}

/// Properties that the agent sets itself, each with the place where it is said instead.
private let reservedProperties = [
  "bootstrap.servers": "servers of the cluster", "metadata.broker.list": "servers of the cluster",
  "client.id": "client-id of the profile", "isolation.level": "lag-to of the consumer",
  "auto.offset.reset": "start-latest of the consumer", "enable.partition.eof": agentSetsIt,
  "group.id": agentSetsIt, "group.instance.id": agentSetsIt, "transactional.id": agentSetsIt,
  "enable.auto.commit": agentSetsIt, "auto.commit.enable": agentSetsIt,
  "enable.auto.offset.store": agentSetsIt, "allow.auto.create.topics": agentSetsIt,
  "log.queue": agentSetsIt,
]

private let agentSetsIt = "the agent sets it itself"

/// Reads `[client-profile.X.librdkafka]`: names and values are librdkafka's to judge.
private func passedThrough(
  _ section: Section, _ reader: inout SettingReader
) -> [ClientProperty] {
  guard let entry = section.table[ClientProfileKeys.librdkafka], let file = reader.file else {
    return []
  }
  guard case .table(let table) = entry.value else {
    reader.report.error(
      file.origin(entry.line), section.path(entry.key),
      "is \(entry.value.kind), not a table of properties (\"ssl.ca.location\" = \"/ca.pem\")")
    return []
  }
  var properties: [ClientProperty] = []
  for property in table.flattened {
    let path = SettingPath(components: section.path + [ClientProfileKeys.librdkafka, property.key])
    guard let (origin, raw) = reader.layer(of: path, entry: property) else { continue }
    if let instead = reservedProperties[property.key] {
      reader.report.error(origin, path, "cannot be set here (\(instead))")
      continue
    }
    guard let value = raw.propertyText else {
      reader.report.error(
        origin, path, "is \(raw.asTOML.kind), not a value (a string, number or boolean)")
      continue
    }
    let known = ClientProperty(name: property.key, value: value)
    if let complaint = reader.propertyComplaint(known) {
      reader.report.error(origin, path, complaint)
      continue
    }
    properties.append(known)
    reader.note(path, known.isSecret ? SettingReader.hidden : quoted(value), origin)
  }
  return properties
}

extension RawValue {
  /// The value as librdkafka takes it; nil for lists, tables and dates.
  fileprivate var propertyText: String? {
    switch asTOML {
    case .string(let text): text
    case .integer(let value): "\(value)"
    case .float(let value): "\(value)"
    case .boolean(let value): "\(value)"
    case .datetime, .array, .table: nil
    }
  }
}

extension TLSProfile {
  fileprivate init(_ section: Section, _ reader: inout SettingReader) {
    name = section.name ?? ""
    caFile = reader.value(TLSKeys.caFile, in: section)
    let certificate = reader.read(TLSKeys.certificateFile, in: section)
    let key = reader.read(TLSKeys.keyFile, in: section)
    certificateFile = certificate.value
    keyFile = key.value
    skipsVerification = reader.value(TLSKeys.skipsVerification, in: section)
    if certificate.value != nil, key.isMissing {
      reader.report.error(
        section.origin, section.path(TLSKeys.keyFile.name), "is missing (certfile needs its key)")
    }
    if key.value != nil, certificate.isMissing {
      reader.report.error(
        section.origin, section.path(TLSKeys.certificateFile.name),
        "is missing (keyfile needs its certificate)")
    }
  }
}

extension SASLProfile {
  fileprivate init(_ section: Section, _ reader: inout SettingReader) {
    name = section.name ?? ""
    mechanism = reader.value(SASLKeys.mechanism, in: section)
    let handshake = reader.read(SASLKeys.handshakeFirst, in: section)
    if !handshake.value {
      reader.report.warning(
        handshake.origin, section.path(SASLKeys.handshakeFirst.name),
        "has no effect: the handshake always comes first")
    }
    let user = reader.read(SASLKeys.username, in: section)
    let secret = reader.read(SASLKeys.password, in: section)
    username = user.value
    password = secret.value
    let file = reader.read(SASLKeys.passwordFile, in: section)
    if let path = file.value {
      readPassword(from: path, file.origin, section, &reader)
    }
    guard mechanism.takesPassword else { return }
    if username == nil, !user.isRefused {
      reader.report.error(
        section.origin, section.path(SASLKeys.username.name),
        "is missing (\(mechanism.rawValue) needs one)")
    }
    if password == nil, !secret.isRefused, file.isMissing {
      reader.report.error(
        section.origin, section.path(SASLKeys.password.name),
        "is missing (password or password-file)")
    }
  }

  /// Takes the first line of a file as the password.
  private mutating func readPassword(
    from path: String, _ origin: Origin, _ section: Section, _ reader: inout SettingReader
  ) {
    let settingPath = section.path(SASLKeys.passwordFile.name)
    guard password == nil else {
      return reader.report.error(origin, settingPath, "password is set too (one of the two)")
    }
    // The key has reported a file that cannot be read.
    guard let bytes = try? readFile(path, limit: maxFileBytes) else { return }
    let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
    guard !line.isEmpty else {
      return reader.report.error(origin, settingPath, "\(quoted(path)) has an empty first line")
    }
    password = String(decoding: line, as: UTF8.self)
  }
}
