import Agent
import Configuration
import Foundation
import HTTPServer
import Testing

@Suite("Listeners: what the configuration says, as the server takes it")
struct ListenerSettingsTests {
  private func listener(_ lines: String) throws -> Configuration.Listener {
    var sources = ConfigurationSources()
    let text = """
      [cluster.k]
      servers = ["a:1"]
      [consumer.c]
      groups = ["g"]
      [httpserver.a]
      \(lines)
      """
    sources.file = ("vole.toml", Array(text.utf8))
    return try Configuration(sources).listeners[0]
  }

  /// Every limit as text, so that two can be compared as a whole.
  private func text(_ limits: Limits) -> [String] {
    Mirror(reflecting: limits).children.map { "\($0.label ?? "") \($0.value)" }
  }

  @Test("Without a word the server has its own defaults, each of them a key")
  func defaults() throws {
    #expect(text(Limits(try listener(""))) == text(Limits()))
    // One of them is a switch.
    #expect(ListenerLimit.allCases.count == text(Limits()).count - 1)
  }

  @Test("Each key changes one limit, and no two the same", arguments: ListenerLimit.allCases)
  func keys(_ limit: ListenerLimit) throws {
    let changed =
      limit.range.lowerBound == limit.fallback
      ? limit.range.upperBound : limit.range.lowerBound
    let limits = Limits(try listener("\(limit.rawValue) = \(changed)"))
    let differing = zip(text(limits), text(Limits())).filter { $0 != $1 }
    #expect(differing.count == 1)
    let value = limit.isTime ? changed * 1_000_000_000 : changed
    #expect(differing[0].0.hasSuffix(" \(value)"))
  }

  @Test("The switch of the upgrade reaches the server")
  func upgrade() throws {
    #expect(!Limits(try listener("h2c-upgrade = false")).allowsUpgrade)
  }
}
