/// What the configuration asks the library that talks to Kafka; by default it agrees to everything.
package struct ClientLibrary {
  /// Says why a property is refused; nil when it is taken.
  package var propertyComplaint: (ClientProperty) -> String? = { _ in nil }
  /// Says why no client can be made of properties; nil when one can.
  ///
  /// Each was taken by itself, but a key may not fit its certificate. Nothing is connected.
  package var clientComplaint: ([ClientProperty]) -> String? = { _ in nil }
  /// The version, `2.0.2` for example, and as a number `0xMMmmrrxx`; nil where it is not known.
  package var version: (text: String, number: Int32)?

  /// A library that takes everything.
  package init() {}

  /// The first librdkafka whose SCRAM Kafka 4 accepts.
  ///
  /// Kafka 4 compares the nonce of the client's final message strictly, and what librdkafka sent
  /// before 2.6.1 was not the nonce that it had been given (librdkafka issue 4895).
  static let firstStrictScram: Int32 = 0x0206_01FF
}

extension Loader {
  /// Checks what only all properties of a client together show.
  mutating func checkClients(
    _ clusters: [Configuration.Cluster], _ consumers: [Configuration.Consumer]
  ) {
    var checked: [String] = []
    for client in clusters.map(\.client) + consumers.map(\.client) {
      guard let name = client.name, !checked.contains(name),
        let section = sections.of(Schema.clientProfile).first(where: { $0.name == name })
      else { continue }
      checked.append(name)
      warnOfScram(client, section)
      // What is wrong with a value is said there; a client made of the rest says nothing more.
      guard reader.report.problems.isEmpty else { continue }
      if let complaint = sources.library.clientComplaint(client.kafkaProperties(servers: [])) {
        reader.report.error(section.origin, SettingPath(components: section.path), complaint)
      }
    }
  }

  private mutating func warnOfScram(_ client: ClientProfile, _ section: Section) {
    guard let version = sources.library.version, version.number < ClientLibrary.firstStrictScram,
      let mechanism = client.effectiveMechanism, mechanism.hasPrefix("SCRAM-")
    else { return }
    reader.report.warning(
      section.origin, SettingPath(components: section.path),
      "Kafka 4 and later refuse \(mechanism) of librdkafka \(version.text) "
        + "(2.6.1 is the first that they accept)")
  }
}
