import CNghttp2

/// nghttp2's callbacks and options, made once and shared by all sessions of a server.
@safe final class HTTP2Callbacks {
  let callbacks: OpaquePointer
  let options: OpaquePointer

  private init(callbacks: OpaquePointer, options: OpaquePointer) {
    // SAFETY: both were made for this object alone, which frees them.
    unsafe self.callbacks = callbacks
    unsafe self.options = options
  }

  deinit {
    // SAFETY: sessions copy what they need of both when they are made.
    unsafe nghttp2_session_callbacks_del(callbacks)
    unsafe nghttp2_option_del(options)
  }

  /// Makes both; nil when there is no memory.
  static func make(_ limits: Limits) -> HTTP2Callbacks? {
    var callbacks: OpaquePointer?
    var options: OpaquePointer?
    // SAFETY: nghttp2 writes the two pointers or fails.
    guard unsafe nghttp2_session_callbacks_new(&callbacks) == 0, let callbacks = unsafe callbacks
    else { return nil }
    guard unsafe nghttp2_option_new(&options) == 0, let options = unsafe options else {
      unsafe nghttp2_session_callbacks_del(callbacks)
      return nil
    }
    unsafe register(callbacks)
    unsafe nghttp2_option_set_stream_reset_rate_limit(
      options, UInt64(limits.resetBurst), UInt64(limits.resetsPerSecond))
    unsafe nghttp2_option_set_max_outbound_ack(options, limits.queuedAcknowledgements)
    return unsafe HTTP2Callbacks(callbacks: callbacks, options: options)
  }

  private static func register(_ callbacks: OpaquePointer) {
    // SAFETY: the functions below live for ever and have the types that nghttp2 declares.
    unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, onBeginHeaders)
    unsafe nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, onBeginFrame)
    unsafe nghttp2_session_callbacks_set_on_header_callback(callbacks, onHeader)
    unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, onFrameReceived)
    unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, onData)
    unsafe nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, onStreamClose)
    unsafe nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, onFrameSent)
  }

  /// nghttp2's source of an answer's content: the stream's place in the table.
  static func contentSource(_ index: Int) -> nghttp2_data_provider {
    // SAFETY: only the integer of the union is used, here and in `readContent`.
    unsafe nghttp2_data_provider(
      source: nghttp2_data_source(fd: Int32(truncatingIfNeeded: index)), read_callback: readContent)
  }
}

// The user data of a session is its stream table, which outlives it; the user data of a stream is
// the stream's place in the table, plus one so that it is not the null pointer.

private func table(
  _ userData: UnsafeMutableRawPointer?
) -> UnsafeMutablePointer<HTTP2StreamTable>? {
  // SAFETY: the session was made with this pointer. Nobody else uses the table while nghttp2 runs.
  unsafe userData?.assumingMemoryBound(to: HTTP2StreamTable.self)
}

private func place(_ session: OpaquePointer?, _ stream: Int32) -> Int? {
  // SAFETY: the pointer is a number and is never followed.
  guard let pointer = unsafe nghttp2_session_get_stream_user_data(session, stream) else {
    return nil
  }
  return Int(bitPattern: pointer) - 1
}

/// What a callback returns to let nghttp2 give up the connection.
private let callbackFailure = NGHTTP2_ERR_CALLBACK_FAILURE.rawValue

@c private func onBeginFrame(
  _ session: OpaquePointer?, _ header: UnsafePointer<nghttp2_frame_hd>?,
  _ userData: UnsafeMutableRawPointer?
) -> Int32 {
  // SAFETY: see `table`; nghttp2 hands out a valid header for the time of this call.
  guard let header = unsafe header, let table = unsafe table(userData) else {
    return callbackFailure
  }
  let type = unsafe UInt32(header.pointee.type)
  let length = unsafe header.pointee.length
  let isContent = type == NGHTTP2_DATA.rawValue && length > 0
  if type != NGHTTP2_HEADERS.rawValue && !isContent { unsafe table.pointee.countControlFrame() }
  return 0
}

@c private func onBeginHeaders(
  _ session: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?,
  _ userData: UnsafeMutableRawPointer?
) -> Int32 {
  guard let frame = unsafe frame, let table = unsafe table(userData) else { return callbackFailure }
  // SAFETY: nghttp2 calls this for HEADERS frames only (a server receives no PUSH_PROMISE).
  guard unsafe frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST else {
    unsafe table.pointee.beginTrailer()
    return 0
  }
  let stream = unsafe frame.pointee.hd.stream_id
  let place = unsafe table.pointee.begin(stream)
  unsafe nghttp2_session_set_stream_user_data(
    session, stream, UnsafeMutableRawPointer(bitPattern: place + 1))
  return 0
}

