import Configuration
import EventLoop
package import HTTPServer

/// A listener of the configuration at work: a server of its own, with limits of its own, so that
/// whoever fills one does not fill another.
final class ServedListener {
  /// The section as it was at the start; listeners change at the next start only.
  let configured: Configuration.Listener
  let server: Server
  /// What protects its connections; nil for nothing.
  let tls: TLSContext?
  /// The profile whose files were read last.
  var profile: TLSProfile?

  init(_ configured: Configuration.Listener, server: Server, tls: TLSContext?) {
    self.configured = configured
    self.server = server
    self.tls = tls
    profile = configured.tls
  }
}

extension Run {
  // MARK: - Opening

  /// Descriptors for all but the servers' connections: librdkafka's, files, the loop's.
  private static let otherDescriptors = 3_072

  /// Opens the listeners, once the certificates of all of them were read.
  func serve(_ configured: [Configuration.Listener]) throws(StartError) {
    let connections = configured.reduce(0) { $0 + $1.limits[.connections] }
    DescriptorLimit.raise(to: connections + Self.otherDescriptors)
    for listener in configured { listeners.append(try served(listener)) }
    for listener in listeners {
      let opened = try Self.open(listener.configured)
      addresses.append(opened.address)
      do throws(Errno) {
        try listener.server.serve(opened, tls: listener.tls)
      } catch {
        throw StartError("cannot serve \(listener.configured.address): \(error.message)")
      }
      warnOfExpiry(listener)
    }
  }

  private func served(_ listener: Configuration.Listener) throws(StartError) -> ServedListener {
    let server = Server(loop: loop, handler: self, limits: Limits(listener))
    if listener.logsAccess {
      server.accessLog = { [unowned self] access in
        write(LogRecord(access, listener: listener.name))
      }
    }
    guard let settings = TLSSettings(listener) else {
      return ServedListener(listener, server: server, tls: nil)
    }
    do throws(TLSError) {
      return ServedListener(listener, server: server, tls: try TLSContext(settings))
    } catch {
      throw StartError("httpserver.\(listener.name): \(error.description)")
    }
  }

  private static func open(_ listener: Configuration.Listener) throws(StartError) -> Listener {
    let address = listener.address
    do throws(ListenError) {
      guard let path = address.path else {
        return try Listener.listen(host: address.host, port: address.port)
      }
      return try Listener.listen(path: path, mode: listener.socketMode)
    } catch {
      throw StartError("httpserver.\(listener.name): \(error.description)")
    }
  }

  // MARK: - Certificates

  /// Reads the certificates again that another configuration or another content of their files has
  /// changed; those of before stay where the new ones cannot be used.
  func readCertificates(of configuration: Configuration) {
    for listener in listeners {
      guard let tls = listener.tls,
        let new = configuration.listeners.first(where: { $0.name == listener.configured.name }),
        let profile = new.tls, profile.name == listener.profile?.name, profile != listener.profile
      else { continue }
      var changed = listener.configured
      changed.tls = profile
      guard let settings = TLSSettings(changed) else { continue }
      do throws(TLSError) {
        try tls.reload(settings)
        listener.profile = profile
        write(
          LogRecord(.info, "certificates were read again").with("listener", changed.name)
            .with("subject", tls.files.first?.subject ?? "")
            .with("expires", UTCTime((tls.files.first?.expiry ?? 0) * 1000).description))
        warnOfExpiry(listener)
      } catch {
        write(
          LogRecord(.error, "certificates cannot be used; those of before stay")
            .with("listener", changed.name).with("error", error.description))
      }
    }
  }

  private func warnOfExpiry(_ listener: ServedListener) {
    for file in listener.tls?.files ?? [] where file.expiry * 1000 <= now.wall {
      write(
        LogRecord(.warn, "a certificate has expired").with("listener", listener.configured.name)
          .with("file", file.path).with("expired", UTCTime(file.expiry * 1000).description))
    }
  }

  /// The files of certificates that each listener uses, as they were read last.
  package var certificates: [(listener: String, file: CertificateFile)] {
    listeners.flatMap { listener in
      (listener.tls?.files ?? []).map { (listener.configured.name, $0) }
    }
  }

  /// What all listeners have done together; nil before the start.
  package var httpCounters: Counters? {
    listeners.map(\.server.counters).reduce(nil) { sum, next in sum.map { $0 + next } ?? next }
  }

  // MARK: - Ending

  /// Ends the listeners, each as soon as its answers are given.
  func drainListeners(_ completion: @escaping () -> Void) {
    var left = listeners.count
    for listener in listeners {
      listener.server.drain(within: Self.drainTime) {
        left -= 1
        if left == 0 { completion() }
      }
    }
  }
}
