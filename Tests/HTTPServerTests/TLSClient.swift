import COpenSSL
import EventLoop
import HTTPServer

/// A client that speaks TLS over a socket that the test turns by hand.
final class TLSClient {
  /// What the client offers and shows.
  struct Options {
    var versions = TLS1_2_VERSION...TLS1_3_VERSION
    /// OpenSSL's list for TLS 1.2 and older.
    var ciphers: String?
    var groups: String?
    var protocols: [String] = []
    var certificate: TestAuthority.Pair?
  }

  let socket: LocalClient
  private let context: OpaquePointer
  private let session: OpaquePointer
  private let input: OpaquePointer
  private let output: OpaquePointer
  private var taken = 0
  private var unsent: [UInt8] = []
  /// Bytes of records that are sent at once.
  var pieces = Int.max
  /// What the server has sent, decrypted.
  private(set) var received: [UInt8] = []
  private(set) var isConnected = false
  /// Whether the server has said that nothing more comes.
  private(set) var isEnded = false
  /// What broke the connection, in OpenSSL's words.
  private(set) var failure: String?

  init(_ socket: LocalClient, _ options: Options = Options()) {
    self.socket = socket
    context = SSL_CTX_new(TLS_client_method())
    session = Self.session(context, options)
    input = BIO_new(BIO_s_mem())
    output = BIO_new(BIO_s_mem())
    BIO_ctrl(input, BIO_C_SET_BUF_MEM_EOF_RETURN, -1, nil)
    SSL_set_bio(session, input, output)
    SSL_set_connect_state(session)
    pump()
  }

  private static func session(_ context: OpaquePointer, _ options: Options) -> OpaquePointer {
    SSL_CTX_ctrl(
      context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(options.versions.lowerBound), nil)
    SSL_CTX_ctrl(
      context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(options.versions.upperBound), nil)
    SSL_CTX_set_cipher_list(context, options.ciphers ?? "DEFAULT@SECLEVEL=0")
    if let groups = options.groups {
      var text = Array(groups.utf8CString)
      SSL_CTX_ctrl(context, SSL_CTRL_SET_GROUPS_LIST, 0, &text)
    }
    if let pair = options.certificate {
      SSL_CTX_use_certificate_chain_file(context, pair.certificate)
      SSL_CTX_use_PrivateKey_file(context, pair.key, SSL_FILETYPE_PEM)
    }
    let session: OpaquePointer = SSL_new(context)
    let list = options.protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
    if !list.isEmpty { SSL_set_alpn_protos(session, list, UInt32(list.count)) }
    return session
  }

  deinit {
    SSL_free(session)
    SSL_CTX_free(context)
  }

  /// Deals with what has arrived and sends what there is to send.
  func pump() {
    socket.receive()
    let new = Array(socket.received[taken...])
    taken += new.count
    if !new.isEmpty { BIO_write(input, new, Int32(new.count)) }
    ERR_clear_error()
    if !isConnected {
      let result = SSL_do_handshake(session)
      isConnected = result == 1
      if result != 1 { note(result) }
    }
    if isConnected { read() }
    flush()
  }

  private func read() {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = SSL_read(session, &buffer, Int32(buffer.count))
      guard count > 0 else { return note(count) }
      received += buffer[..<Int(count)]
    }
  }

  private func note(_ result: Int32) {
    switch SSL_get_error(session, result) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: break
    case SSL_ERROR_ZERO_RETURN: isEnded = true
    default:
      guard failure == nil else { return }
      failure = ERR_reason_error_string(ERR_peek_error()).map { String(cString: $0) } ?? "broken"
    }
  }

  private func flush() {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = BIO_read(output, &buffer, Int32(buffer.count))
      guard count > 0 else { break }
      unsent += buffer[..<Int(count)]
    }
    guard !unsent.isEmpty else { return }
    let sent = socket.send(Array(unsent.prefix(pieces)))
    if sent > 0 { unsent.removeFirst(sent) }
  }

  /// Sends bytes; the connection must stand.
  func send(_ bytes: [UInt8]) {
    ERR_clear_error()
    SSL_write(session, bytes, Int32(bytes.count))
    flush()
  }

  func send(_ text: String) { send(Array(text.utf8)) }

  /// Asks for a path in HTTP/1.1.
  func get(_ path: String, _ fields: String = "") {
    send("GET \(path) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n")
  }

  /// Changes the keys, and asks the server to do the same (RFC 8446 section 4.6.3).
  func updateKeys(times: Int = 1) {
    for _ in 0..<times {
      SSL_key_update(session, SSL_KEY_UPDATE_REQUESTED)
      SSL_do_handshake(session)
    }
    flush()
  }

  /// Says that nothing more comes; the socket stays open.
  func shutdownSending() {
    SSL_shutdown(session)
    flush()
  }

  /// The protocol that was agreed on; nil without one.
  var agreedProtocol: String? {
    var name: UnsafePointer<UInt8>?
    var length: UInt32 = 0
    SSL_get0_alpn_selected(session, &name, &length)
    guard let name, length > 0 else { return nil }
    return String(decoding: UnsafeBufferPointer(start: name, count: Int(length)), as: UTF8.self)
  }

  var version: Int32 { SSL_version(session) }

  /// The common name of the server's certificate.
  var serverName: String? {
    guard let certificate = SSL_get0_peer_certificate(session) else { return nil }
    var text = [CChar](repeating: 0, count: 256)
    X509_NAME_get_text_by_NID(
      X509_get_subject_name(certificate), NID_commonName, &text, Int32(text.count))
    return String(
      decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The responses of HTTP/1.1 that have arrived.
  var responses: [HTTP1Response] { HTTP1Response.parse(received) }

  /// The frames of HTTP/2 that have arrived, if they are whole.
  var frames: [Frame] { Frame.parse(received) ?? [] }

  /// Whether the connection has ended, whatever the reason.
  var isOver: Bool { failure != nil || isEnded || socket.isEnded }
}

extension LocalServer {
  /// A server that speaks TLS.
  convenience init(_ settings: TLSSettings, limits: Limits = Limits()) throws {
    try self.init(limits: limits, tls: try TLSContext(settings))
  }

  /// Connects a client and turns the loop until its handshake is complete or has failed.
  func connectTLS(_ options: TLSClient.Options = TLSClient.Options()) throws -> TLSClient {
    let client = TLSClient(try connect(), options)
    _ = try turn {
      client.pump()
      return client.isConnected || client.isOver
    }
    return client
  }

  /// Turns the loop, and lets a client answer, until something holds.
  func turn(_ client: TLSClient, until isDone: () -> Bool) throws -> Bool {
    try turn {
      client.pump()
      return isDone()
    }
  }

  /// What a client gets for its request in HTTP/1.1: all responses so far.
  func get(_ path: String, from client: TLSClient) throws -> [HTTP1Response] {
    let count = client.responses.count
    client.get(path)
    _ = try turn(client) { client.responses.count > count || client.isOver }
    return client.responses
  }
}
