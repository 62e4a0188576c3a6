/// Where a server counts, one step each; read as `Counters`.
///
/// Plain memory and no array, because every request counts: nothing is checked but the index.
@safe final class CounterTable {
  private static let statuses = 600
  private static let protocols = Counters.Connections.allCases.count
  private static let refusals = Refusal.allCases.count
  private static let rest = 5

  private let cells: UnsafeMutableBufferPointer<UInt64>

  init() {
    // SAFETY: allocated and initialised here for this object alone, which frees it.
    unsafe cells = .allocate(capacity: Self.cellCount)
    unsafe cells.initialize(repeating: 0)
  }

  deinit {
    // SAFETY: nobody else has the pointer.
    unsafe cells.deallocate()
  }

  private func add(_ number: Int, at index: Int) {
    precondition(index >= 0 && index < Self.cellCount)
    // SAFETY: the index was checked.
    unsafe cells[index] &+= UInt64(truncatingIfNeeded: number)
  }

  private func cell(_ index: Int) -> UInt64 {
    precondition(index >= 0 && index < Self.cellCount)
    // SAFETY: the index was checked.
    return unsafe cells[index]
  }

  private static let firstProtocol = statuses
  private static let firstRefusal = statuses + protocols
  private static let firstRest = statuses + protocols + refusals
  private static let cellCount = firstRest + rest

  func count(_ status: Status) { add(1, at: Int(status.code)) }
  func count(_ kind: Counters.Connections) { add(1, at: Self.firstProtocol + kind.rawValue) }
  func count(_ refusal: Refusal) { add(1, at: Self.firstRefusal + Int(refusal.rawValue)) }
  func accepted() { add(1, at: Self.firstRest) }
  func closed() { add(1, at: Self.firstRest + 1) }
  func evicted() { add(1, at: Self.firstRest + 2) }
  func received(_ bytes: Int) { add(bytes, at: Self.firstRest + 3) }
  func sent(_ bytes: Int) { add(bytes, at: Self.firstRest + 4) }

  /// All counters as they stand.
  var snapshot: Counters {
    let byStatus = (0..<Self.statuses).map(cell)
    let byProtocol = (0..<Self.protocols).map { cell(Self.firstProtocol + $0) }
    let byRefusal = (0..<Self.refusals).map { cell(Self.firstRefusal + $0) }
    let rest = (0..<Self.rest).map { cell(Self.firstRest + $0) }
    return Counters(
      accepted: rest[0], closed: rest[1], evicted: rest[2], bytesReceived: rest[3],
      bytesSent: rest[4], byStatus: byStatus, byProtocol: byProtocol, byRefusal: byRefusal)
  }
}
