extension Loader {
  /// Reads every `[httpserver.X]`.
  mutating func readListeners(_ profiles: Profiles) -> [Configuration.Listener] {
    var listeners: [Configuration.Listener] = []
    for section in sections.of(Schema.listener) {
      let listener = readListener(section, profiles)
      if let twin = listeners.first(where: { $0.address == listener.address }),
        !listener.address.choosesPort
      {
        let address = reader.layer(of: section.path("address"), entry: section.table["address"])
        reader.report.error(
          address?.origin ?? section.origin, section.path("address"),
          "\(listener.address) is that of httpserver.\(twin.name) too (one address each)")
      }
      listeners.append(listener)
    }
    checkProbes(listeners)
    return listeners
  }

  private mutating func readListener(
    _ section: Section, _ profiles: Profiles
  ) -> Configuration.Listener {
    let address = reader.value(ListenerKeys.address(hasIPv6: sources.hasIPv6), in: section)
    let mode = socketMode(section, address)
    let timeout = reader.value(ListenerKeys.timeout, in: section)
    let tls = readTLS(section, profiles)
    return Configuration.Listener(
      name: section.name ?? "", address: address, socketMode: mode, timeout: timeout,
      tls: tls.profile, clientCertificates: tls.clients,
      allowsUpgrade: reader.value(ListenerKeys.allowsUpgrade, in: section),
      logsAccess: reader.value(ListenerKeys.logsAccess, in: section),
      limits: ListenerLimits(section, timeout: timeout, &reader))
  }

  /// Reads the mode of a Unix domain socket, which other listeners do not have.
  private mutating func socketMode(_ section: Section, _ address: ListenAddress) -> UInt16 {
    let key = ListenerKeys.socketMode
    if address.path != nil { return reader.value(key, in: section) }
    if let said = reader.layer(of: section.path(key.name), entry: section.table[key.name]) {
      reader.report.warning(
        said.origin, section.path(key.name), "has no effect: the address is no Unix domain socket")
    }
    return key.fallback
  }

  /// Reads what protects a listener, and checks that its profile has what a listener needs.
  private mutating func readTLS(
    _ section: Section, _ profiles: Profiles
  ) -> (profile: TLSProfile?, clients: Configuration.ClientCertificates) {
    let name = reader.read(ListenerKeys.tls, in: section)
    let clients = reader.read(ListenerKeys.clientCertificates, in: section)
    let profile = profiles.tls(of: name, section, &reader)
    guard let profile else {
      if clients.value != .none, name.value == nil {
        reader.report.error(
          clients.origin, section.path(ListenerKeys.clientCertificates.name),
          "only TLS has certificates (tls = \"NAME\" of a [tls.NAME])")
      }
      return (nil, clients.value)
    }
    let title = SettingPath(Schema.tls.name, profile.name)
    if !names(TLSKeys.certificateFile, profile) && !names(TLSKeys.keyFile, profile) {
      reader.report.error(
        name.origin, section.path(ListenerKeys.tls.name),
        "[\(title)] has no certificate for a listener (certfile and keyfile)")
    }
    if clients.value != .none, !names(TLSKeys.caFile, profile) {
      reader.report.error(
        clients.origin, section.path(ListenerKeys.clientCertificates.name),
        "[\(title)] names no authority of the clients' certificates (cafile)")
    }
    return (profile, clients.value)
  }

  /// Whether a profile names a file, right or wrong; what is wrong with it is said there.
  private func names(_ key: Key<String?>, _ profile: TLSProfile) -> Bool {
    guard let section = sections.of(Schema.tls).first(where: { $0.name == profile.name }) else {
      return false
    }
    var ignored = Report()
    let reading = reader.peek(key, in: section, report: &ignored)
    return reading.value != nil || reading.isRefused
  }

  /// Probes come without a certificate: one listener at least must let them in.
  private mutating func checkProbes(_ listeners: [Configuration.Listener]) {
    guard listeners.allSatisfy({ $0.clientCertificates == .required }),
      let section = sections.of(Schema.listener).first
    else { return }
    let key = ListenerKeys.clientCertificates.name
    let said = reader.layer(of: section.path(key), entry: section.table[key])
    reader.report.error(
      said?.origin ?? section.origin, section.path(key),
      "kubelet has no certificate, and no other listener lets its probes in (\"optional\", or "
        + "another [httpserver.X])")
  }

  /// Checks what only the files of a listener together show, with the library that will read them.
  mutating func checkListeners(_ listeners: [Configuration.Listener]) {
    // What is wrong with a value is said there.
    guard reader.report.problems.isEmpty else { return }
    for listener in listeners where listener.tls != nil {
      guard let complaint = sources.library.listenerComplaint(listener),
        let section = sections.of(Schema.listener).first(where: { $0.name == listener.name })
      else { continue }
      let key = ListenerKeys.tls.name
      let said = reader.layer(of: section.path(key), entry: section.table[key])
      reader.report.error(said?.origin ?? section.origin, section.path(key), complaint)
    }
  }
}
