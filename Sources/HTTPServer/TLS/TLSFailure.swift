import COpenSSL

/// The errors that OpenSSL keeps for each thread, oldest first.
///
/// They are only right when nothing was left over from before: every call that may fail clears them
/// first.
enum TLSFailure {
  /// Forgets all errors.
  static func clear() {
    ERR_clear_error()
  }

  /// Whether the last error is this one of a part of OpenSSL (`ERR_LIB_…`, `…_R_…`).
  static func last(is reason: Int32, of part: Int32) -> Bool {
    let code = ERR_peek_last_error()
    return vole_error_part(code) == part && vole_error_reason(code) == reason
  }

  /// OpenSSL's words for the oldest error, which is nearest to the cause.
  static var text: String {
    let code = ERR_peek_error()
    // SAFETY: returns NULL or a constant string.
    guard code != 0, let text = unsafe ERR_reason_error_string(code) else {
      return "OpenSSL gives no reason"
    }
    return unsafe String(cString: text)
  }
}
