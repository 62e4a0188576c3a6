import Answers
import HTTPServer

/// `/metrics`.
extension Routes {
  /// Answers `/metrics` in the format that the client prefers, compressed where it reads gzip.
  mutating func metrics(
    _ request: RouteRequest, agent: borrowing Agent, now: Moment
  ) -> Response {
    let format = MetricsWriter.Format(accepting: request.accept)
    let body = AgentMetrics.text(
      of: agent, scope: request.scope, server: server, format: format,
      capacity: lastMetricsBytes + Self.metricsSlack, now: now)
    lastMetricsBytes = body.count
    var response = Response(
      .ok, format == .text ? .metrics : .openMetrics, body: body,
      headers: [Header("vary", "accept, accept-encoding")])
    if request.method == .get, AcceptedRange.admits("gzip", in: request.acceptEncoding) {
      Self.compress(&response)
    }
    return response
  }

  private static func compress(_ response: inout Response) {
    if response.body.count > CompressedText.pieceBytes {
      response.stream = CompressedText(response.body)
      response.body = []
    } else {
      guard let body = Gzip.compressed(response.body.span) else { return }
      response.body = body
    }
    response.headers.append(Header("content-encoding", "gzip"))
  }

  /// What the text may grow from one time to the next before its buffer is copied, in bytes.
  private static let metricsSlack = 4096
}

extension MetricsWriter.Format {
  /// The format that an `Accept` field prefers: OpenMetrics only where it is named and not less
  /// wanted than plain text (RFC 9110 section 12.5.1).
  init(accepting field: String?) {
    var openMetrics = 0.0
    var text = 0.0
    for range in AcceptedRange.all(in: field ?? "") {
      switch (range.name, range.parameters["version"]) {
      case ("application/openmetrics-text", "1.0.0"), ("application/openmetrics-text", nil):
        openMetrics = max(openMetrics, range.quality)
      case ("text/plain", "0.0.4"), ("text/plain", nil):
        text = max(text, range.quality)
      default: break
      }
    }
    self = openMetrics > 0 && openMetrics >= text ? .openMetrics : .text
  }
}

/// One element of an `Accept` or `Accept-Encoding` field.
struct AcceptedRange: Equatable {
  /// The media range or coding, in lower case.
  var name: String
  /// Parameters but for `q`, names in lower case.
  var parameters: [String: String]
  /// How much it is wanted, 0 to 1; what is no number is 0.
  var quality: Double

  /// Takes a field apart; what is beyond `maximum` elements is passed over.
  static func all(in field: String, maximum: Int = 32) -> [AcceptedRange] {
    field.split(separator: ",").prefix(maximum).map { element in
      let parts = element.split(separator: ";").map(trimmed)
      var range = AcceptedRange(
        name: (parts.first ?? "").lowercased(), parameters: [:], quality: 1)
      for part in parts.dropFirst() {
        let equals = part.firstIndex(of: "=") ?? part.endIndex
        let name = part[..<equals].lowercased()
        let value = String(part[equals...].dropFirst())
        if name == "q" {
          range.quality = Double(value).map { min(max($0, 0), 1) } ?? 0
        } else {
          range.parameters[name] = value
        }
      }
      return range
    }
  }

  /// Whether a field admits something by name.
  static func admits(_ name: String, in field: String?) -> Bool {
    all(in: field ?? "").contains { $0.name == name && $0.quality > 0 }
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text
    while text.first == " " || text.first == "\t" { text.removeFirst() }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return text
  }
}
