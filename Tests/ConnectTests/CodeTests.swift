import Connect
import Testing

@Suite struct CodeTests {
  /// The table of the protocol's document.
  @Test func everyCodeHasItsNameAndStatus() {
    let table: [(String, UInt16)] = [
      ("canceled", 499), ("unknown", 500), ("invalid_argument", 400), ("deadline_exceeded", 504),
      ("not_found", 404), ("already_exists", 409), ("permission_denied", 403),
      ("resource_exhausted", 429), ("failed_precondition", 400), ("aborted", 409),
      ("out_of_range", 400), ("unimplemented", 501), ("internal", 500), ("unavailable", 503),
      ("data_loss", 500), ("unauthenticated", 401),
    ]
    #expect(ConnectCode.allCases.map(\.rawValue) == table.map(\.0))
    #expect(ConnectCode.allCases.map(\.status.code) == table.map(\.1))
  }
}
