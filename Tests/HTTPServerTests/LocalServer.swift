import EventLoop
import Glibc
import HTTPServer
import Testing

/// A server on a free port whose loop and clock the test turns by hand, in the test's own thread.
final class LocalServer {
  let clock = ManualClock()
  let handler = EchoHandler()
  let loop: EventLoop
  let server: Server
  let port: UInt16
  let tls: TLSContext?
  private let spare: WakeUp

  init(limits: Limits = Limits(), tls: TLSContext? = nil) throws {
    self.tls = tls
    loop = try EventLoop(clock: clock.clock)
    spare = try WakeUp.create()
    server = Server(loop: loop, handler: handler, limits: limits)
    let listener = try Listener.listen(host: "127.0.0.1", port: 0)
    port = listener.port
    try server.serve(listener, tls: tls)
  }

  /// Some descriptor that is open.
  var someDescriptor: Int32 { spare.fileDescriptor }

  /// Turns the loop until something holds; false if it does not in 20 s of real time.
  func turn(until isDone: () -> Bool) throws -> Bool {
    let end = Clock.system.monotonicNanoseconds() + 20 * nanosecondsPerSecond
    while Clock.system.monotonicNanoseconds() < end {
      try loop.turn(blocking: false)
      if isDone() { return true }
      // What was sent may be on its way in the kernel.
      poll(nil, 0, 1)
    }
    return false
  }

  /// Turns the loop for a moment, where nothing is expected to happen.
  func settle() throws {
    for _ in 0..<5 {
      try loop.turn(blocking: false)
      poll(nil, 0, 1)
    }
  }

  /// Moves the clock and lets the loop see it.
  func advance(seconds: Double) throws {
    clock.advance(seconds: seconds)
    // One turn for what is due, one for what that has queued.
    for _ in 0..<3 { try loop.turn(blocking: false) }
  }

  /// Gives this thread a table of descriptors that it does not share with the others any more.
  static func unshareDescriptors() -> Bool {
    // The Glibc module lacks unshare(2) and its CLONE_FILES.
    typealias Unshare = @convention(c) (Int32) -> Int32
    guard let symbol = dlsym(nil, "unshare") else { return false }
    return unsafeBitCast(symbol, to: Unshare.self)(0x400) == 0
  }

  /// Connects a client and lets the server accept it.
  func connect() throws -> LocalClient {
    let accepted = server.counters.accepted
    let client = try LocalClient(port: port)
    try #require(try turn { server.counters.accepted > accepted })
    return client
  }

  /// Waits until all that clients have sent is acknowledged, without a turn of the loop.
  func waitUntilDelivered(_ clients: LocalClient...) throws {
    let end = Clock.system.monotonicNanoseconds() + 20 * nanosecondsPerSecond
    while clients.contains(where: { $0.unacknowledged > 0 }) {
      try #require(Clock.system.monotonicNanoseconds() < end)
      poll(nil, 0, 1)
    }
  }

  /// Sends bytes and lets the server read them.
  func deliver(_ bytes: [UInt8], from client: LocalClient) throws {
    let received = server.counters.bytesReceived
    let sent = client.send(bytes)
    try #require(sent == bytes.count)
    try #require(try turn { server.counters.bytesReceived >= received + UInt64(sent) })
  }

  func deliver(_ text: String, from client: LocalClient) throws {
    try deliver(Array(text.utf8), from: client)
  }

  /// Sends a request and lets the server read it.
  func get(_ path: String, _ fields: String = "", from client: LocalClient) throws {
    try deliver("GET \(path) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n", from: client)
  }

  /// Waits for a number of responses.
  func responses(_ count: Int, to client: LocalClient) throws -> [HTTP1Response] {
    #expect(try turn { client.responses.count >= count })
    return client.responses
  }

  /// Waits until a client sees its end.
  func isClosed(_ client: LocalClient) throws -> Bool {
    try turn { client.isClosed }
  }
}

/// A client's socket, which never blocks.
final class LocalClient {
  private let descriptor: Int32
  private(set) var received: [UInt8] = []
  /// Whether the server has closed its side.
  private(set) var isEnded = false
  /// Whether the connection was reset instead of closed.
  private(set) var isReset = false

  init(port: UInt16, receiveBuffer: Int32? = nil) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    if var receiveBuffer {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, 4)
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw Errno(rawValue: errno) }
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
  }

  deinit {
    close(descriptor)
  }

  /// Sends what the kernel takes; the number of bytes.
  @discardableResult func send(_ bytes: [UInt8]) -> Int {
    Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  @discardableResult func send(_ text: String) -> Int {
    send(Array(text.utf8))
  }

  /// The frames that have arrived, if they are whole.
  var frames: [Frame] {
    receive()
    return Frame.parse(received) ?? []
  }

  /// Bytes sent that have not reached the other side.
  var unacknowledged: Int32 {
    var count: Int32 = 0
    // SIOCOUTQ, which the Glibc module lacks because it is a macro.
    _ = ioctl(descriptor, UInt(TIOCOUTQ), &count)
    return count
  }

  func shutdownSending() {
    shutdown(descriptor, Int32(SHUT_WR))
  }

  /// Takes what has arrived.
  func receive(atMost limit: Int = .max) {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let end = limit == .max ? limit : received.count + limit
    while received.count < end {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count > 0 {
        received += buffer[..<count]
        continue
      }
      if count == 0 { isEnded = true }
      if count < 0 && errno == ECONNRESET {
        isEnded = true
        isReset = true
      }
      return
    }
  }

  /// The complete responses that have arrived.
  var responses: [HTTP1Response] {
    receive()
    return HTTP1Response.parse(received)
  }

  /// Whether the server has closed its side, after taking what it sent.
  var isClosed: Bool {
    receive()
    return isEnded
  }
}
