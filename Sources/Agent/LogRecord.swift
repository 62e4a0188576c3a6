package import Configuration

/// One line of the agent's log, before it is written.
package struct LogRecord: Sendable, Equatable {
  /// A value of a field.
  package enum Value: Sendable, Equatable {
    /// Any text.
    case text(String)
    /// A whole number.
    case number(Int64)
  }

  /// A named value.
  package struct Field: Sendable, Equatable {
    /// The field's name.
    package var name: String
    /// The field's value.
    package var value: Value

    /// Creates a field.
    package init(name: String, value: Value) {
      self.name = name
      self.value = value
    }
  }

  /// How urgent it is.
  package var level: Configuration.LogLevel
  /// What happened, in lower case and without the values, so that equal events have equal text.
  package var message: String
  /// The values, in the order in which they are written.
  package var fields: [Field]

  /// Creates a record without fields.
  package init(_ level: Configuration.LogLevel, _ message: String) {
    self.level = level
    self.message = message
    fields = []
  }

  /// Returns the record with a text field more.
  package func with(_ name: String, _ text: String) -> LogRecord {
    var record = self
    record.fields.append(Field(name: name, value: .text(text)))
    return record
  }

  /// Returns the record with a number field more.
  package func with(_ name: String, _ number: Int64) -> LogRecord {
    var record = self
    record.fields.append(Field(name: name, value: .number(number)))
    return record
  }
}

extension Configuration.LogLevel {
  /// Grows with the urgency.
  var urgency: Int {
    switch self {
    case .debug: 0
    case .info: 1
    case .warn: 2
    case .error: 3
    }
  }
}
