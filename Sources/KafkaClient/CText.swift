import CLibrdkafka
import Glibc

/// Texts that cross the border to C.
enum CText {
  /// Copies a NUL-terminated text; NULL gives an empty one, and what is no UTF-8 is mended.
  @unsafe static func string(_ pointer: UnsafePointer<CChar>?) -> String {
    // SAFETY: the caller says that the text is NUL-terminated and live.
    unsafe pointer.map { unsafe String(cString: $0) } ?? ""
  }

  /// Copies a text for C; `free` gives the copy back.
  @unsafe static func copy(_ text: String) -> UnsafeMutablePointer<CChar>? {
    // SAFETY: strdup copies up to the NUL that ends the text.
    unsafe strdup(text)
  }

  /// Gives back what `copy` made.
  @unsafe static func free(_ pointer: UnsafePointer<CChar>?) {
    // SAFETY: the caller owns the memory and forgets the pointer.
    unsafe Glibc.free(UnsafeMutableRawPointer(mutating: pointer))
  }
}
