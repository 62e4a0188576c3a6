package import HTTPServer

/// Why a call failed, in the words of the Connect protocol (and of gRPC before it).
package enum ConnectCode: String, CaseIterable, Sendable {
  /// The caller gave up.
  case canceled
  /// Nobody knows what went wrong.
  case unknown
  /// The request is wrong whatever state the server is in.
  case invalidArgument = "invalid_argument"
  /// The time that the caller had given is over.
  case deadlineExceeded = "deadline_exceeded"
  /// What was asked for is not there.
  case notFound = "not_found"
  /// What was to be made is there already.
  case alreadyExists = "already_exists"
  /// The caller is known and may not do this.
  case permissionDenied = "permission_denied"
  /// A bound is reached: size, number, budget.
  case resourceExhausted = "resource_exhausted"
  /// The state that is needed first is not there.
  case failedPrecondition = "failed_precondition"
  /// Something else got in between.
  case aborted
  /// Beyond the end of what there is.
  case outOfRange = "out_of_range"
  /// The server does not do this.
  case unimplemented
  /// What must always hold does not.
  case `internal`
  /// Not now; the same call may succeed later.
  case unavailable
  /// Data are lost or damaged.
  case dataLoss = "data_loss"
  /// Who calls is not known.
  case unauthenticated

  /// The HTTP status of a unary call that fails so (Connect protocol, "Error codes").
  package var status: Status {
    switch self {
    case .canceled: Status(499)
    case .invalidArgument, .failedPrecondition, .outOfRange: .badRequest
    case .deadlineExceeded: Status(504)
    case .notFound: .notFound
    case .alreadyExists, .aborted: Status(409)
    case .permissionDenied: .forbidden
    case .resourceExhausted: Status(429)
    case .unimplemented: .notImplemented
    case .unavailable: .serviceUnavailable
    case .unauthenticated: .unauthorized
    case .unknown, .internal, .dataLoss: .internalServerError
    }
  }
}
