import Foundation
import Testing

@testable import Agent
@testable import HTTPServer

@Suite("Metrics: what /metrics says")
struct MetricsRouteTests {
  private func ask(
    _ world: AgentWorld, accept: String? = nil, scope: GroupScope = .all
  ) -> Response {
    var routes = Routes(host: "vm", allowOrigin: nil)
    var request = RouteRequest(path: "/metrics")
    request.accept = accept
    request.scope = scope
    return routes.answer(request, agent: world.agent, now: world.now).response
  }

  private func lines(_ response: Response, _ prefix: String) -> [String] {
    String(decoding: response.body, as: UTF8.self).split(separator: "\n").map(String.init)
      .filter { $0.hasPrefix(prefix) }
  }

  /// Two groups with odd names, one that stalls and one that has read everything.
  private func world() throws -> AgentWorld {
    var world = try AgentWorld.watching(["a\\\\b\\\"c", "g"])
    try world.start(groups: ["a\\b\"c", "g"])
    for head in 101...105 {
      world.advance(seconds: 1)
      try world.commit("g", offset: 100)
      try world.commit("a\\b\"c", offset: Int64(head))
      world.tick()
      world.answerTopics()
      world.answerHeads([("orders", 0, Int64(head))])
    }
    world.tick()
    return world
  }

  @Test("Burrow's names, labels and numbers")
  func burrow() throws {
    let response = ask(try world())
    let group = "cluster=\"local\",consumer_group=\"g\""
    let odd = "cluster=\"local\",consumer_group=\"a\\\\b\\\"c\""
    let place = "partition=\"0\",topic=\"orders\""
    #expect(
      lines(response, "burrow_") == [
        "burrow_kafka_consumer_current_offset{\(odd),\(place)} 105",
        "burrow_kafka_consumer_current_offset{\(group),\(place)} 100",
        "burrow_kafka_consumer_lag_total{\(odd)} 0", "burrow_kafka_consumer_lag_total{\(group)} 5",
        "burrow_kafka_consumer_partition_lag{\(odd),\(place)} 0",
        "burrow_kafka_consumer_partition_lag{\(group),\(place)} 5",
        "burrow_kafka_consumer_status{\(odd)} 1", "burrow_kafka_consumer_status{\(group)} 3",
        "burrow_kafka_topic_partition_offset{cluster=\"local\",\(place)} 105",
        "burrow_kafka_topic_partition_status{\(odd),\(place)} 1",
        "burrow_kafka_topic_partition_status{\(group),\(place)} 5",
      ])
    #expect("\(response.contentType.value)" == "text/plain; version=0.0.4; charset=utf-8")
  }

  @Test("A holder of a token sees the groups that it names")
  func scoped() throws {
    let response = ask(try world(), scope: .named(["g"]))
    let text = String(decoding: response.body, as: UTF8.self)
    #expect(text.contains("burrow_kafka_consumer_status{cluster=\"local\",consumer_group=\"g\"} 3"))
    #expect(text.contains("vole_group_verdict{cluster=\"local\",consumer_group=\"g\""))
    #expect(!text.contains("consumer_group=\"a"))
    let none = ask(try world(), scope: .named([]))
    #expect(lines(none, "burrow_").isEmpty)
  }

  @Test("A text is compressed for who reads gzip, a long one piece by piece")
  func gzip() throws {
    let world = try world()
    var routes = Routes(host: "vm", allowOrigin: nil)
    var request = RouteRequest(path: "/metrics")
    request.acceptEncoding = "br;q=1.0, gzip;q=0.5"
    let response = routes.answer(request, agent: world.agent, now: world.now).response
    let plain = ask(world)
    let text = try Gzip.inflated(response.body.span, atMost: 1 << 20)
    // The ages are those of the same moment, the capacity of the buffer alone differs.
    #expect(text == plain.body)
    #expect(response.headers.contains { $0.value == Array("gzip".utf8) })
    request.acceptEncoding = "gzip;q=0"
    let refused = routes.answer(request, agent: world.agent, now: world.now).response
    #expect(refused.body == plain.body)
  }

  @Test(
    "Pieces of a compressed text are one text", arguments: [1, 70_000, 131_072, 200_000, 1 << 20])
  func pieces(length: Int) throws {
    let text = (0..<length).map { UInt8(truncatingIfNeeded: 97 + $0 / 7 % 20) }
    let stream = CompressedText(text)
    var compressed: [UInt8] = []
    while true {
      switch stream.next() {
      case .piece(let bytes): compressed += bytes
      case .last(let bytes):
        compressed += bytes
        #expect(try Gzip.inflated(compressed.span, atMost: length) == text)
        return
      case .wait, .abort:
        Issue.record("it does not come to its end")
        return
      }
    }
  }

  @Test("Every family says what it is, once, before its samples")
  func families() throws {
    for accept in ["text/plain", "application/openmetrics-text"] {
      let text = String(decoding: ask(try world(), accept: accept).body, as: UTF8.self)
      var helped: Set<String> = []
      var family = ""
      for line in text.split(separator: "\n") where line != "# EOF" {
        let words = line.split(separator: " ")
        if line.hasPrefix("# HELP ") {
          family = String(words[2])
          #expect(helped.insert(family).inserted, "\(family) comes twice")
        } else if line.hasPrefix("# TYPE ") {
          #expect(words[2] == family)
        } else {
          let name = line.prefix { $0 != "{" && $0 != " " }
          #expect(name == family || name == family + "_total", "\(line)")
        }
      }
    }
  }

  @Test(
    "OpenMetrics only where it is asked for and wanted at least as much",
    arguments: [
      (nil, false), ("*/*", false), ("text/plain;version=0.0.4", false),
      ("application/openmetrics-text; version=1.0.0", true),
      ("application/openmetrics-text", true), ("APPLICATION/OPENMETRICS-TEXT;q=0.1", true),
      ("application/openmetrics-text;version=0.0.1", false),
      ("application/openmetrics-text;q=0.4,text/plain;q=0.5", false),
      ("application/openmetrics-text;q=0", false), ("application/openmetrics-text;q=x", false),
      (
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
          + "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", true
      ),
    ] as [(String?, Bool)])
  func format(accept: String?, isOpenMetrics: Bool) throws {
    let response = ask(try world(), accept: accept)
    let text = String(decoding: response.body, as: UTF8.self)
    #expect(text.hasSuffix("\n# EOF\n") == isOpenMetrics)
    #expect(text.contains("# TYPE vole_records counter\n") == isOpenMetrics)
    #expect(text.contains("# TYPE vole_records_total counter\n") != isOpenMetrics)
    #expect(text.contains("\nvole_records_total{"))
    let type = "\(response.contentType.value)"
    #expect(type.hasPrefix("application/openmetrics-text; version=1.0.0") == isOpenMetrics)
  }
}
