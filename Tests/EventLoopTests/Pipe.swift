import EventLoop
import Glibc

/// Two ends of a pipe.
struct Pipe {
  let reader: Int32
  let writer: Int32

  init() {
    var ends: [Int32] = [-1, -1]
    pipe(&ends)
    for end in ends {
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
    reader = ends[0]
    writer = ends[1]
  }

  func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = Glibc.write(writer, bytes, bytes.count)
  }

  func read() -> String {
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = Glibc.read(reader, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }

  func close() {
    _ = Glibc.close(reader)
    _ = Glibc.close(writer)
  }
}
