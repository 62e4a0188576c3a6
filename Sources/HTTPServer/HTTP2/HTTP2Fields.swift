import CNghttp2

/// Hands responses to nghttp2, with their fields in the form that it takes.
///
/// The fields stand in memory that serves one response after the other: nghttp2 copies what it is
/// given, but for names and values that are literals.
@safe final class HTTP2Fields {
  /// Fields that every response has, where its status and content let it.
  private static let usual = 4
  /// Digits of the largest number.
  private static let digits = 20

  private let fields: UnsafeMutablePointer<nghttp2_nv>
  private let digits: UnsafeMutablePointer<UInt8>

  init() {
    // SAFETY: allocated here for this object alone, which frees them. Both hold plain values, and
    // only what was written for a response is read.
    unsafe fields = .allocate(capacity: Self.usual + Response.maximumHeaders)
    unsafe digits = .allocate(capacity: 2 * Self.digits)
  }

  deinit {
    // SAFETY: as above.
    unsafe fields.deallocate()
    unsafe digits.deallocate()
  }

  /// Submits a response; what nghttp2 answers, 0 for success.
  ///
  /// - Parameters:
  ///   - content: the place of the stream, from which the content is read; nil for none.
  ///   - date: when it is.
  func submit(
    _ response: borrowing Response, _ session: OpaquePointer, stream: Int32, content: Int?,
    date: HTTPDate
  ) -> Int32 {
    var count = 1
    // SAFETY: at most four fields are written here; digits and date stay until nghttp2 has copied
    // them.
    unsafe fields[0] = status(response.status)
    if !response.hasNoContent {
      unsafe fields[1] = Self.field("content-type", response.contentType.value)
      count = 2
      if response.stream == nil {
        let length = unsafe write(response.body.count, to: digits + Self.digits)
        unsafe fields[2] = Self.field("content-length", length)
        count = 3
      }
    }
    unsafe fields[count] = Self.field("date", date.bytes)
    count += 1
    let further = min(response.headers.count, Response.maximumHeaders)
    var bytes = 0
    for index in 0..<further { bytes += response.headers[index].bytes }
    // SAFETY: the space has room for all that is copied into it, and lives until nghttp2 has copied
    // that.
    return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: bytes) { space in
      var used = 0
      for index in 0..<further {
        unsafe fields[count] = field(response.headers[index], space, &used)
        count += 1
      }
      return unsafe submit(session, stream, content, count)
    }
  }

  private func submit(
    _ session: OpaquePointer, _ stream: Int32, _ content: Int?, _ count: Int
  ) -> Int32 {
    // SAFETY: the first `count` fields were written; the content's source is a number.
    guard let content else {
      return unsafe nghttp2_submit_response(session, stream, fields, count, nil)
    }
    var source = unsafe HTTP2Callbacks.contentSource(content)
    return unsafe nghttp2_submit_response(session, stream, fields, count, &source)
  }

  /// A further field; what is no literal is copied into `space`.
  private func field(
    _ header: borrowing Header, _ space: UnsafeMutableBufferPointer<UInt8>, _ used: inout Int
  ) -> nghttp2_nv {
    // SAFETY: literals live for ever, and `space` until nghttp2 has copied what is in it.
    if case .literal(let name) = header.name, case .literal(let value) = header.text {
      return unsafe Self.field(name, value)
    }
    return unsafe Self.field(
      stable(header.name, space, &used), stable(header.text, space, &used),
      UInt8(NGHTTP2_NV_FLAG_NONE.rawValue))
  }

  /// A text where it stays: a literal where it is, others copied into `space`.
  private func stable(
    _ text: Header.Text, _ space: UnsafeMutableBufferPointer<UInt8>, _ used: inout Int
  ) -> UnsafeBufferPointer<UInt8> {
    switch text {
    case .literal(let text):
      // SAFETY: a literal lives for ever.
      return unsafe UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    case .bytes(let text):
      // SAFETY: there is room for all of these, see above.
      let place = unsafe UnsafeMutableBufferPointer(
        rebasing: space[used..<used + text.count])
      _ = unsafe place.initialize(fromContentsOf: text)
      used += text.count
      return UnsafeBufferPointer(place)
    }
  }

  private func status(_ status: Status) -> nghttp2_nv {
    // Those that nearly every answer has.
    switch status.code {
    case 200: return unsafe Self.field(":status", "200")
    case 404: return unsafe Self.field(":status", "404")
    case 503: return unsafe Self.field(":status", "503")
    default:
      // SAFETY: there is room for the digits of two numbers.
      return unsafe Self.field(":status", write(Int(status.code), to: digits))
    }
  }

  private func write(
    _ number: Int, to start: UnsafeMutablePointer<UInt8>
  ) -> UnsafeBufferPointer<UInt8> {
    var rest = UInt(clamping: number)
    var first = Self.digits
    repeat {
      first -= 1
      // SAFETY: the space has room for the digits of any number.
      unsafe start[first] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    } while rest > 0
    return unsafe UnsafeBufferPointer(start: start + first, count: Self.digits - first)
  }

  private static func field(
    _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>, _ flags: UInt8
  ) -> nghttp2_nv {
    // SAFETY: nghttp2 only reads through the pointers.
    unsafe nghttp2_nv(
      name: UnsafeMutablePointer(mutating: name.baseAddress),
      value: UnsafeMutablePointer(mutating: value.baseAddress),
      namelen: name.count, valuelen: value.count, flags: flags)
  }

  private static func field(
    _ name: StaticString, _ value: UnsafeBufferPointer<UInt8>
  ) -> nghttp2_nv {
    // SAFETY: a literal lives for ever.
    unsafe field(
      UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), value,
      UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue))
  }

  private static func field(_ name: StaticString, _ value: StaticString) -> nghttp2_nv {
    // SAFETY: literals live for ever.
    unsafe field(
      UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount),
      UnsafeBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount),
      UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue))
  }
}
