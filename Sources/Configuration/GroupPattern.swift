import CPcre2

/// A regular expression for names of consumer groups, as `group-allowlist` takes it.
///
/// PCRE2 runs it with the conventions of Go's RE2, which Burrow uses: unanchored, UTF-8, `$` at the
/// very end only. Unlike RE2, PCRE2 backtracks, so steps, depth and memory of a match are bounded.
@safe package final class GroupPattern {
  /// What a pattern says about a name.
  package enum Outcome: Equatable, Sendable {
    case match
    case noMatch
    /// The match was given up at `maxNameBytes`, `matchSteps`, `matchDepth` or
    /// `matchHeapKibibytes`: to be treated as "no match" and reported.
    case limitExceeded
  }

  /// Why a pattern is not a regular expression.
  package struct SyntaxError: Error, Equatable, CustomStringConvertible {
    /// The pattern as given.
    package let pattern: String
    /// The byte of the pattern at which the compiler stopped, from 0.
    package let position: Int
    /// What PCRE2 says about it.
    package let message: String

    /// One line with the pattern, what is wrong, and where.
    package var description: String {
      "\"\(pattern)\" is not a regular expression: \(message) at position \(position)"
    }
  }

  /// Bytes of a name that is looked at; a longer one exceeds the limit.
  package static let maxNameBytes = 1_024
  /// Steps of backtracking in one match; under half a millisecond.
  package static let matchSteps: UInt32 = 20_000
  /// Nested backtracking points in one match.
  package static let matchDepth: UInt32 = 5_000
  /// Memory of one match, in KiB.
  package static let matchHeapKibibytes: UInt32 = 1_024
  /// Bytes of a pattern.
  package static let maxPatternBytes = 16_384

  /// The pattern as given.
  package let source: String
  // SAFETY: Created in init, released in deinit, never handed out.
  private let code: OpaquePointer
  // SAFETY: As `code`; holds the result of the last match, so one thread uses a pattern.
  private let matchData: OpaquePointer
  // SAFETY: As `code`; holds the limits.
  private let context: OpaquePointer

  /// Compiles a pattern.
  ///
  /// - Throws: The position and the reason where the pattern is no regular expression.
  package init(_ source: String) throws(SyntaxError) {
    self.source = source
    let pattern = Array(source.utf8)
    guard pattern.count <= Self.maxPatternBytes else {
      throw SyntaxError(
        pattern: String(source.prefix(40)) + "…", position: Self.maxPatternBytes,
        message: "longer than \(Self.maxPatternBytes) bytes")
    }
    let options =
      PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C
    var errorCode: Int32 = 0
    var errorPosition = 0
    // SAFETY: PCRE2 copies what it needs of the pattern; a null context means the defaults.
    let compiled = unsafe pattern.withUnsafeBufferPointer { buffer in
      unsafe pcre2_compile_8(
        buffer.baseAddress, buffer.count, options, &errorCode, &errorPosition, nil)
    }
    // SAFETY: Null means an error, and then nothing is to be released.
    guard let compiled = unsafe compiled else {
      throw SyntaxError(
        pattern: source, position: errorPosition, message: Self.message(of: errorCode))
    }
    // SAFETY: Both only fail without memory; the length asks for the overall match alone.
    guard let context = unsafe pcre2_match_context_create_8(nil),
      let matchData = unsafe pcre2_match_data_create_8(1, nil)
    else {
      unsafe pcre2_code_free_8(compiled)
      throw SyntaxError(pattern: source, position: 0, message: "no memory")
    }
    // SAFETY: The context is valid and owned by this object.
    unsafe pcre2_set_match_limit_8(context, Self.matchSteps)
    unsafe pcre2_set_depth_limit_8(context, Self.matchDepth)
    unsafe pcre2_set_heap_limit_8(context, Self.matchHeapKibibytes)
    unsafe self.code = compiled
    unsafe self.matchData = matchData
    unsafe self.context = context
  }

  deinit {
    // SAFETY: Each was created by init and is released here only.
    unsafe pcre2_match_context_free_8(context)
    unsafe pcre2_match_data_free_8(matchData)
    unsafe pcre2_code_free_8(code)
  }

  /// Looks for the pattern anywhere in a name.
  ///
  /// - Parameter name: UTF-8; bytes that are none never match, and are no error.
  /// - Returns: `.limitExceeded` where the search was given up.
  package func outcome(_ name: Span<UInt8>) -> Outcome {
    guard name.count <= Self.maxNameBytes else { return .limitExceeded }
    // SAFETY: The bytes are read within the call; data and context belong to this object.
    let result = unsafe name.withUnsafeBufferPointer { buffer in
      unsafe pcre2_match_8(code, buffer.baseAddress, buffer.count, 0, 0, matchData, context)
    }
    if result >= 0 { return .match }
    return result == PCRE2_ERROR_NOMATCH ? .noMatch : .limitExceeded
  }

  /// Looks for the pattern anywhere in a name.
  package func outcome(_ name: [UInt8]) -> Outcome {
    outcome(name.span)
  }

  private static func message(of code: Int32) -> String {
    var buffer = [UInt8](repeating: 0, count: 256)
    // SAFETY: PCRE2 writes at most the given count of bytes.
    let length = unsafe buffer.withUnsafeMutableBufferPointer { bytes in
      unsafe pcre2_get_error_message_8(code, bytes.baseAddress, bytes.count)
    }
    guard length > 0 else { return "error \(code)" }
    return String(decoding: buffer.prefix(Int(length)), as: UTF8.self)
  }
}
