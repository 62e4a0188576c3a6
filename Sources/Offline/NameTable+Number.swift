import LagCore

extension NameTable {
  /// The number of a name, which is added when it is new.
  ///
  /// - Parameters:
  ///   - bytes: Where the name stands.
  ///   - range: The name, or nil for all of `bytes`.
  /// - Throws: A problem when the table is full.
  mutating func number(
    of bytes: [UInt8], _ range: Range<Int>? = nil
  ) throws(LineProblem) -> Int32 {
    let name = bytes.span.extracting(range ?? bytes.indices)
    if let known = find(name) { return Int32(known) }
    guard let new = insert(name) else {
      throw LineProblem("more than \(Self.maximumBytes) bytes of names")
    }
    return Int32(new)
  }
}
