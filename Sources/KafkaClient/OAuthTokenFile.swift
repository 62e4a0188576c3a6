import CLibrdkafka
import Glibc

/// A file with the token of SASL OAUTHBEARER, such as Kubernetes projects for a service account.
///
/// It is read whenever librdkafka asks: when a client starts, when four fifths of the token's life
/// are over, and ten seconds after a failure. The client's properties must say
/// `sasl.mechanism=OAUTHBEARER` and nothing about `sasl.oauthbearer.method`.
package struct OAuthTokenFile: Equatable, Sendable {
  /// Where the file is.
  package var path: String
  /// The principal that an opaque token is said to speak for; the broker decides by itself.
  package var opaquePrincipal = "unknown"
  /// How long an opaque token is taken to be good, in seconds, 1 or more.
  package var opaqueLifeSeconds: Int32 = 300

  /// Names the file.
  package init(path: String) {
    self.path = path
  }
}

/// Hands tokens to librdkafka when it asks for them.
///
/// It is called on a thread of librdkafka, which serves nothing else: reading may take its time.
/// It changes nothing of its own.
final class OAuthTokenRefresh: Sendable {
  private let file: OAuthTokenFile

  init(_ file: OAuthTokenFile) {
    self.file = file
  }

  /// Reads the file and sets its token, or says why not.
  ///
  /// - Parameter client: the client that asks, live during the call.
  @unsafe func refresh(_ client: OpaquePointer) {
    let now = OAuthTokenRefresh.now()
    do throws(KafkaError) {
      let token = try load(now: now)
      // SAFETY: the client is live; the texts are copied. librdkafka's own text may repeat the
      // token, so it is not passed on.
      let (code, _) = unsafe withErrorText { buffer, size in
        unsafe rd_kafka_oauthbearer_set_token(
          client, token.text, token.expiresAt, token.principal, nil, 0, buffer, size)
      }
      guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
      throw KafkaError(code: code.rawValue, message: "\(file.path): librdkafka refuses the token")
    } catch {
      // SAFETY: as above.
      unsafe rd_kafka_oauthbearer_set_token_failure(client, error.message)
    }
  }

  /// The token in the file.
  ///
  /// - Parameter now: milliseconds since 1970.
  /// - Throws: an authentication error that names the file and never the token.
  func load(now: Int64) throws(KafkaError) -> OAuthToken {
    let bytes = try read()
    do throws(OAuthToken.Problem) {
      return try OAuthToken.read(bytes, file: file, now: now)
    } catch {
      throw failure(error.sentence)
    }
  }

  private func read() throws(KafkaError) -> [UInt8] {
    // SAFETY: the path lives during the call; the descriptor is closed below.
    let descriptor = unsafe open(file.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw failure("cannot be opened: \(reason(errno))") }
    defer { close(descriptor) }
    // One byte more than is allowed tells that there is more.
    var bytes = [UInt8](repeating: 0, count: OAuthToken.maximumBytes + 1)
    var count = 0
    while count < bytes.count {
      // SAFETY: reads into the part of the array that is left.
      let taken = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe Glibc.read(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count)
      }
      if taken < 0 && errno == EINTR { continue }
      guard taken >= 0 else { throw failure("cannot be read: \(reason(errno))") }
      guard taken > 0 else { break }
      count += taken
    }
    return Array(bytes[..<count])
  }

  private func failure(_ what: String) -> KafkaError {
    KafkaError(
      code: RD_KAFKA_RESP_ERR__AUTHENTICATION.rawValue, message: "token file \(file.path) \(what)")
  }

  private func reason(_ number: Int32) -> String {
    // SAFETY: glibc keeps the text for this thread until its next call.
    unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
  }

  private static func now() -> Int64 {
    var time = timespec()
    // SAFETY: writes into a local variable; CLOCK_REALTIME always exists.
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) &* 1_000 &+ Int64(time.tv_nsec) / 1_000_000
  }
}

extension OAuthToken.Problem {
  /// What is wrong with the file, without a word of its contents.
  fileprivate var sentence: String {
    switch self {
    case .empty: "is empty"
    case .tooLong: "is longer than \(OAuthToken.maximumBytes) bytes"
    case .notBearer: "holds characters that no bearer token has"
    case .badClaims: "holds a JSON Web Token whose claims cannot be read"
    case .expired: "holds a token that has expired"
    }
  }
}
