import CNghttp2

/// One HTTP/2 connection as a machine without a socket: bytes in, bytes out (RFC 9113).
///
/// nghttp2 keeps the protocol; what it leaves to its user is here: the bounds on header lists,
/// queues and resets, the answers, and the two steps of a graceful end.
@safe package final class HTTP2Session {
  private enum Draining {
    case no
    /// GOAWAY without a last stream and a PING went out: the client learns of the end while
    /// requests that it has sent already are still taken.
    case noticed(since: Int64)
    /// GOAWAY with the last stream went out.
    case going
  }

  /// What is to be done when a deadline has passed.
  package enum Expiry: Equatable {
    case nothing
    /// Frames were queued: call `fill`.
    case flush
    /// The connection has to end at once.
    case close(Refusal?)
  }

  private let raw: OpaquePointer
  /// The streams, where nghttp2's callbacks write.
  private let tableMemory: UnsafeMutablePointer<HTTP2StreamTable>
  private let context: ServerContext
  private let opened: Int64
  private var draining = Draining.no
  private var isTerminated = false
  private var hasPinged = false

  // Private, so that the compiler sees that nobody else is at them and the runtime need not look.
  private var refused: Refusal?
  private var mayHaveMore = true

  /// Why the connection has to end at once, without another byte.
  package var failure: Refusal? { refused }
  /// Whether `fill` stopped because the output was full.
  package var hasMoreOutput: Bool { mayHaveMore }

  private init(
    raw: OpaquePointer, table: UnsafeMutablePointer<HTTP2StreamTable>, context: ServerContext,
    now: Int64
  ) {
    // SAFETY: both were made for this object alone, which frees first the one, then the other.
    unsafe self.raw = raw
    unsafe tableMemory = table
    self.context = context
    opened = now
  }

  deinit {
    // SAFETY: nobody uses either after this; the table is still there while the session goes.
    unsafe tableMemory.pointee.end()
    unsafe nghttp2_session_del(raw)
    unsafe tableMemory.deinitialize(count: 1)
    unsafe tableMemory.deallocate()
  }

  /// Makes the server's side of a connection with its SETTINGS queued; nil when there is no memory.
  ///
  /// - Parameters:
  ///   - context: what the connection shares with the others of its server.
  ///   - connection: where it comes from.
  ///   - place: its place in the server's table, which its signals name.
  ///   - now: monotonic nanoseconds.
  package static func server(
    context: ServerContext, connection: ConnectionInfo = .unknown, place: Int = 0, now: Int64
  ) -> HTTP2Session? {
    guard let callbacks = context.http2Callbacks else { return nil }
    let table = UnsafeMutablePointer<HTTP2StreamTable>.allocate(capacity: 1)
    // SAFETY: memory of this type, initialised once here; it outlives the session.
    unsafe table.initialize(
      to: HTTP2StreamTable(context: context, connection: connection, place: place, now: now))
    var raw: OpaquePointer?
    var memory = unsafe context.http2Memory.functions
    let made = unsafe nghttp2_session_server_new3(
      &raw, callbacks.callbacks, UnsafeMutableRawPointer(table), callbacks.options, &memory)
    guard made == 0, let raw = unsafe raw else {
      unsafe table.deinitialize(count: 1)
      unsafe table.deallocate()
      return nil
    }
    let session = unsafe HTTP2Session(raw: raw, table: table, context: context, now: now)
    return session.submitSettings() ? session : nil
  }

  /// Makes the server's side of a connection that has changed from HTTP/1.1; nil when there is no
  /// memory.
  ///
  /// - Parameters:
  ///   - upgrade: the request, which becomes stream 1, and the client's settings.
  ///   - context, connection, place, now: as above.
  package static func server(
    upgrade: HTTP1Upgrade, context: ServerContext, connection: ConnectionInfo = .unknown,
    place: Int = 0, now: Int64
  ) -> HTTP2Session? {
    let session = server(context: context, connection: connection, place: place, now: now)
    guard let session, session.openFirstStream(upgrade) else { return nil }
    return session
  }

  private func openFirstStream(_ upgrade: HTTP1Upgrade) -> Bool {
    let isHead: Int32 = upgrade.head.method.isHead ? 1 : 0
    // SAFETY: nghttp2 copies the payload. It opens the stream without user data.
    let result = unsafe nghttp2_session_upgrade2(
      raw, upgrade.settings, upgrade.settings.count, isHead, nil)
    guard result == 0 else { return false }
    let place = table.begin(1, with: upgrade.head)
    // SAFETY: the pointer is a number and is never followed.
    return unsafe nghttp2_session_set_stream_user_data(
      raw, 1, UnsafeMutableRawPointer(bitPattern: place + 1)) == 0
  }

  private func submitSettings() -> Bool {
    let limits = context.limits
    let entries = [
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue),
        value: UInt32(clamping: limits.concurrentStreams)),
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue),
        value: UInt32(clamping: limits.headerListBytes)),
    ]
    // SAFETY: nghttp2 copies the entries.
    return unsafe nghttp2_submit_settings(
      raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), entries, entries.count) == 0
  }

  private var table: HTTP2StreamTable {
    // SAFETY: the memory lives as long as the session, and no access is held while nghttp2 runs.
    // Inlined, because a coroutine that is called takes its frame from the heap.
    @inline(__always) _read { yield unsafe tableMemory.pointee }
    @inline(__always) _modify { yield unsafe &tableMemory.pointee }
  }

  // MARK: - Bytes

  /// Whether the connection ends when its output is written.
  package var isFinished: Bool {
    // SAFETY: both only look at the session.
    unsafe nghttp2_session_want_read(raw) == 0 && nghttp2_session_want_write(raw) == 0
  }

  /// Places of streams in memory, open or not.
  package var places: Int { table.streams.count }

  /// Whether no request is under way.
  package var isIdle: Bool { table.openStreams == 0 }

  /// Whether the client has the next word: no request of its is complete.
  package var waitsForClient: Bool {
    !table.hasBegun || table.openStreams == table.receivingStreams
  }

  /// Whether all requests under way are answered by content that comes piece by piece.
  package var isStreaming: Bool {
    table.openStreams > 0 && table.openStreams == table.openSources
  }

  /// When the client last took of its answers as much as it must; nil when none wait for it.
  package var stalledSince: Int64? { table.unsentContents > 0 ? table.contentProgressed : nil }

  /// Takes what has arrived, answers the requests that are complete and writes to `output`.
  package func receive(_ bytes: Span<UInt8>, now: Int64, into output: inout [UInt8]) {
    guard refused == nil else { return }
    table.now = now
    // SAFETY: nghttp2 reads the span's own bytes and keeps none of them.
    let result = unsafe bytes.withUnsafeBufferPointer { buffer in
      buffer.isEmpty
        ? 0 : unsafe nghttp2_session_mem_recv(raw, buffer.baseAddress, buffer.count)
    }
    // Whatever the reason, a session that has returned an error must not be used again.
    guard result >= 0 else {
      return fail(table.failure ?? refusal(Int32(truncatingIfNeeded: result)))
    }
    // Not bounded by nghttp2 itself: answers to a peer that never reads.
    guard unsafe nghttp2_session_get_outbound_queue_size(raw) <= context.limits.queuedFrames else {
      return fail(.tooManyQueuedFrames)
    }
    continueExpectant()
    answerCompleteRequests()
    advanceDrain(now: now)
    fill(&output, now: now)
  }

  /// Tells clients that wait for it to send their content (RFC 9110 section 10.1.1).
  private func continueExpectant() {
    guard !table.expectant.isEmpty else { return }
    for stream in table.expectant {
      let status: StaticString = ":status"
      let code: StaticString = "100"
      // SAFETY: nghttp2 only reads literals, which live for ever. It fails only if the stream is
      // gone.
      var field = unsafe nghttp2_nv(
        name: UnsafeMutablePointer(mutating: status.utf8Start),
        value: UnsafeMutablePointer(mutating: code.utf8Start),
        namelen: status.utf8CodeUnitCount, valuelen: code.utf8CodeUnitCount,
        flags: UInt8(
          NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue))
      _ = unsafe nghttp2_submit_headers(
        raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, nil, &field, 1, nil)
    }
    table.expectant.removeAll(keepingCapacity: true)
  }

  /// Writes frames to `output` until it is full or there is nothing to write.
  package func fill(_ output: inout [UInt8], now: Int64) {
    guard refused == nil else { return }
    table.now = now
    writeFrames(to: &output)
    while !mayHaveMore, refused == nil, answerCompleteRequests() { writeFrames(to: &output) }
    pingAfterNotice(&output)
    guard table.resetsTooOften || table.isNoisy, !isTerminated, refused == nil else { return }
    isTerminated = true
    context.counterTable.count(
      table.resetsTooOften ? Refusal.tooManyResets : Refusal.tooManyFrames)
    // SAFETY: queues a GOAWAY.
    unsafe nghttp2_session_terminate_session(raw, NGHTTP2_ENHANCE_YOUR_CALM.rawValue)
    writeFrames(to: &output)
  }

  private func writeFrames(to output: inout [UInt8]) {
    mayHaveMore = false
    while output.count < context.limits.outputBytes {
      var frame: UnsafePointer<UInt8>?
      // SAFETY: the frame is valid until the next call and is copied before it.
      let count = unsafe nghttp2_session_mem_send(raw, &frame)
      guard count >= 0 else { return fail(refusal(Int32(truncatingIfNeeded: count))) }
      guard count > 0 else { return }
      output.append(addingCapacity: count) { output in
        unsafe output.append(UnsafeBufferPointer(start: frame, count: count))
      }
    }
    mayHaveMore = true
  }

  /// Sends the PING whose answer says that the client has seen the notice.
  ///
  /// Not before the notice has gone: nghttp2 lets a PING overtake it.
  private func pingAfterNotice(_ output: inout [UInt8]) {
    guard case .noticed = draining, !hasPinged, !mayHaveMore, refused == nil else { return }
    hasPinged = true
    // SAFETY: only queues a frame.
    unsafe nghttp2_submit_ping(raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil)
    writeFrames(to: &output)
  }

  private func fail(_ refusal: Refusal) {
    refused = refusal
    context.counterTable.count(refusal)
  }

  private func refusal(_ code: Int32) -> Refusal {
    code == NGHTTP2_ERR_FLOODED.rawValue ? .tooManyQueuedFrames : .malformedHTTP2
  }

  // MARK: - Answers

  /// Answers requests as long as not too much waits for the client; whether it answered any.
  @discardableResult
  private func answerCompleteRequests() -> Bool {
    guard table.hasBegun else { return false }
    var answered = 0
    while answered < table.complete.count,
      table.unsentBytes < context.limits.unsentBytesOfConnection
    {
      let index = table.complete[answered]
      answered += 1
      let isHead = table.streams[index].head.method.isHead
      submit(table.respond(index), isHead: isHead, to: index)
    }
    guard answered > 0 else { return false }
    if answered == table.complete.count {
      table.complete.removeAll(keepingCapacity: true)
    } else {
      table.complete.removeFirst(answered)
    }
    return true
  }

  private func submit(_ response: consuming Response, isHead: Bool, to index: Int) {
    let mayHaveContent = !isHead && !response.hasNoContent
    let isStreamed = response.stream != nil
    let hasContent = mayHaveContent && (isStreamed || !response.body.isEmpty)
    // SAFETY: the session is this object's own.
    let result = unsafe context.http2Fields.submit(
      response, raw, stream: table.streams[index].id, content: hasContent ? index : nil,
      date: context.date)
    // It fails only if the stream is gone or memory is: then there is nobody to answer.
    let isAnswered = result == 0 && hasContent
    guard isStreamed else {
      if isAnswered { table.answer(index, content: response.body) }
      return
    }
    guard let source = response.stream else { return }
    if isAnswered { table.answer(index, source: source) } else { source.close() }
  }

  // MARK: - Streams

  /// The source of an answer may have something: `fill` asks it.
  ///
  /// - Parameter place: the stream's place, as its signal names it.
  package func resume(_ place: Int) {
    guard refused == nil, let stream = table.resume(place) else { return }
    resumeData(stream)
  }

  private func resumeData(_ stream: Int32) {
    // SAFETY: it fails if the stream does not wait, which is no harm.
    unsafe nghttp2_session_resume_data(raw, stream)
    mayHaveMore = true
  }

  /// The connection is gone.
  package func close() {
    table.end()
  }

  // MARK: - The end

  /// Begins a graceful end: no new streams, those that are open are finished.
  package func drain(now: Int64) {
    guard case .no = draining, refused == nil else { return }
    draining = .noticed(since: now)
    for stream in table.drainSources() { resumeData(stream) }
    // SAFETY: only queues a frame.
    unsafe nghttp2_submit_shutdown_notice(raw)
    mayHaveMore = true
  }

  /// Says which stream was the last once the client has seen the notice, or has had time to.
  private func advanceDrain(now: Int64) {
    guard case .noticed(let since) = draining,
      table.pingAcknowledged || now &- since >= context.limits.goAwayTime
    else { return }
    draining = .going
    // SAFETY: only queues a frame.
    unsafe nghttp2_submit_goaway(
      raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), nghttp2_session_get_last_proc_stream_id(raw),
      NGHTTP2_NO_ERROR.rawValue, nil, 0)
    mayHaveMore = true
  }

  /// The next time at which `expire` has something to do.
  package var deadline: Int64 {
    // SAFETY: as for `table`, whose coroutine is not inlined here and would cost an allocation a
    // turn.
    unsafe deadline(of: tableMemory.pointee)
  }

  private func deadline(of table: borrowing HTTP2StreamTable) -> Int64 {
    let limits = context.limits
    var earliest = Int64.max
    if !table.settingsAcknowledged { earliest = opened &+ limits.settingsTime }
    if let began = table.oldestReceiving { earliest = min(earliest, began &+ limits.requestTime) }
    if table.unsentContents > 0 {
      earliest = min(earliest, table.contentProgressed &+ limits.writeTime)
    }
    switch draining {
    case .noticed(let since): return min(earliest, since &+ limits.goAwayTime)
    case .going: return earliest
    case .no: break
    }
    guard table.openStreams == 0 else { return earliest }
    return min(earliest, table.lastActivity &+ limits.idleTimeHTTP2)
  }

  /// Does what has become due.
  package func expire(now: Int64) -> Expiry {
    let limits = context.limits
    table.now = now
    if !table.settingsAcknowledged && now &- opened >= limits.settingsTime {
      return .close(.settingsTimeout)
    }
    if table.unsentContents > 0 && now &- table.contentProgressed >= limits.writeTime {
      return .close(.writeTimeout)
    }
    var result = Expiry.nothing
    let slow = table.slowStreams(since: now &- limits.requestTime)
    if slow.inHeaders { return .close(.requestTimeout) }
    for stream in slow.ids {
      context.counterTable.count(Refusal.requestTimeout)
      // SAFETY: only queues a frame; the stream's place is freed when it was sent.
      unsafe nghttp2_submit_rst_stream(
        raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, NGHTTP2_CANCEL.rawValue)
      result = .flush
    }
    if case .noticed = draining {
      advanceDrain(now: now)
      if case .going = draining { result = .flush }
    } else if case .no = draining, table.openStreams == 0,
      now &- table.lastActivity >= limits.idleTimeHTTP2
    {
      drain(now: now)
      result = .flush
    }
    return result
  }
}
