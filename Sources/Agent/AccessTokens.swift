package import Configuration
package import HTTPServer

/// The tokens that show who asks.
package struct AccessTokens: Equatable {
  private struct Token: Equatable {
    let name: String
    let secret: [UInt8]
    let scope: GroupScope
  }

  private var tokens: [Token] = []

  /// No tokens: everybody may ask.
  package init() {}

  /// Takes over the tokens of a checked configuration.
  package init(_ tokens: [Configuration.Token]) {
    self.tokens = tokens.map {
      Token(
        name: $0.name, secret: Array($0.secret.utf8),
        scope: $0.groups.map { .named(Set($0)) } ?? .all)
    }
  }

  /// Whether there are any, so that nobody may ask without.
  package var areNeeded: Bool { !tokens.isEmpty }

  /// Tells who asks: by a bearer token, or by the password of basic authentication.
  package func caller(of request: borrowing Request) -> Caller {
    guard areNeeded else { return .anybody }
    return request.bearerToken.map(caller(showing:)) ?? .stranger
  }

  /// Tells whose a secret is.
  ///
  /// How long it takes depends on the length of what is shown alone: every token is compared to
  /// its end.
  package func caller(showing shown: [UInt8]) -> Caller {
    guard areNeeded else { return .anybody }
    var found = Caller.stranger
    for token in tokens where Self.areEqual(token.secret, shown) {
      found = .holder(name: token.name, scope: token.scope)
    }
    return found
  }

  private static func areEqual(_ secret: [UInt8], _ shown: [UInt8]) -> Bool {
    guard !secret.isEmpty else { return false }
    var difference = UInt8(truncatingIfNeeded: secret.count == shown.count ? 0 : 1)
    var place = 0
    for byte in shown {
      difference |= byte ^ secret[place]
      place += 1
      if place == secret.count { place = 0 }
    }
    return difference == 0
  }
}
