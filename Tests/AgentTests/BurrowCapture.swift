import Foundation

/// What Burrow itself answered to one request.
struct BurrowExchange: Sendable, CustomStringConvertible {
  let method: String
  /// The target without scheme and host, as curl sent it.
  let target: String
  let status: UInt16
  /// Fields of the head, names in lower case.
  let headers: [String: String]
  let body: String

  var description: String { "\(method) \(target)" }
}

/// The captured answers of Burrow.
enum BurrowCapture {
  static let exchanges: [BurrowExchange] = {
    guard let url = Bundle.module.url(forResource: "Fixtures", withExtension: nil),
      let text = try? String(
        contentsOf: url.appending(path: "burrow_http_capture.txt"), encoding: .utf8)
    else { return [] }
    return ("\n" + text).components(separatedBy: "\n--- ").dropFirst().compactMap(parse)
  }()

  /// What differs on purpose: the request, and why.
  private static let others: [String: String] = [
    "GET /burrow/admin/ready": "asked before anything was read, see `BurrowCaptureTests`",
    "GET /v3/kafka/local/topic/t/consumers": "groups without any commit are not listed",
    "GET /metrics": "has more in it, see `MetricsRouteTests`",
    "DELETE /v3/kafka/local/consumer/g/topic/zz": "nothing can be deleted",
    "DELETE /v3/kafka/local/consumer/g": "nothing can be deleted",
    "DELETE /v3/kafka/nope/consumer/zz": "nothing can be deleted",
    "POST /v3/admin/loglevel": "nothing can be set",
    "GET /v3/kafka/local/consumer/a%2Fb/status": "a slash in a name is part of it",
    "GET /v3/kafka/local.servers": "a key of the configuration is no cluster",
  ]

  /// What is reproduced.
  static var reproduced: [BurrowExchange] {
    var seen: Set<String> = []
    return BurrowCapture.exchanges.filter { exchange in
      guard others["\(exchange)"] == nil, !exchange.body.contains("\"onlyowner\"]") else {
        return false
      }
      // The level is asked for once more after it was set.
      return exchange.target != "/v3/admin/loglevel" || seen.insert(exchange.target).inserted
    }
  }

  /// What changes something, which is refused.
  static let changing = exchanges.filter {
    $0.method == "DELETE" || $0.target == "/v3/admin/loglevel" && $0.method == "POST"
  }

  private static func parse(_ block: String) -> BurrowExchange? {
    guard let end = block.range(of: "\n\n") else { return nil }
    let head = block[..<end.lowerBound].split(separator: "\n")
    guard head.count > 1, let place = head[0].range(of: "http://"),
      let slash = head[0][place.upperBound...].firstIndex(of: "/"),
      let status = UInt16(head[1].split(separator: " ")[1])
    else { return nil }
    let words = head[0].split(separator: " ")
    var method = "GET"
    if words[0] == "-X" { method = String(words[1]) }
    if words[0] == "-I" { method = "HEAD" }
    var headers: [String: String] = [:]
    for line in head.dropFirst(2) {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = line[colon...].dropFirst(2).description
    }
    // The capture puts a line break behind every body.
    let length = headers["content-length"].flatMap { Int($0) }
    let rest = block[end.upperBound...]
    let body = method == "HEAD" ? "" : length.map { String(rest.utf8.prefix($0)) ?? "" }
    return BurrowExchange(
      method: method, target: String(head[0][slash...]), status: status, headers: headers,
      body: body ?? String(rest))
  }
}
