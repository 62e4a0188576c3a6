import Connect

/// The requests of `connectrpc.conformance.v1.ConformanceService`: read from JSON, written in
/// binary where an error detail repeats them.
struct NamedValues: Sendable {
  var name = ""
  var values: [String] = []

  static let schema = MessageSchema(
    NamedValues(), [.field("name", \.name, .string), .repeated("value", \.values, .string)])

  func write(to writer: inout ProtoWriter) {
    if !name.isEmpty { writer.field(1, name) }
    for value in values { writer.field(2, value) }
  }
}

struct WantedError: Sendable {
  var code: Int32 = 0
  var message: String?
  /// Details of foreign types would have to be known here; the suite sends none.
  var details: [Unknown] = []

  struct Unknown: Sendable {}

  static let schema = MessageSchema(
    WantedError(),
    [
      .field("code", \.code, .enumeration(names)), .field("message", \.message, .string),
      .repeated("details", \.details, .message(MessageSchema(Unknown(), []))),
    ])

  /// The protocol numbers its codes in the order of its document.
  private static let names: [(StaticString, Int32)] = [
    ("CODE_UNSPECIFIED", 0), ("CODE_CANCELED", 1), ("CODE_UNKNOWN", 2),
    ("CODE_INVALID_ARGUMENT", 3), ("CODE_DEADLINE_EXCEEDED", 4), ("CODE_NOT_FOUND", 5),
    ("CODE_ALREADY_EXISTS", 6), ("CODE_PERMISSION_DENIED", 7), ("CODE_RESOURCE_EXHAUSTED", 8),
    ("CODE_FAILED_PRECONDITION", 9), ("CODE_ABORTED", 10), ("CODE_OUT_OF_RANGE", 11),
    ("CODE_UNIMPLEMENTED", 12), ("CODE_INTERNAL", 13), ("CODE_UNAVAILABLE", 14),
    ("CODE_DATA_LOSS", 15), ("CODE_UNAUTHENTICATED", 16),
  ]

  func write(to writer: inout ProtoWriter) {
    if code != 0 { writer.field(1, Int64(code)) }
    if let message { writer.field(2, message) }
  }

  /// The error itself, with one detail.
  func error(detail: ConnectError.Detail?) -> ConnectError {
    guard details.isEmpty else {
      return ConnectError(.unimplemented, "details of other types are not known here")
    }
    let codes = ConnectCode.allCases
    let place = Int(code) - 1
    return ConnectError(
      codes.indices.contains(place) ? codes[place] : .unknown, message ?? "",
      details: detail.map { [$0] } ?? [])
  }
}

/// What a unary method is to answer.
struct UnaryDefinition: Sendable {
  var headers: [NamedValues] = []
  var data: [UInt8]?
  var error: WantedError?
  var trailers: [NamedValues] = []
  var delayMilliseconds: UInt32 = 0

  static let schema = MessageSchema(
    UnaryDefinition(),
    [
      .repeated(
        "responseHeaders", \.headers, .message(NamedValues.schema), proto: "response_headers"),
      .field("responseData", \.data, .bytes, proto: "response_data"),
      .field("error", \.error, .message(WantedError.schema)),
      .repeated(
        "responseTrailers", \.trailers, .message(NamedValues.schema), proto: "response_trailers"),
      .field("responseDelayMs", \.delayMilliseconds, .uint32, proto: "response_delay_ms"),
    ])

  func write(to writer: inout ProtoWriter) {
    for header in headers { writer.field(1) { header.write(to: &$0) } }
    if let data { writer.field(2, data) }
    if let error { writer.field(3) { error.write(to: &$0) } }
    for trailer in trailers { writer.field(4) { trailer.write(to: &$0) } }
    if delayMilliseconds != 0 { writer.field(6, Int64(delayMilliseconds)) }
  }
}

/// What a method that streams is to answer.
struct StreamDefinition: Sendable {
  var headers: [NamedValues] = []
  var data: [[UInt8]] = []
  var delayMilliseconds: UInt32 = 0
  var error: WantedError?
  var trailers: [NamedValues] = []

  static let schema = MessageSchema(
    StreamDefinition(),
    [
      .repeated(
        "responseHeaders", \.headers, .message(NamedValues.schema), proto: "response_headers"),
      .repeated("responseData", \.data, .bytes, proto: "response_data"),
      .field("responseDelayMs", \.delayMilliseconds, .uint32, proto: "response_delay_ms"),
      .field("error", \.error, .message(WantedError.schema)),
      .repeated(
        "responseTrailers", \.trailers, .message(NamedValues.schema), proto: "response_trailers"),
    ])

  func write(to writer: inout ProtoWriter) {
    for header in headers { writer.field(1) { header.write(to: &$0) } }
    for data in data { writer.field(2, data) }
    if delayMilliseconds != 0 { writer.field(3, Int64(delayMilliseconds)) }
    if let error { writer.field(4) { error.write(to: &$0) } }
    for trailer in trailers { writer.field(5) { trailer.write(to: &$0) } }
  }
}

/// What a request says that its answer is to be.
protocol ResponseDefinition: Sendable {
  static var schema: MessageSchema<Self> { get }
  func write(to writer: inout ProtoWriter)
}

extension UnaryDefinition: ResponseDefinition {}
extension StreamDefinition: ResponseDefinition {}

/// A request with such a definition.
struct DefinedRequest<Definition: ResponseDefinition>: Sendable {
  var definition: Definition?
  var data: [UInt8] = []

  static var schema: MessageSchema<Self> {
    MessageSchema(
      Self(),
      [
        .field(
          "responseDefinition", \.definition, .message(Definition.schema),
          proto: "response_definition"),
        .field("requestData", \.data, .bytes, proto: "request_data"),
      ])
  }

  var binary: [UInt8] {
    var writer = ProtoWriter()
    if let definition { writer.field(1) { definition.write(to: &$0) } }
    if !data.isEmpty { writer.field(2, data) }
    return writer.bytes
  }
}

/// `UnaryRequest` and `IdempotentUnaryRequest`.
typealias UnaryRequest = DefinedRequest<UnaryDefinition>
/// `ServerStreamRequest`.
typealias StreamRequest = DefinedRequest<StreamDefinition>

/// A message without a field.
struct EmptyRequest: Sendable {
  static let schema = MessageSchema(EmptyRequest(), [])
}
