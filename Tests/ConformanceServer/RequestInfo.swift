import Connect
import HTTPServer
import JSON

/// What the server saw of a request, which it has to repeat: in JSON in a message, in binary in an
/// error detail.
struct RequestInfo {
  /// The full name of its message.
  static let type = "connectrpc.conformance.v1.ConformancePayload.RequestInfo"
  private static let prefix = "type.googleapis.com/connectrpc.conformance.v1."

  private var headers: [NamedValues] = []
  private let timeoutMilliseconds: Int64?
  private let requestType: String
  private let requestJSON: ArraySlice<UInt8>
  private let requestBinary: [UInt8]
  /// The parameters of a GET; nil for a POST.
  private var queryParameters: [NamedValues]?

  /// Takes down what there is.
  ///
  /// - Parameters:
  ///   - type: the name of the request's message, without its package.
  ///   - binary: the request in protobuf's binary form.
  init(_ request: borrowing Request, _ call: ConnectCall, type: String, binary: [UInt8]) {
    timeoutMilliseconds = call.timeoutMilliseconds
    requestType = Self.prefix + type
    requestJSON = call.message
    requestBinary = binary
    var headers: [NamedValues] = []
    request.forEachHeader { name, value in
      let name = String(decoding: name, as: UTF8.self).lowercased()
      let value = String(decoding: value, as: UTF8.self)
      if let place = headers.firstIndex(where: { $0.name == name }) {
        headers[place].values.append(value)
      } else {
        headers.append(NamedValues(name: name, values: [value]))
      }
    }
    self.headers = headers
    guard call.isGet else { return }
    let names: [StaticString] = ["base64", "compression", "connect", "encoding", "message"]
    queryParameters = []
    for name in names {
      let values = request.queryValues(name).map { String(decoding: $0, as: UTF8.self) }
      if !values.isEmpty {
        queryParameters?.append(NamedValues(name: "\(name)", values: values))
      }
    }
  }

  // MARK: JSON

  /// Writes it as JSON.
  func write(to writer: inout JSONWriter) {
    writer.beginObject()
    Self.write(headers, "requestHeaders", to: &writer)
    if let timeoutMilliseconds {
      writer.field("timeoutMs", decimalString: timeoutMilliseconds)
    }
    writer.key("requests")
    writer.beginArray()
    writer.value(json: anyJSON.span)
    writer.endArray()
    if let queryParameters {
      writer.key("connectGetInfo")
      writer.beginObject()
      Self.write(queryParameters, "queryParams", to: &writer)
      writer.endObject()
    }
    writer.endObject()
  }

  private static func write(
    _ list: [NamedValues], _ name: StaticString, to writer: inout JSONWriter
  ) {
    writer.key(name)
    writer.beginArray()
    for item in list {
      writer.beginObject()
      writer.field("name", item.name)
      writer.key("value")
      writer.beginArray()
      for value in item.values { writer.value(value) }
      writer.endArray()
      writer.endObject()
    }
    writer.endArray()
  }

  /// The request as `google.protobuf.Any`: its own text with the type as the first member.
  private var anyJSON: [UInt8] {
    let members = requestJSON.drop { $0 != UInt8(ascii: "{") }.dropFirst()
      .drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    let comma = members.first == UInt8(ascii: "}") ? "" : ","
    return Array("{\"@type\":\"\(requestType)\"\(comma)".utf8) + members
  }

  // MARK: Binary

  /// It as the detail of an error.
  var detail: ConnectError.Detail {
    var writer = ProtoWriter()
    for header in headers { writer.field(1) { header.write(to: &$0) } }
    if let timeoutMilliseconds { writer.field(2, timeoutMilliseconds) }
    writer.field(3) { any in
      any.field(1, requestType)
      any.field(2, requestBinary)
    }
    if let queryParameters {
      writer.field(4) { info in
        for parameter in queryParameters { info.field(1) { parameter.write(to: &$0) } }
      }
    }
    return ConnectError.Detail(type: Self.type, value: writer.bytes)
  }
}
