/// What the configuration asks the libraries that talk to Kafka and to the listeners' clients; by
/// default they agree to everything.
package struct ClientLibrary {
  /// Says why a property is refused; nil when it is taken.
  package var propertyComplaint: (ClientProperty) -> String? = { _ in nil }
  /// Says why no client can be made of properties; nil when one can.
  ///
  /// Each was taken by itself, but a key may not fit its certificate. Nothing is connected.
  package var clientComplaint: ([ClientProperty]) -> String? = { _ in nil }
  /// Says why no TLS can be spoken with the files of a listener; nil where it can.
  package var listenerComplaint: (Configuration.Listener) -> String? = { _ in nil }
  /// The library's version where Kafka 4 and later refuse its SCRAM; nil where they accept it.
  package var versionOfRefusedScram: String?

  /// A library that takes everything.
  package init() {}
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
    guard let version = sources.library.versionOfRefusedScram,
      let mechanism = client.effectiveMechanism, mechanism.hasPrefix("SCRAM-")
    else { return }
    reader.report.warning(
      section.origin, SettingPath(components: section.path),
      "Kafka 4 and later refuse \(mechanism) of librdkafka \(version) "
        + "(2.6.1 is the first that they accept)")
  }
}
