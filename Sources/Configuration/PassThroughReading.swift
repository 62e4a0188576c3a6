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

/// Properties that name a file or directory, which must be readable.
private let fileProperties = [
  "ssl.ca.location", "ssl.certificate.location", "ssl.key.location", "ssl.keystore.location",
  "ssl.crl.location", "sasl.kerberos.keytab",
]

/// Reads what a profile passes through: properties with their values, and those with their values
/// in files of their own.
func passedThrough(_ section: Section, _ reader: inout SettingReader) -> [ClientProperty] {
  let values = properties(ClientProfileKeys.librdkafka, section, &reader)
  let contents = properties(ClientProfileKeys.librdkafkaFiles, section, &reader)
  return values + contents
}

/// Reads `[client-profile.X.librdkafka]` or `[client-profile.X.librdkafka-files]`: names and values
/// are librdkafka's to judge.
private func properties(
  _ key: String, _ section: Section, _ reader: inout SettingReader
) -> [ClientProperty] {
  guard let entry = section.table[key], let file = reader.file else {
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
    let path = SettingPath(components: section.path + [key, property.key])
    guard let (origin, raw) = reader.layer(of: path, entry: property) else { continue }
    if let instead = reservedProperties[property.key] {
      reader.report.error(origin, path, "cannot be set here (\(instead))")
      continue
    }
    guard let text = raw.propertyText else {
      reader.report.error(
        origin, path, "is \(raw.asTOML.kind), not a value (a string, number or boolean)")
      continue
    }
    let isInFile = key == ClientProfileKeys.librdkafkaFiles
    if isInFile, section.table.hasProperty(property.key) {
      reader.report.error(
        origin, path, "stands in \(ClientProfileKeys.librdkafka) too (one of the two)")
      continue
    }
    if isInFile { reader.noteFile(text, in: section) }
    let value = isInFile ? reader.firstLine(of: text, origin, path) : text
    guard let value else { continue }
    let known = ClientProperty(name: property.key, value: value)
    if let complaint = reader.propertyComplaint(known) {
      reader.report.error(origin, path, complaint)
      continue
    }
    if fileProperties.contains(known.name) { check(known, origin, path, section, &reader) }
    properties.append(known)
    let shown = known.isSecret && !isInFile ? SettingReader.hidden : quoted(text)
    reader.note(path, shown, origin, content: value)
  }
  return properties
}

/// Checks a property that names a file or directory, and has its content watched.
private func check(
  _ property: ClientProperty, _ origin: Origin, _ path: SettingPath, _ section: Section,
  _ reader: inout SettingReader
) {
  // librdkafka's word for the places where systems keep their authorities.
  if property.value.isEmpty || property.value == "probe" { return }
  reader.noteFile(property.value, in: section)
  do throws(FileError) {
    try checkReadable(property.value)
  } catch {
    reader.report.error(origin, path, "cannot read \(quoted(property.value)): \(error)")
  }
}

extension TOMLTable {
  /// Whether a property is passed through with its value.
  fileprivate func hasProperty(_ name: String) -> Bool {
    guard case .table(let values) = self[ClientProfileKeys.librdkafka]?.value else { return false }
    return values.flattened.contains { $0.key == name }
  }
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
