/// A request as ranges of one run of bytes, and its content; reused from request to request.
///
/// HTTP/1.1 fills it with the head as received, HTTP/2 with decoded names and values.
struct RequestHead {
  /// A field: where its name and its value stand.
  struct Field {
    var name: Range<Int>
    var value: Range<Int>
  }

  /// Bytes kept allocated between two requests.
  static let keptBytes = 2_048

  var bytes: [UInt8] = []
  var method = RequestMethod.notImplemented
  var version = HTTPVersion.http11
  var target = 0..<0
  var path = 0..<0
  var query: Range<Int>?
  var authority = 0..<0
  /// The content, where the method wants it and there is any.
  var content: RequestContent?
  var connection = ConnectionInfo.unknown
  /// Monotonic nanoseconds of the turn in which its first bytes came.
  var began: Int64 = 0
  /// Why the server answers instead of the handler.
  var refusal: Refusal?

  // Of both lists only the first `…Count` elements count: overwriting is cheaper than emptying.
  private var fields: [Field] = []
  private(set) var fieldCount = 0

  /// The fields of this request, in their order.
  var currentFields: ArraySlice<Field> { fields[..<fieldCount] }
  private var segments: [Range<Int>] = []
  private(set) var segmentCount = 0

  /// Forgets the request, keeping modest buffers.
  mutating func clear() {
    if bytes.capacity > Self.keptBytes {
      bytes = []
      fields = []
      segments = []
    } else {
      bytes.removeAll(keepingCapacity: true)
    }
    content = nil
    fieldCount = 0
    segmentCount = 0
    method = .notImplemented
    target = 0..<0
    path = 0..<0
    query = nil
    authority = 0..<0
    refusal = nil
  }

  // MARK: - Target

  /// Takes the target apart and finds the path's segments; false if it is malformed.
  mutating func readTarget() -> Bool {
    if case .handled(.options) = method, ASCII.equal(bytes.span.extracting(target), "*") {
      // It asks for the server as a whole, which has no path that a handler could judge.
      method = .notAllowed
      return true
    }
    guard let parts = RequestTarget.parse(bytes.span, target) else { return false }
    path = parts.path
    query = parts.query
    if let authority = parts.authority { self.authority = authority }
    if path.isEmpty {
      // "http://host" and "http://host?query" ask for the root.
      path = bytes.count..<bytes.count + 1
      bytes.append(UInt8(ascii: "/"))
    }
    findSegments()
    return true
  }

  /// Takes the target apart that HTTP/2 wants: a path (RFC 9113 section 8.3.1).
  mutating func readOriginForm() {
    guard case .handled = method else { return }
    let first = target.isEmpty ? 0 : bytes[target.lowerBound]
    let isPath = first == UInt8(ascii: "/") || first == UInt8(ascii: "*")
    if !isPath || !readTarget() { refusal = refusal ?? .malformedTarget }
  }

  private mutating func findSegments() {
    var start = path.lowerBound + 1
    while let slash = ASCII.firstIndex(
      of: UInt8(ascii: "/"), in: bytes.span.extracting(..<path.upperBound), from: start)
    {
      addSegment(start..<slash)
      start = slash + 1
    }
    addSegment(start..<path.upperBound)
  }

  private mutating func addSegment(_ range: Range<Int>) {
    if segmentCount < segments.count {
      segments[segmentCount] = range
    } else {
      segments.append(range)
    }
    segmentCount += 1
  }

  /// Where a segment of the path stands; nil beyond the last.
  func segment(_ index: Int) -> Range<Int>? {
    index >= 0 && index < segmentCount ? segments[index] : nil
  }

  // MARK: - Fields

  /// Appends bytes and says where they stand.
  mutating func addBytes(_ added: UnsafeBufferPointer<UInt8>) -> Range<Int> {
    let start = bytes.count
    // SAFETY: the caller lends valid bytes, which are copied.
    bytes.append(addingCapacity: added.count) { output in unsafe output.append(added) }
    return start..<bytes.count
  }

  /// Appends a field and says where its value stands.
  mutating func addField(
    _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>
  ) -> Range<Int> {
    let start = bytes.count
    let middle = start + name.count
    let end = middle + value.count
    bytes.append(addingCapacity: end - start) { output in
      // SAFETY: the caller lends valid bytes, which are copied.
      unsafe output.append(name)
      unsafe output.append(value)
    }
    addField(Field(name: start..<middle, value: middle..<end))
    return middle..<end
  }

  /// Adds a field whose bytes are or will be there.
  mutating func addField(_ field: Field) {
    if fieldCount < fields.count {
      fields[fieldCount] = field
    } else {
      fields.append(field)
    }
    fieldCount += 1
  }

  /// Refuses the request if its Host field differs from its authority.
  mutating func checkHost(_ range: Range<Int>) {
    if !bytes[authority].elementsEqual(bytes[range]) { refusal = refusal ?? .conflictingHost }
  }

  /// Whether there is a field of this name, in lower case.
  func has(_ name: StaticString) -> Bool {
    var position = 0
    return field(name, after: &position) != nil
  }

  /// Where the value of the next field of this name, in lower case, stands.
  ///
  /// - Parameter position: where to begin among the fields; moved behind the one that was found.
  func field(_ name: StaticString, after position: inout Int) -> Range<Int>? {
    while position < fieldCount {
      let field = fields[position]
      position += 1
      if field.name.count == name.utf8CodeUnitCount,
        ASCII.equalIgnoringCase(bytes.span.extracting(field.name), name)
      {
        return field.value
      }
    }
    return nil
  }
}
