import Configuration
import Testing

@Suite("Tokens")
struct TokenTests {
  private func load(_ toml: String) throws(InvalidConfiguration) -> Configuration {
    var sources = ConfigurationSources()
    let text = """
      [cluster.c]
      servers = ["kafka:9092"]
      [consumer.c]
      groups = ["g"]
      \(toml)
      """
    sources.file = ("vole.toml", Array(text.utf8))
    return try Configuration(sources)
  }

  /// The lines of the errors.
  private func problems(_ toml: String) -> [String] {
    do throws(InvalidConfiguration) {
      _ = try load(toml)
      return []
    } catch {
      return error.problems.map(\.description)
    }
  }

  @Test("A token is the first line of its file, for the groups that are named or for all")
  func tokens() throws {
    let files = try SecretFiles(["a": "0123456789abcdef\nmore\n", "b": "ABCDEF0123456789"])
    let configuration = try load(
      """
      [token.team]
      file = "\(files.path("a"))"
      groups = ["orders", "returns"]
      [token.Operations]
      file = "\(files.path("b"))"
      groups = ["orders", "*"]
      """)
    let tokens = configuration.tokens
    #expect(tokens.map(\.name) == ["team", "Operations"])
    #expect(tokens.map(\.secret) == ["0123456789abcdef", "ABCDEF0123456789"])
    #expect(tokens.map(\.groups) == [["orders", "returns"], nil])
    #expect(configuration.warnings.isEmpty)
    // Another content is another configuration; it is never shown.
    #expect(configuration.files.map(\.path) == [files.path("a"), files.path("b")])
    #expect(!configuration.settings.contains { "\($0)".contains("0123456789") })
  }

  @Test("A token that can be guessed is taken with a warning")
  func short() throws {
    let files = try SecretFiles(["a": "guessable"])
    let path = files.path("a")
    let configuration = try load("[token.team]\nfile = \"\(path)\"\ngroups = [\"*\"]")
    #expect(
      configuration.warnings.map(\.description) == [
        "vole.toml:6: token.team.file: \"\(path)\" holds a token of 9 characters, which can be "
          + "guessed (16 or more)"
      ])
  }

  @Test("What is no token is refused, and so are two that are the same")
  func wrong() throws {
    let files = try SecretFiles([
      "empty": "\nx", "spaces": "0123456789 abcdef", "one": "0123456789abcdef",
      "other": "0123456789abcdef\n",
    ])
    func token(_ name: String, _ file: String) -> String {
      "[token.\(name)]\nfile = \"\(files.path(file))\"\ngroups = [\"*\"]\n"
    }
    #expect(
      problems(token("a", "empty")) == [
        "vole.toml:6: token.a.file: \"\(files.path("empty"))\" has an empty first line"
      ])
    #expect(
      problems(token("a", "spaces")) == [
        "vole.toml:6: token.a.file: \"\(files.path("spaces"))\" holds no token (visible ASCII "
          + "without spaces)"
      ])
    #expect(
      problems(token("a", "one") + token("b", "other")) == [
        "vole.toml:8: token.b.file: holds the same token as that of token.a (one each)"
      ])
  }
}
