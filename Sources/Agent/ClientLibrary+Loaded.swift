package import Configuration
import HTTPServer
package import KafkaClient

extension KafkaProperties {
  /// Takes what a profile says over, with where its token is read from.
  package init(_ profile: ClientProfile, servers: [String]) {
    self.init(profile.kafkaProperties(servers: servers))
    guard let path = profile.sasl?.tokenFile else { return }
    var token = OAuthTokenFile(path: path)
    if let principal = profile.sasl?.username { token.opaquePrincipal = principal }
    oauthToken = token
  }

  /// Takes the properties of a configuration over.
  init(_ properties: [ClientProperty]) {
    self.init(properties.map { KafkaProperty($0.name, $0.value) })
  }
}

extension Run {
  /// What librdkafka and OpenSSL, as they are loaded, say to a configuration.
  package static var clientLibrary: ClientLibrary {
    var library = ClientLibrary()
    library.propertyComplaint = { KafkaProperties([$0]).problems().first?.reason }
    library.clientComplaint = { KafkaProperties($0).complaintOfClient() }
    library.listenerComplaint = { listener in
      guard let settings = TLSSettings(listener) else { return nil }
      do throws(TLSError) {
        _ = try TLSContext(settings)
        return nil
      } catch {
        return error.description
      }
    }
    let version = KafkaClientVersion.current
    if version.isRefusedScramByKafka4 { library.versionOfRefusedScram = version.text }
    return library
  }
}
