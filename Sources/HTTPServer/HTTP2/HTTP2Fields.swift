import CNghttp2

/// The fields of a response as nghttp2 takes them.
///
/// Names and the media type are literals, which nghttp2 need not copy; the rest it copies.
enum HTTP2Fields {
  /// Calls `body` with the fields of a response, which are valid until it returns.
  static func withNameValues(
    of response: borrowing Response, date: borrowing [UInt8],
    _ body: (UnsafeMutableBufferPointer<nghttp2_nv>) -> Int32
  ) -> Int32 {
    let status = DecimalDigits(Int(response.status.code))
    let length = DecimalDigits(response.body.count)
    let headers = response.headers.prefix(Response.maximumHeaders)
    // SAFETY: at most four fields and the further ones are written; digits and date stay where they
    // are inside the closures, and nghttp2 copies them.
    return unsafe withUnsafeTemporaryAllocation(
      of: nghttp2_nv.self, capacity: 4 + headers.count
    ) { space in
      unsafe withUnsafeTemporaryAllocation(
        of: UInt8.self, capacity: 2 * DecimalDigits.capacity
      ) { digits in
        unsafe date.withUnsafeBufferPointer { date in
          let lengthStart = unsafe write(status, to: digits, from: 0)
          let end = unsafe write(length, to: digits, from: lengthStart)
          var count = 0
          func add(_ field: nghttp2_nv) {
            unsafe space.initializeElement(at: count, to: field)
            count += 1
          }
          unsafe add(field(":status", UnsafeBufferPointer(rebasing: digits[..<lengthStart])))
          if !response.hasNoContent {
            unsafe add(field("content-type", response.contentType.value))
            if response.stream == nil {
              let length = unsafe UnsafeBufferPointer(rebasing: digits[lengthStart..<end])
              unsafe add(field("content-length", length))
            }
          }
          unsafe add(field("date", date))
          guard !headers.isEmpty else {
            return unsafe body(UnsafeMutableBufferPointer(rebasing: space[..<count]))
          }
          return unsafe addFurther(headers, to: space, from: count, body)
        }
      }
    }
  }

  private static func write(
    _ number: borrowing DecimalDigits, to space: UnsafeMutableBufferPointer<UInt8>, from start: Int
  ) -> Int {
    var position = start
    for index in number.indices {
      // SAFETY: the space has room for the digits of two numbers.
      unsafe space.initializeElement(at: position, to: number[index])
      position += 1
    }
    return position
  }

  private static func addFurther(
    _ headers: ArraySlice<Header>, to space: UnsafeMutableBufferPointer<nghttp2_nv>,
    from count: Int, _ body: (UnsafeMutableBufferPointer<nghttp2_nv>) -> Int32
  ) -> Int32 {
    guard let header = headers.first else {
      // SAFETY: the first `count` elements were initialised, and need no deinitialisation.
      return unsafe body(UnsafeMutableBufferPointer(rebasing: space[..<count]))
    }
    // SAFETY: one level of recursion for each further field keeps its value where it is.
    return unsafe header.value.withUnsafeBufferPointer { value in
      switch header.name {
      case .literal(let name):
        unsafe space.initializeElement(at: count, to: field(name, value))
        return unsafe addFurther(headers.dropFirst(), to: space, from: count + 1, body)
      case .bytes(let name):
        return unsafe name.withUnsafeBufferPointer { name in
          unsafe space.initializeElement(at: count, to: field(name, value))
          return unsafe addFurther(headers.dropFirst(), to: space, from: count + 1, body)
        }
      }
    }
  }

  private static func field(
    _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>
  ) -> nghttp2_nv {
    // SAFETY: nghttp2 only reads through the pointers, and copies both.
    unsafe nghttp2_nv(
      name: UnsafeMutablePointer(mutating: name.baseAddress),
      value: UnsafeMutablePointer(mutating: value.baseAddress),
      namelen: name.count, valuelen: value.count, flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue))
  }

  private static func field(
    _ name: StaticString, _ value: UnsafeBufferPointer<UInt8>
  ) -> nghttp2_nv {
    // SAFETY: nghttp2 only reads through the pointers; a literal lives for ever.
    unsafe nghttp2_nv(
      name: UnsafeMutablePointer(mutating: name.utf8Start),
      value: UnsafeMutablePointer(mutating: value.baseAddress),
      namelen: name.utf8CodeUnitCount, valuelen: value.count,
      flags: UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue))
  }

  private static func field(_ name: StaticString, _ value: StaticString) -> nghttp2_nv {
    // SAFETY: nghttp2 only reads through the pointers; literals live for ever.
    unsafe nghttp2_nv(
      name: UnsafeMutablePointer(mutating: name.utf8Start),
      value: UnsafeMutablePointer(mutating: value.utf8Start),
      namelen: name.utf8CodeUnitCount, valuelen: value.utf8CodeUnitCount,
      flags: UInt8(
        NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue))
  }
}
