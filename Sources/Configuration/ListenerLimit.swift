import Text

/// A bound on what a listener takes from its clients: a key of `[httpserver.X]`.
package enum ListenerLimit: String, CaseIterable, Sendable {
  /// Connections open at once.
  case connections
  /// Answers that are streamed at once.
  case responseStreams = "response-streams"
  /// Content of requests that are arriving, all together.
  case arrivingBytes = "arriving-bytes"
  /// Fields of HTTP/2 requests that are not answered yet, all together.
  case waitingHeadBytes = "waiting-head-bytes"
  /// Answers that wait for their clients to take them, all together.
  case unsentBytes = "unsent-bytes"

  /// The request line of HTTP/1.1.
  case requestLineBytes = "request-line-bytes"
  /// Request line and fields of HTTP/1.1.
  case headBytes = "head-bytes"
  /// The fields of HTTP/2, each counted with 32 bytes more.
  case headerListBytes = "header-list-bytes"
  /// Fields of a request.
  case headerFields = "header-fields"
  /// Content of a request.
  case bodyBytes = "body-bytes"
  /// From a request's first byte to the end of its head, and again to the end of its content.
  case requestTimeout = "request-timeout"

  /// The handshake of TLS.
  case handshakeTimeout = "handshake-timeout"
  /// Between two requests of HTTP/1.1.
  case idleTimeoutHTTP1 = "idle-timeout-http1"
  /// Between two requests of HTTP/2.
  case idleTimeoutHTTP2 = "idle-timeout-http2"
  /// In which a client must take `progress-bytes` of its answers, or all there is.
  case writeTimeout = "write-timeout"
  /// See `write-timeout`.
  case progressBytes = "progress-bytes"
  /// After which a client that takes nothing of its answers gives way to a new one.
  case stallTimeout = "stall-timeout"
  /// Answers that are made before they are written.
  case outputBytes = "output-bytes"
  /// Requests of HTTP/1.1 that wait behind a streamed answer.
  case pipelinedBytes = "pipelined-bytes"
  /// Thrown away after a refusal, so that the client can read it.
  case lingeringBytes = "lingering-bytes"
  /// Waited for the client's end after a refusal.
  case lingeringTimeout = "lingering-timeout"

  /// Requests open at once in a connection of HTTP/2.
  case concurrentStreams = "concurrent-streams"
  /// Answers that wait in a connection of HTTP/2 before its next request is answered.
  case unsentBytesOfConnection = "unsent-bytes-per-connection"
  /// Frames of HTTP/2 that wait for a client to read.
  case queuedFrames = "queued-frames"
  /// Answers to PING and SETTINGS that wait for a client to read.
  case queuedAcknowledgements = "queued-acknowledgements"
  /// Requests of HTTP/2 that may be reset at once.
  case resetBurst = "reset-burst"
  /// And each second after that.
  case resetsPerSecond = "resets-per-second"
  /// Frames of HTTP/2 at once that ask for nothing.
  case controlFrameBurst = "control-frame-burst"
  /// And each second after that.
  case controlFramesPerSecond = "control-frames-per-second"
  /// In which a client of HTTP/2 must acknowledge SETTINGS.
  case settingsTimeout = "settings-timeout"
  /// Between the two GOAWAY frames when the agent ends.
  case goAwayTimeout = "goaway-timeout"

  /// The value where nothing is said; in bytes or seconds where the name says so.
  package var fallback: Int { definition.fallback }

  /// The values that are allowed.
  package var range: ClosedRange<Int> { definition.range }

  private var definition: (fallback: Int, range: ClosedRange<Int>) {
    switch self {
    case .connections: (1_024, 1...65_536)
    case .responseStreams: (1_024, 1...65_536)
    case .arrivingBytes: (4_194_304, 65_536...1_073_741_824)
    case .waitingHeadBytes: (4_194_304, 65_536...1_073_741_824)
    case .unsentBytes: (16_777_216, 1_048_576...1_073_741_824)
    case .requestLineBytes: (4_096, 256...65_536)
    case .headBytes: (8_192, 1_024...262_144)
    case .headerListBytes: (16_384, 1_024...262_144)
    case .headerFields: (64, 8...1_024)
    case .bodyBytes: (65_536, 1_024...16_777_216)
    case .requestTimeout: (10, 1...3_600)
    case .handshakeTimeout: (10, 1...3_600)
    case .idleTimeoutHTTP1: (75, 1...86_400)
    case .idleTimeoutHTTP2: (300, 1...86_400)
    case .writeTimeout: (30, 1...3_600)
    case .progressBytes: (16_384, 1...1_048_576)
    case .stallTimeout: (1, 1...3_600)
    case .outputBytes: (65_536, 4_096...1_048_576)
    case .pipelinedBytes: (65_536, 1_024...1_048_576)
    case .lingeringBytes: (65_536, 1_024...16_777_216)
    case .lingeringTimeout: (2, 1...60)
    case .concurrentStreams: (100, 1...1_000)
    case .unsentBytesOfConnection: (262_144, 16_384...16_777_216)
    case .queuedFrames: (1_000, 100...100_000)
    case .queuedAcknowledgements: (100, 10...10_000)
    case .resetBurst: (100, 1...10_000)
    case .resetsPerSecond: (10, 1...10_000)
    case .controlFrameBurst: (10_000, 100...1_000_000)
    case .controlFramesPerSecond: (10_000, 100...1_000_000)
    case .settingsTimeout: (10, 1...3_600)
    case .goAwayTimeout: (1, 1...60)
    }
  }

  /// Whether the limit is a time; then it is in seconds.
  package var isTime: Bool { rawValue.holds("timeout") }

  /// Whether the key `timeout` shortens it where it has no value of its own.
  var isShortened: Bool {
    switch self {
    case .requestTimeout, .idleTimeoutHTTP1, .idleTimeoutHTTP2, .writeTimeout: true
    default: false
    }
  }

  var key: Key<Int> {
    isTime
      ? .seconds(rawValue, default: fallback, in: range)
      : .integer(rawValue, default: fallback, in: range)
  }

  /// All limits with their defaults and ranges, in one paragraph.
  package static var help: String {
    let limits = allCases.map { limit in
      "\(limit.rawValue) \(limit.fallback) (\(limit.range.lowerBound) to "
        + "\(limit.range.upperBound)\(limit.isTime ? " seconds" : ""))"
    }
    return "[httpserver.X] has these limits: " + limits.joined(separator: ", ") + "."
  }
}

/// The limits of one listener.
package struct ListenerLimits: Equatable, Sendable {
  private var values: [ListenerLimit: Int] = [:]

  /// All defaults.
  package init() {}

  /// The value of a limit, within its range.
  package subscript(limit: ListenerLimit) -> Int { values[limit] ?? limit.fallback }

  /// Reads the limits of a section.
  ///
  /// - Parameters:
  ///   - section: `[httpserver.X]`.
  ///   - timeout: the value of the key of that name, in seconds.
  ///   - reader: reads the values.
  init(_ section: Section, timeout: Int, _ reader: inout SettingReader) {
    for limit in ListenerLimit.allCases {
      let reading = reader.read(limit.key, in: section)
      let isShortened = reading.isMissing && limit.isShortened
      values[limit] = isShortened ? min(reading.value, timeout) : reading.value
    }
  }
}
