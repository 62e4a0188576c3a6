/// The client, TLS and SASL profiles of a configuration, by name.
struct Profiles {
  /// A profile that may stand for clusters that name none.
  static let unnamed = ClientProfile(
    name: nil, clientID: ClientProfileKeys.clientID.fallback, passedThrough: [], files: [])

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

  /// The profile that a listener names; nil where it names none.
  func tls(
    of reading: SettingReader.Reading<String?>, _ section: Section, _ reader: inout SettingReader
  ) -> TLSProfile? {
    referred(reading, ListenerKeys.tls, to: tls, Schema.tls, section, &reader)
  }

  private func client(_ section: Section, _ reader: inout SettingReader) -> ClientProfile {
    let version = reader.read(ClientProfileKeys.kafkaVersion, in: section)
    if version.value != nil {
      reader.report.warning(
        version.origin, section.path(ClientProfileKeys.kafkaVersion.name),
        "has no effect: librdkafka asks the broker for its versions")
    }
    var profile = ClientProfile(
      name: section.name,
      clientID: reader.value(ClientProfileKeys.clientID, in: section),
      kafkaVersion: version.value,
      dialTimeout: reader.value(ClientProfileKeys.dialTimeout, in: section),
      readTimeout: reader.value(ClientProfileKeys.readTimeout, in: section),
      tls: referred(ClientProfileKeys.tls, to: tls, Schema.tls, section, &reader),
      sasl: referred(ClientProfileKeys.sasl, to: sasl, Schema.sasl, section, &reader),
      passedThrough: passedThrough(section, &reader), files: [])
    profile.files =
      reader.files(of: section.path) + (profile.tls?.files ?? []) + (profile.sasl?.files ?? [])
    checkToken(of: profile, section, &reader)
    return profile
  }

  /// OAUTHBEARER needs somebody who gives tokens: a file, or librdkafka itself.
  private func checkToken(
    of profile: ClientProfile, _ section: Section, _ reader: inout SettingReader
  ) {
    guard let sasl = profile.sasl, sasl.mechanism == .oauthBearer, sasl.tokenFile == nil else {
      return
    }
    let own = ["sasl.oauthbearer.method", "sasl.oauthbearer.config"]
    if profile.passedThrough.contains(where: { own.contains($0.name) }) { return }
    reader.report.error(
      section.origin, SettingPath(Schema.sasl.name, sasl.name, SASLKeys.tokenFile.name),
      "is missing (OAUTHBEARER needs it, or \"sasl.oauthbearer.method\" = \"oidc\" in "
        + "[\(SettingPath(components: section.path)).librdkafka])")
  }

  /// The profile that a key names, if there is one.
  private func referred<Profile>(
    _ key: Key<String?>, to profiles: [String: Profile], _ kind: SectionKind, _ section: Section,
    _ reader: inout SettingReader
  ) -> Profile? {
    referred(reader.read(key, in: section), key, to: profiles, kind, section, &reader)
  }

  private func referred<Profile>(
    _ reading: SettingReader.Reading<String?>, _ key: Key<String?>, to profiles: [String: Profile],
    _ kind: SectionKind, _ section: Section, _ reader: inout SettingReader
  ) -> Profile? {
    guard let name = reading.value else { return nil }
    if let profile = profiles[name] { return profile }
    let known = profiles.keys.sorted()
    reader.report.error(
      reading.origin, section.path(key.name),
      "there is no [\(SettingPath(kind.name, name))] (\(Suggestion.text(for: name, among: known)))")
    return nil
  }
}
