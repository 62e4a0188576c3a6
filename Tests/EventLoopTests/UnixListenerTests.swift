import EventLoop
import Foundation
import Glibc
import Testing

@Suite struct UnixListenerTests {
  private let directory: URL

  init() throws {
    directory = FileManager.default.temporaryDirectory.appending(path: "vole-\(UUID())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  private var path: String { directory.appending(path: "s").path }

  private func exists() -> Bool { FileManager.default.fileExists(atPath: path) }

  private func connect() -> Int32? {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    if result == 0 { return descriptor }
    close(descriptor)
    return nil
  }

  @Test func takesConnectionsAndGoesWithItsOwner() throws {
    defer { try? FileManager.default.removeItem(at: directory) }
    do {
      let listener = try Listener.listen(path: path, mode: 0o600)
      #expect(listener.address == "unix:\(path)" && listener.port == 0)
      let client = try #require(connect())
      defer { close(client) }
      let socket = try listener.accept()
      #expect(socket.peer.description == "unix")
      #expect(exists())
    }
    #expect(!exists())
  }

  @Test(arguments: [0o600, 0o660, 0o666, 0o777] as [UInt16])
  func hasItsMode(_ mode: UInt16) throws {
    defer { try? FileManager.default.removeItem(at: directory) }
    let listener = try Listener.listen(path: path, mode: mode)
    let found = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(found == Int(mode))
    #expect(listener.port == 0)
  }

  @Test func takesThePlaceOfOneThatWasLeft() throws {
    defer { try? FileManager.default.removeItem(at: directory) }
    // Bound and never closed in order: the name stays when the process is killed.
    let left = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(left, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    close(left)
    #expect(bound == 0 && exists())
    let listener = try Listener.listen(path: path, mode: 0o600)
    let client = try #require(connect())
    close(client)
    #expect(listener.port == 0)
  }

  @Test func leavesAloneWhatIsInUse() throws {
    defer { try? FileManager.default.removeItem(at: directory) }
    let first = try Listener.listen(path: path, mode: 0o600)
    let error = #expect(throws: ListenError.self) {
      _ = try Listener.listen(path: path, mode: 0o600)
    }
    #expect(error?.description == "cannot listen on unix:\(path): address already in use")
    let client = try #require(connect())
    close(client)
    _ = try first.accept()
  }

  @Test func leavesAloneWhatIsNoSocket() throws {
    defer { try? FileManager.default.removeItem(at: directory) }
    try Data("precious".utf8).write(to: URL(filePath: path))
    #expect(throws: ListenError.self) { _ = try Listener.listen(path: path, mode: 0o600) }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
  }

  @Test func leavesAloneWhatHasItsNameLater() throws {
    defer { try? FileManager.default.removeItem(at: directory) }
    do {
      let first = try Listener.listen(path: path, mode: 0o600)
      try FileManager.default.moveItem(
        atPath: path, toPath: directory.appending(path: "old").path)
      try Data("later".utf8).write(to: URL(filePath: path))
      #expect(first.port == 0)
    }
    #expect(exists())
  }

  @Test func saysThatAPathIsTooLong() throws {
    let long = "/" + String(repeating: "p", count: 107)
    let error = #expect(throws: ListenError.self) {
      _ = try Listener.listen(path: long, mode: 0o600)
    }
    #expect(error?.reason == .refused(Errno(rawValue: ENAMETOOLONG)))
  }
}
