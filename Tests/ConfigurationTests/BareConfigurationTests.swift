import Configuration
import Testing

/// Reads a configuration from text, as the tests of this target write it.
func load(
  _ text: String?, environment: [String: String] = [:],
  flags change: (inout ConfigurationFlags) -> Void = { _ in }
) throws(InvalidConfiguration) -> Configuration {
  var sources = ConfigurationSources()
  if let text { sources.file = ("vole.toml", Array(text.utf8)) }
  sources.environment = environment
  change(&sources.flags)
  return try Configuration(sources)
}

/// The lines of the errors of a configuration; none where it is right.
func errors(
  _ text: String?, environment: [String: String] = [:],
  flags change: (inout ConfigurationFlags) -> Void = { _ in }
) -> [String] {
  do throws(InvalidConfiguration) {
    _ = try load(text, environment: environment, flags: change)
    return []
  } catch {
    return error.problems.map(\.description)
  }
}

@Suite("Configuration without a file")
struct BareConfigurationTests {
  @Test("Flags suffice")
  func flagsSuffice() throws {
    let configuration = try load(nil) {
      $0.bootstrapServers = ["kafka-1:9092,kafka-2:9092"]
      $0.groups = ["orders", "payments"]
    }
    #expect(configuration.clusters.map(\.name) == ["default"])
    #expect(configuration.clusters[0].servers == ["kafka-1:9092", "kafka-2:9092"])
    #expect(configuration.listeners[0].address.description == "[::]:8000")
    #expect(configuration.warnings.isEmpty)
  }

  @Test("Nothing at all names what is missing")
  func nothing() {
    #expect(
      errors(nil) == [
        "configuration: cluster.default.servers: no broker is named "
          + "(servers = [\"kafka:9092\"], VOLE_BOOTSTRAP_SERVERS or --bootstrap-servers)",
        "configuration: consumer.default.groups: no group is named (groups = [\"orders\"], "
          + "group-allowlist = \"^orders-\", VOLE_GROUPS or --group; groups = [\"*\"] watches the "
          + "whole cluster)",
      ])
  }
}
