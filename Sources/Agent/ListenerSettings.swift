package import Configuration
import EventLoop
package import HTTPServer

extension TLSSettings {
  /// What the configuration says of a listener's TLS; nil where it speaks none.
  init?(_ listener: Configuration.Listener) {
    guard let profile = listener.tls, let certificate = profile.certificateFile,
      let key = profile.keyFile
    else { return nil }
    self.init(certificateFile: certificate, keyFile: key)
    keyPassword = profile.keyPassword
    switch listener.clientCertificates {
    case .none: return
    case .optional: clientCertificates = .optional
    case .required: clientCertificates = .required
    }
    authorityFile = profile.caFile
  }
}

extension Limits {
  /// What the configuration says of a listener's limits.
  package init(_ listener: Configuration.Listener) {
    self.init()
    allowsUpgrade = listener.allowsUpgrade
    for limit in ListenerLimit.allCases {
      let value = listener.limits[limit]
      if limit.isTime {
        setTime(limit, Int64(value) * nanosecondsPerSecond)
      } else {
        setCount(limit, value)
      }
    }
  }

  private mutating func setTime(_ limit: ListenerLimit, _ time: Int64) {
    switch limit {
    case .requestTimeout: requestTime = time
    case .handshakeTimeout: handshakeTime = time
    case .idleTimeoutHTTP1: idleTimeHTTP1 = time
    case .idleTimeoutHTTP2: idleTimeHTTP2 = time
    case .writeTimeout: writeTime = time
    case .stallTimeout: stallTime = time
    case .lingeringTimeout: lingeringTime = time
    case .settingsTimeout: settingsTime = time
    case .goAwayTimeout: goAwayTime = time
    default: break
    }
  }

  private mutating func setCount(_ limit: ListenerLimit, _ count: Int) {
    switch limit {
    case .connections: connections = count
    case .responseStreams: streams = count
    case .arrivingBytes: keptContentBytes = count
    case .waitingHeadBytes: keptHeadBytes = count
    case .unsentBytes: unsentBytes = count
    case .requestLineBytes: requestLineBytes = count
    case .headBytes: headBytes = count
    case .headerListBytes: headerListBytes = count
    case .headerFields: headerFields = count
    case .bodyBytes: bodyBytes = count
    case .progressBytes: progressBytes = count
    case .outputBytes: outputBytes = count
    case .pipelinedBytes: pipelinedBytes = count
    case .lingeringBytes: lingeringBytes = count
    case .concurrentStreams: concurrentStreams = count
    case .unsentBytesOfConnection: unsentBytesOfConnection = count
    case .queuedFrames: queuedFrames = count
    case .queuedAcknowledgements: queuedAcknowledgements = count
    case .resetBurst: resetBurst = count
    case .resetsPerSecond: resetsPerSecond = count
    case .controlFrameBurst: controlFrameBurst = count
    case .controlFramesPerSecond: controlFramesPerSecond = count
    default: break
    }
  }
}

extension LogRecord {
  /// A line of the access log.
  package init(_ access: AccessRecord, listener: String) {
    self = LogRecord(.info, "request").with("listener", listener)
      .with("peer", access.connection.peer.description)
      .with("protocol", access.version.name)
      .with("method", access.method.map { "\($0.name)" } ?? "")
      .with("path", String(decoding: access.path, as: UTF8.self))
      .with("status", Int64(access.status.code))
      .with("bytes", Int64(access.bytes))
      .with("microseconds", access.time / 1_000)
    if !access.userAgent.isEmpty {
      self = with("agent", String(decoding: access.userAgent, as: UTF8.self))
    }
    if let subject = access.connection.clientSubject { self = with("subject", subject) }
    if let refusal = access.refusal { self = with("refused", "\(refusal.label)") }
  }
}

extension HTTPVersion {
  /// The version as people write it.
  var name: String {
    switch self {
    case .http10: "HTTP/1.0"
    case .http11: "HTTP/1.1"
    case .http2: "HTTP/2"
    }
  }
}
