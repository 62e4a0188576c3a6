import Connect
import EventLoop
import Glibc
import HTTPServer

/// A server under test for Connect's conformance suite.
///
/// It reads one `ServerCompatRequest` from standard input, writes one `ServerCompatResponse` to
/// standard output, each behind its length in four bytes, and serves until it is told to end.

/// What the runner wants.
struct Wanted {
  var usesTLS = false
  var messageLimit = 0
  /// A certificate and its key in PEM.
  var credentials: (certificate: [UInt8], key: [UInt8]) = ([], [])

  init(_ message: [UInt8]) {
    var reader = ProtoReader(message)
    while let field = reader.next() {
      switch field {
      case (4, .number(let value)): usesTLS = value != 0
      case (6, .number(let value)): messageLimit = Int(clamping: value)
      case (7, .bytes(let bytes)): readCredentials(bytes)
      default: break
      }
    }
  }

  private mutating func readCredentials(_ message: [UInt8]) {
    var reader = ProtoReader(message)
    while let field = reader.next() {
      switch field {
      case (1, .bytes(let bytes)): credentials.certificate = bytes
      case (2, .bytes(let bytes)): credentials.key = bytes
      default: break
      }
    }
  }
}

func fail(_ why: String) -> Never {
  let text = "connect-conformance-server: \(why)\n"
  _ = write(2, text, text.utf8.count)
  exit(2)
}

func readInput(_ count: Int) -> [UInt8] {
  var bytes: [UInt8] = []
  while bytes.count < count {
    var part = [UInt8](repeating: 0, count: count - bytes.count)
    let got = read(0, &part, part.count)
    guard got > 0 else { fail("standard input ended") }
    bytes += part[..<got]
  }
  return bytes
}

/// Writes bytes to a new file that only this user reads; its path.
func temporaryFile(_ bytes: [UInt8]) -> String {
  // The X are mkstemp's to replace, with a name that nobody has.
  var path = Array("/tmp/conformance-XXXXXX".utf8CString)
  let descriptor = mkstemp(&path)
  guard descriptor >= 0, write(descriptor, bytes, bytes.count) == bytes.count else {
    fail("no temporary file")
  }
  close(descriptor)
  return String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// TLS with the certificate that the runner gives; nil if it wants none.
func tlsContext(_ wanted: Wanted) throws -> TLSContext? {
  guard wanted.usesTLS else { return nil }
  let certificate = temporaryFile(wanted.credentials.certificate)
  let key = temporaryFile(wanted.credentials.key)
  defer {
    unlink(certificate)
    unlink(key)
  }
  return try TLSContext(TLSSettings(certificateFile: certificate, keyFile: key))
}

/// Serves what the runner wants until a signal comes.
func serve(_ wanted: Wanted) throws {
  let loop = try EventLoop()
  _ = try loop.addSignals([SIGTERM, SIGINT]) { _ in loop.stop() }
  var limits = Limits()
  var connectLimits = ConnectLimits()
  if wanted.messageLimit > 0 {
    connectLimits.messageBytes = wanted.messageLimit
    limits.bodyBytes = wanted.messageLimit + 65_536
  }
  let service = ConformanceService(loop, limits: connectLimits)
  let server = Server(loop: loop, handler: service, limits: limits)
  let listener = try Listener.listen(host: "127.0.0.1", port: 0)
  let port = listener.port
  try server.serve(listener, tls: tlsContext(wanted))

  var response = ProtoWriter()
  response.field(1, "127.0.0.1")
  response.field(2, Int64(port))
  if wanted.usesTLS { response.field(3, wanted.credentials.certificate) }
  let length = response.bytes.count
  let output = (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * (3 - $0))) } + response.bytes
  guard write(1, output, output.count) == output.count else {
    fail("nobody reads standard output")
  }
  try loop.run()
}

let length = readInput(4).reduce(0) { $0 << 8 | Int($1) }
guard length <= 1 << 20 else { fail("the request is too long") }
try serve(Wanted(readInput(length)))
