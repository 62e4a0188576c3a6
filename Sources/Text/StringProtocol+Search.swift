/// Looking for a text in another, byte by byte.
///
/// The standard library has that in the module of regular expressions only, which is a megabyte.
extension StringProtocol {
  /// Where a text begins first, in bytes of UTF-8 from the start; nil where it does not stand here.
  ///
  /// Bytes are compared, not characters: precomposed and decomposed letters differ.
  package func place(of text: String) -> Int? {
    var rest = utf8[...]
    var place = 0
    while true {
      if rest.starts(with: text.utf8) { return place }
      guard rest.popFirst() != nil else { return nil }
      place += 1
    }
  }

  /// Whether a text stands here; the empty one always does.
  package func holds(_ text: String) -> Bool { place(of: text) != nil }
}
