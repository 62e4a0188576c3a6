import HTTPServer
package import JSON

/// A failed call: a code, words for people, and details for programs.
package struct ConnectError: Error, Sendable {
  /// One detail: a protobuf message that says more.
  package struct Detail: Sendable {
    /// The full name of the message, such as `google.rpc.RetryInfo`.
    package var type: String
    /// The message in protobuf's binary form.
    package var value: [UInt8]
    /// The message in JSON, for people who look at it; nil to leave it out.
    package var debug: [UInt8]?

    /// Makes a detail.
    package init(type: String, value: [UInt8], debug: [UInt8]? = nil) {
      self.type = type
      self.value = value
      self.debug = debug
    }
  }

  /// Why the call failed.
  package var code: ConnectCode
  /// What people should read; never a secret.
  package var message: String
  /// What programs should read.
  package var details: [Detail]

  /// Makes an error.
  package init(_ code: ConnectCode, _ message: String = "", details: [Detail] = []) {
    self.code = code
    self.message = message
    self.details = details
  }

  /// Writes the error as a JSON object (Connect protocol, "Error").
  package func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.field("code", code.rawValue)
    if !message.isEmpty { writer.field("message", message) }
    if !details.isEmpty {
      writer.key("details")
      writer.beginArray()
      for detail in details { Self.write(detail, to: &writer) }
      writer.endArray()
    }
    writer.endObject()
  }

  private static func write(_ detail: Detail, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.field("type", detail.type)
    // Without padding, unlike `bytes` fields of ProtoJSON.
    var value: [UInt8] = []
    Base64.append(detail.value.span, to: &value, isPadded: false)
    writer.field("value", value.span)
    if let debug = detail.debug {
      writer.key("debug")
      writer.value(json: debug.span)
    }
    writer.endObject()
  }

  /// The error as JSON text.
  package var json: [UInt8] {
    var writer = JSONWriter()
    write(to: &writer)
    return writer.finish()
  }
}
