import EventLoop
import Glibc

/// What carries the bytes of a client without ever blocking: a socket, plain or under TLS.
protocol ClientTransport: AnyObject {
  /// The kernel's number of the socket, to be waited for.
  var fileDescriptor: Int32 { get }

  /// Reads what has arrived, at most as much as fits; 0 bytes are the end.
  func receive(
    into buffer: inout MutableSpan<UInt8>, _ stage: ClientError.Stage
  ) throws(ClientError) -> ClientTransportStep

  /// Writes as much as is taken.
  func send(_ bytes: Span<UInt8>, _ stage: ClientError.Stage) throws(ClientError)
    -> ClientTransportStep
}

/// What became of carrying bytes.
enum ClientTransportStep {
  /// This many bytes were carried.
  case bytes(Int)
  /// Nothing goes before the socket is ready for this (`POLLIN`, `POLLOUT`).
  case wait(events: Int16)
}

/// A socket without encryption.
final class PlainTransport: ClientTransport {
  private let socket: StreamSocket

  init(_ socket: consuming StreamSocket) {
    self.socket = socket
  }

  var fileDescriptor: Int32 { socket.fileDescriptor }

  func receive(
    into buffer: inout MutableSpan<UInt8>, _ stage: ClientError.Stage
  ) throws(ClientError) -> ClientTransportStep {
    do throws(Errno) {
      return .bytes(try socket.receive(into: &buffer))
    } catch {
      guard error == .wouldBlock else { throw .broken(stage, error) }
      return .wait(events: Int16(POLLIN))
    }
  }

  func send(
    _ bytes: Span<UInt8>, _ stage: ClientError.Stage
  ) throws(ClientError) -> ClientTransportStep {
    do throws(Errno) {
      return .bytes(try socket.send(bytes))
    } catch {
      guard error == .wouldBlock else { throw .broken(stage, error) }
      return .wait(events: Int16(POLLOUT))
    }
  }
}
