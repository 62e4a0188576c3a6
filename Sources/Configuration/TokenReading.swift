extension Configuration {
  /// `[token.X]`: a secret, and the groups that its holder may see.
  package struct Token: Equatable {
    /// The name of the section, in its case.
    package var name: String
    /// The secret: visible text without spaces.
    package var secret: String
    /// The groups by exact name; nil for all of them.
    package var groups: [String]?

    /// Creates a token from its parts.
    package init(name: String, secret: String, groups: [String]?) {
      self.name = name
      self.secret = secret
      self.groups = groups
    }
  }
}

extension Loader {
  /// Reads the tokens; two of them must not be the same secret.
  mutating func readTokens() -> [Configuration.Token] {
    var tokens: [Configuration.Token] = []
    for section in sections.of(Schema.token) {
      guard let token = readToken(section) else { continue }
      if let twin = tokens.first(where: { $0.secret == token.secret }) {
        reader.report.error(
          section.origin, section.path(TokenKeys.file.name),
          "holds the same token as that of token.\(twin.name) (one each)")
      }
      tokens.append(token)
    }
    return tokens
  }

  private mutating func readToken(_ section: Section) -> Configuration.Token? {
    let file = reader.read(TokenKeys.file, in: section)
    let groups = reader.read(TokenKeys.groups, in: section)
    if groups.value.isEmpty, !groups.isRefused {
      reader.report.error(
        section.origin, section.path(TokenKeys.groups.name),
        "no group is named (groups = [\"orders\"]; groups = [\"*\"] shows all of them)")
    }
    let path = section.path(TokenKeys.file.name)
    guard let name = file.value else {
      if !file.isRefused {
        reader.report.error(section.origin, path, "is missing (the file that holds the token)")
      }
      return nil
    }
    guard let secret = reader.firstLine(of: name, file.origin, path) else { return nil }
    guard secret.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
      reader.report.error(
        file.origin, path, "\(quoted(name)) holds no token (visible ASCII without spaces)")
      return nil
    }
    if secret.utf8.count < Self.modestToken {
      reader.report.warning(
        file.origin, path,
        "\(quoted(name)) holds a token of \(secret.utf8.count) characters, which can be guessed "
          + "(\(Self.modestToken) or more)")
    }
    return Configuration.Token(
      name: section.name ?? "", secret: secret,
      groups: groups.value.contains("*") ? nil : groups.value)
  }

  /// Characters below which a token draws a warning.
  private static let modestToken = 16
}
