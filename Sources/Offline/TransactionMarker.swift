/// A transaction marker, the control record that ends a transaction in a partition
/// (`EndTransactionMarker`, `ControlRecordType`).
enum TransactionMarker {
  case abort
  case commit

  /// Reads a marker from its key: int16 version, int16 type.
  ///
  /// - Returns: The marker; nil for a control record of another type.
  /// - Throws: A problem when the key is shorter than that or its version negative.
  static func decode(_ key: [UInt8]) throws(LineProblem) -> TransactionMarker? {
    guard key.count >= 4, key[0] < 0x80 else {
      throw LineProblem("control record whose key is no transaction marker's")
    }
    switch (key[2], key[3]) {
    case (0, 0): return .abort
    case (0, 1): return .commit
    default: return nil
    }
  }
}
