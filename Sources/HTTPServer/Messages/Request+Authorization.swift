extension Request {
  /// The secret that the client shows, undecided whether it is right; nil without one.
  ///
  /// `Authorization: Bearer TOKEN` (RFC 6750), or the password of `Authorization: Basic …`
  /// (RFC 7617), which is all that some clients can be given. Must never be logged.
  package var bearerToken: [UInt8]? {
    guard let value = header("authorization"),
      let space = value.firstIndex(of: ASCII.space)
    else { return nil }
    let scheme = value[..<space]
    let credentials = value[space...].drop { $0 == ASCII.space }
    guard !credentials.isEmpty else { return nil }
    if ASCII.equalIgnoringCase(scheme.span, "bearer") { return Array(credentials) }
    guard ASCII.equalIgnoringCase(scheme.span, "basic"),
      let pair = Base64.decoded(credentials.span),
      let colon = pair.firstIndex(of: UInt8(ascii: ":"))
    else { return nil }
    return Array(pair[(colon + 1)...])
  }
}