@c private func onHeader(
  _ session: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?,
  _ name: UnsafePointer<UInt8>?, _ nameLength: Int,
  _ value: UnsafePointer<UInt8>?, _ valueLength: Int,
  _ flags: UInt8, _ userData: UnsafeMutableRawPointer?
) -> Int32 {
  guard let table = unsafe table(userData) else { return callbackFailure }
  // SAFETY: nghttp2 hands out valid bytes of these lengths for the time of this call.
  let name = unsafe UnsafeBufferPointer(start: name, count: nameLength)
  let value = unsafe UnsafeBufferPointer(start: value, count: valueLength)
  return unsafe table.pointee.field(name, value) ? 0 : callbackFailure
}

@c private func onFrameReceived(
  _ session: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?,
  _ userData: UnsafeMutableRawPointer?
) -> Int32 {
  guard let frame = unsafe frame, let table = unsafe table(userData) else { return callbackFailure }
  // SAFETY: the header is the first part of every member of the union.
  let header = unsafe frame.pointee.hd
  let endsStream = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
  let isAcknowledgement = header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0
  switch UInt32(header.type) {
  case NGHTTP2_HEADERS.rawValue:
    // Only a trailer's stream has to be looked for.
    if let place = unsafe table.pointee.collecting ?? place(session, header.stream_id) {
      unsafe table.pointee.endHeaders(place, endsStream: endsStream)
    }
  case NGHTTP2_DATA.rawValue:
    if endsStream, let place = unsafe place(session, header.stream_id) {
      unsafe table.pointee.endStream(place)
    }
  case NGHTTP2_SETTINGS.rawValue:
    if isAcknowledgement {
      unsafe table.pointee.acknowledgeSettings()
    } else {
      unsafe table.pointee.receiveSettings()
    }
  case NGHTTP2_PING.rawValue:
    if isAcknowledgement { unsafe table.pointee.acknowledgePing() }
  default:
    break
  }
  return 0
}

@c private func onData(
  _ session: OpaquePointer?, _ flags: UInt8, _ stream: Int32,
  _ data: UnsafePointer<UInt8>?, _ length: Int, _ userData: UnsafeMutableRawPointer?
) -> Int32 {
  // SAFETY: see `table`.
  guard let table = unsafe table(userData) else { return callbackFailure }
  guard let place = unsafe place(session, stream) else { return 0 }
  // SAFETY: nghttp2 hands out valid bytes of this length for the time of this call.
  let bytes = unsafe Span(_unsafeElements: UnsafeBufferPointer(start: data, count: length))
  unsafe table.pointee.data(place, bytes)
  return 0
}

@c private func onStreamClose(
  _ session: OpaquePointer?, _ stream: Int32, _ code: UInt32, _ userData: UnsafeMutableRawPointer?
) -> Int32 {
  // SAFETY: see `table`.
  guard let table = unsafe table(userData) else { return callbackFailure }
  if let place = unsafe place(session, stream) { unsafe table.pointee.close(place) }
  return 0
}

@c private func onFrameSent(
  _ session: OpaquePointer?, _ frame: UnsafePointer<nghttp2_frame>?,
  _ userData: UnsafeMutableRawPointer?
) -> Int32 {
  guard let frame = unsafe frame, let table = unsafe table(userData) else { return callbackFailure }
  // SAFETY: the header is the first part of every member of the union.
  let header = unsafe frame.pointee.hd
  switch UInt32(header.type) {
  case NGHTTP2_RST_STREAM.rawValue:
    // SAFETY: the type says which member of the union is set.
    if unsafe frame.pointee.rst_stream.error_code != NGHTTP2_NO_ERROR.rawValue {
      unsafe table.pointee.countReset()
    }
  case NGHTTP2_DATA.rawValue, NGHTTP2_HEADERS.rawValue:
    unsafe table.pointee.allowControlFrames()
    guard unsafe table.pointee.resetsToCome > 0,
      header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0,
      let place = unsafe place(session, header.stream_id), unsafe table.pointee.takeReset(place)
    else { break }
    unsafe nghttp2_submit_rst_stream(
      session, UInt8(NGHTTP2_FLAG_NONE.rawValue), header.stream_id, NGHTTP2_NO_ERROR.rawValue)
  default:
    break
  }
  return 0
}

@c private func readContent(
  _ session: OpaquePointer?, _ stream: Int32, _ buffer: UnsafeMutablePointer<UInt8>?,
  _ length: Int, _ flags: UnsafeMutablePointer<UInt32>?,
  _ source: UnsafeMutablePointer<nghttp2_data_source>?, _ userData: UnsafeMutableRawPointer?
) -> Int {
  guard let table = unsafe table(userData), let source = unsafe source, let flags = unsafe flags
  else { return Int(callbackFailure) }
  // SAFETY: nghttp2 lends a buffer of this length; `contentSource` has set the union's integer.
  let space = unsafe UnsafeMutableBufferPointer(start: buffer, count: length)
  switch unsafe table.pointee.read(Int(source.pointee.fd), into: space) {
  case .copied(let count, let isLast):
    if isLast { unsafe flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue }
    return count
  case .wait:
    return Int(NGHTTP2_ERR_DEFERRED.rawValue)
  case .abort:
    // The stream is reset, and the connection goes on.
    return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
  }
}
