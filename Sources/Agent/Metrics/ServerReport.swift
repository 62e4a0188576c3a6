import Answers
import HTTPServer

/// The program that runs, which tells nothing of any group.
package struct ProgramInfo: Sendable, Equatable {
  /// The version of the agent.
  package var version: String
  /// The versions of the libraries that it runs with.
  package var librdkafka: String
  package var nghttp2: String
  /// When it started, in milliseconds since 1970.
  package var startedAt: Int64

  /// Describes a program.
  package init(version: String, librdkafka: String, nghttp2: String, startedAt: Int64) {
    self.version = version
    self.librdkafka = librdkafka
    self.nghttp2 = nghttp2
    self.startedAt = startedAt
  }
}

/// What the server and the program around the agent have to say.
struct ServerReport {
  /// The program, nil where none was told.
  var program: ProgramInfo?
  /// What the server has done; nil where there is none.
  var counters: Counters?
  /// The responses that were given, by what was asked for.
  let requests = RequestCounters()

  /// Calls of the RPC interface that came to an answer, by method and code.
  var calls: [(service: String, method: String, code: String, calls: Int)] = []
  /// Streams of the RPC interface that are open.
  var openWatches = 0
  /// The files of certificates that listeners use.
  var certificates: [(listener: String, file: CertificateFile)] = []

  /// Writes what `/metrics` says of them.
  func write(to writer: inout MetricsWriter, now: Moment) {
    if let program { write(program, to: &writer, now: now) }
    writer.family(
      "vole_http_responses_total", .counter, "Responses, by what was asked for and status code")
    requests.forEach { route, status, count in
      writer.sample(Int64(clamping: count), [("route", route.label), ("code", "\(status)")])
    }
    if let counters { write(counters, to: &writer) }
    writer.family("vole_rpc_calls_total", .counter, "Calls by method and code")
    for call in calls {
      writer.sample(
        Int64(call.calls),
        [("service", call.service), ("method", call.method), ("code", call.code)])
    }
    writer.family("vole_rpc_open_streams", .gauge, "Streams that are open")
    writer.sample(Int64(openWatches))
    writer.family(
      "vole_certificate_expiry_timestamp_seconds", .gauge,
      "When the first certificate of a listener's file expires, since 1970")
    for (listener, file) in certificates {
      writer.sample(
        file.expiry,
        [("listener", listener), ("purpose", file.purpose.rawValue), ("file", file.path)])
    }
  }

  private func write(_ program: ProgramInfo, to writer: inout MetricsWriter, now: Moment) {
    writer.family("vole_build_info", .gauge, "The versions of the program and its libraries")
    writer.sample(
      1,
      [
        ("version", program.version), ("librdkafka", program.librdkafka),
        ("nghttp2", program.nghttp2),
      ])
    writer.family("vole_start_time_seconds", .gauge, "When the agent started, since 1970")
    writer.sample(real: Double(program.startedAt) / 1000)
    writer.family("vole_uptime_seconds", .gauge, "Since the agent started")
    writer.sample(max(0, now.wall - program.startedAt) / 1000)
  }

  private func write(_ counters: Counters, to writer: inout MetricsWriter) {
    func one(_ name: String, _ kind: MetricsWriter.Kind, _ help: String, _ value: UInt64) {
      writer.family(name, kind, help)
      writer.sample(Int64(clamping: value))
    }
    one(
      "vole_http_open_connections", .gauge, "Connections that are open",
      counters.accepted &- counters.closed)
    one(
      "vole_http_accepted_connections_total", .counter, "Connections that were accepted",
      counters.accepted)
    one(
      "vole_http_evicted_connections_total", .counter,
      "Idle connections that were closed early to make room", counters.evicted)
    one(
      "vole_http_received_bytes_total", .counter, "Bytes read from connections",
      counters.bytesReceived)
    one("vole_http_sent_bytes_total", .counter, "Bytes written to connections", counters.bytesSent)
    writer.family(
      "vole_http_connections_total", .counter, "Connections by the protocol that they spoke")
    for kind in Counters.Connections.allCases {
      writer.sample(Int64(clamping: counters.connections(kind)), [("protocol", "\(kind)")])
    }
    writer.family(
      "vole_http_refused_total", .counter,
      "Requests and connections that the server itself refused, by reason")
    for refusal in Refusal.allCases {
      let count = counters.refused(refusal)
      guard count > 0 else { continue }
      writer.sample(Int64(clamping: count), [("reason", "\(refusal.label)")])
    }
  }
}
