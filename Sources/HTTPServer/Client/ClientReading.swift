/// A connection on which one request is sent and its answer read.
final class ClientReading {
  /// Bytes that are read at once.
  private static let bufferBytes = 16_384

  private let transport: any ClientTransport
  private var reader: ClientResponseReader

  init(_ transport: any ClientTransport, limits: ClientLimits) {
    self.transport = transport
    reader = ClientResponseReader(limits: limits)
  }

  /// Sends the bytes of a request.
  func send(_ bytes: [UInt8], by deadline: Deadline) throws(ClientError) {
    var sent = 0
    while sent < bytes.count {
      let step: ClientTransportStep
      do throws(ClientError) {
        step = try transport.send(bytes.span.extracting(sent..<bytes.count), .sending)
      } catch .broken {
        // A server that has read enough to refuse the request may answer and close.
        return
      }
      switch step {
      case .bytes(let count): sent += count
      case .wait(let events): try wait(events, .sending, deadline)
      }
    }
  }

  /// Reads the head of the answer.
  func head(by deadline: Deadline) throws(ClientError) -> ClientResponseHead {
    while true {
      if let head = reader.head { return head }
      try receive(.waiting, deadline)
    }
  }

  /// Reads more of the content; nil at its end.
  func next(by deadline: Deadline) throws(ClientError) -> [UInt8]? {
    while true {
      if !reader.content.isEmpty { return reader.takeContent() }
      if reader.isComplete { return nil }
      try receive(.reading, deadline)
    }
  }

  private func receive(
    _ stage: ClientError.Stage, _ deadline: Deadline
  ) throws(ClientError) {
    // A server that always has a byte more does not hold its client beyond the time.
    guard deadline.remainingMilliseconds > 0 else { throw .timeout(stage) }
    var buffer = [UInt8](repeating: 0, count: Self.bufferBytes)
    var span = buffer.mutableSpan
    let step = try transport.receive(into: &span, stage)
    switch step {
    case .bytes(0): try reader.end()
    case .bytes(let count): try reader.read(buffer.span.extracting(first: count))
    case .wait(let events): try wait(events, stage, deadline)
    }
  }

  private func wait(
    _ events: Int16, _ stage: ClientError.Stage, _ deadline: Deadline
  ) throws(ClientError) {
    guard deadline.wait(for: transport.fileDescriptor, events: events) else {
      throw .timeout(stage)
    }
  }
}
