package import JSON

/// An error of the Connect protocol (connectrpc.com/docs/protocol, "Error Codes").
package struct RPCFailure: Error, Equatable, Sendable {
  /// What kind of error it is.
  package let code: Code
  /// What the server says of it, on one line; empty where it says nothing.
  package let message: String

  /// Codes of Connect, by their names on the wire.
  package enum Code: String, Sendable, CaseIterable {
    case canceled = "canceled"
    case unknown = "unknown"
    case invalidArgument = "invalid_argument"
    case deadlineExceeded = "deadline_exceeded"
    case notFound = "not_found"
    case alreadyExists = "already_exists"
    case permissionDenied = "permission_denied"
    case resourceExhausted = "resource_exhausted"
    case failedPrecondition = "failed_precondition"
    case aborted = "aborted"
    case outOfRange = "out_of_range"
    case unimplemented = "unimplemented"
    case unavailable = "unavailable"
    case dataLoss = "data_loss"
    case unauthenticated = "unauthenticated"
    case internalError = "internal"
  }

  /// Puts an error together.
  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = TerminalText.harmless(message)
  }

  /// Reads the content of an answer that is no success; nil where it is no error of Connect.
  package init?(_ content: [UInt8]) {
    var reader = JSONReader(content)
    guard let found = try? Self(reading: &reader), (try? reader.finish()) != nil else { return nil }
    self = found
  }

  /// Reads the last envelope of a stream: nil where the stream ended well.
  ///
  /// - Throws: What is wrong with the JSON.
  package static func ofEnd(_ content: [UInt8]) throws(JSONError) -> RPCFailure? {
    var reader = JSONReader(content)
    var failure: RPCFailure?
    try reader.beginObject()
    while try reader.nextKey() {
      if reader.isKey("error") {
        failure = try RPCFailure(reading: &reader)
      } else {
        try reader.skipValue()
      }
    }
    try reader.finish()
    return failure
  }

  private init(reading reader: inout JSONReader) throws(JSONError) {
    let start = reader.position
    var code: Code?
    var message = ""
    try reader.beginObject()
    while try reader.nextKey() {
      if reader.isKey("code") {
        code = Code(rawValue: try reader.readString()) ?? .unknown
      } else if reader.isKey("message"), try !reader.readNull() {
        message = try reader.readString()
      } else {
        try reader.skipValue()
      }
    }
    guard let code else { throw JSONError(reason: .missingMember, offset: start) }
    self.init(code, message)
  }

  /// What a status means where the content does not tell (Connect, "HTTP to Error Code").
  package init(httpStatus: Int) {
    let code: Code =
      switch httpStatus {
      case 400: .internalError
      case 401: .unauthenticated
      case 403: .permissionDenied
      case 404: .unimplemented
      case 429, 502, 503, 504: .unavailable
      default: .unknown
      }
    self.init(code, "")
  }
}
