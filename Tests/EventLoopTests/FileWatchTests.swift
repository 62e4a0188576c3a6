import Foundation
import Glibc
import Testing

@testable import EventLoop

/// A directory of its own for a test, removed afterwards.
private struct Scratch: ~Copyable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "vole-\(UUID())").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file in place, as `cat >` does.
  func write(_ name: String, _ text: String) throws {
    let handle = try #require(fopen(self(name), "w"))
    fputs(text, handle)
    fclose(handle)
  }

  func link(_ name: String, to target: String) throws {
    #expect(symlink(target, self(name)) == 0)
  }

  func rename(_ old: String, to new: String) { #expect(Glibc.rename(self(old), self(new)) == 0) }

  func makeDirectory(_ name: String) { #expect(mkdir(self(name), 0o755) == 0) }
}

@Suite struct FileWatchTests {
  private func watch(_ paths: [String]) throws -> FileWatch {
    let watch = try FileWatch.open()
    watch.watch(paths)
    #expect(!watch.takeEvents())
    return watch
  }

  @Test func tellsOfAFileWrittenInPlace() throws {
    let scratch = try Scratch()
    try scratch.write("a", "1")
    let watch = try watch([scratch("a")])
    try scratch.write("a", "2")
    #expect(watch.takeEvents())
    #expect(!watch.takeEvents())
  }

  @Test func tellsOfAFileReplacedByRename() throws {
    let scratch = try Scratch()
    try scratch.write("a", "1")
    let watch = try watch([scratch("a")])
    try scratch.write("a.tmp", "2")
    #expect(!watch.takeEvents())
    scratch.rename("a.tmp", to: "a")
    #expect(watch.takeEvents())
    // The watch on the old file is of no use for the new one until it is set again.
    watch.watch([scratch("a")])
    _ = watch.takeEvents()
    try scratch.write("a", "3")
    #expect(watch.takeEvents())
  }

  @Test func tellsOfAFileThatComesAndGoes() throws {
    let scratch = try Scratch()
    let watch = try watch([scratch("a")])
    try scratch.write("a", "1")
    #expect(watch.takeEvents())
    watch.watch([scratch("a")])
    _ = watch.takeEvents()
    #expect(unlink(scratch("a")) == 0)
    #expect(watch.takeEvents())
  }

  @Test func passesOverTheNeighbours() throws {
    let scratch = try Scratch()
    try scratch.write("a", "1")
    let watch = try watch([scratch("a")])
    for round in 0..<50 { try scratch.write("b\(round)", "1") }
    #expect(!watch.takeEvents())
    _ = try String(contentsOfFile: scratch("a"), encoding: .utf8)
    #expect(!watch.takeEvents())
  }

  @Test func tellsOfKubernetesSwap() throws {
    let scratch = try Scratch()
    scratch.makeDirectory("..2026_1")
    try scratch.write("..2026_1/vole.toml", "1")
    try scratch.link("..data", to: "..2026_1")
    try scratch.link("vole.toml", to: "..data/vole.toml")
    let watch = try watch([scratch("vole.toml")])
    for round in 2...4 {
      scratch.makeDirectory("..2026_\(round)")
      try scratch.write("..2026_\(round)/vole.toml", "\(round)")
      #expect(!watch.takeEvents())
      try scratch.link("..data_tmp", to: "..2026_\(round)")
      #expect(!watch.takeEvents())
      scratch.rename("..data_tmp", to: "..data")
      #expect(watch.takeEvents())
      watch.watch([scratch("vole.toml")])
      #expect(unlink(scratch("..2026_\(round - 1)/vole.toml")) == 0)
      #expect(rmdir(scratch("..2026_\(round - 1)")) == 0)
      _ = watch.takeEvents()
    }
    #expect(watch.count == 3)
  }

  @Test func followsALinkToAnotherDirectory() throws {
    let scratch = try Scratch()
    scratch.makeDirectory("elsewhere")
    try scratch.write("elsewhere/real", "1")
    try scratch.link("a", to: scratch("elsewhere/real"))
    let watch = try watch([scratch("a")])
    try scratch.write("elsewhere/new", "2")
    #expect(!watch.takeEvents())
    scratch.rename("elsewhere/new", to: "elsewhere/real")
    #expect(watch.takeEvents())
  }

  @Test func tellsOfADirectoryThatComesLater() throws {
    let scratch = try Scratch()
    let watch = try watch([scratch("later/a")])
    scratch.makeDirectory("later")
    #expect(watch.takeEvents())
    watch.watch([scratch("later/a")])
    _ = watch.takeEvents()
    try scratch.write("later/a", "1")
    #expect(watch.takeEvents())
  }

  @Test func forgetsWhatIsNotWatchedAnyMore() throws {
    let scratch = try Scratch()
    scratch.makeDirectory("other")
    try scratch.write("a", "1")
    try scratch.write("other/b", "1")
    let watch = try watch([scratch("a"), scratch("other/b")])
    watch.watch([scratch("a")])
    _ = watch.takeEvents()
    try scratch.write("other/b", "2")
    #expect(!watch.takeEvents())
    try scratch.write("a", "2")
    #expect(watch.takeEvents())
  }

  @Test func tellsWhenEventsWereLost() throws {
    let scratch = try Scratch()
    try scratch.write("a", "1")
    let watch = try watch([scratch("a")])
    let limit = try String(
      contentsOfFile: "/proc/sys/fs/inotify/max_queued_events", encoding: .utf8)
    let events = try #require(Int(limit.trimmingCharacters(in: .whitespacesAndNewlines)))
    guard events <= 100_000 else { return }
    // Two events each time. A file would tell less: a process that another test starts may keep it
    // open for a moment, and equal events that follow each other are one.
    for _ in 0...(events / 2) {
      #expect(mkdir(scratch("b"), 0o755) == 0 && rmdir(scratch("b")) == 0)
    }
    #expect(watch.takeEvents())
  }

  @Test func endsAtLinksThatLeadInCircles() throws {
    let scratch = try Scratch()
    try scratch.link("a", to: "b")
    try scratch.link("b", to: "a")
    let trail = PathTrail(scratch("a"))
    #expect(trail.file == nil)
    #expect(Set(trail.entries.map(\.name)) == ["a", "b"])
    let watch = try watch([scratch("a")])
    #expect(watch.count == 1)
  }

  @Test func runsTheHandlerInTheLoop() throws {
    let scratch = try Scratch()
    try scratch.write("a", "1")
    let watch = try FileWatch.open()
    watch.watch([scratch("a")])
    let loop = try EventLoop()
    let record = Record()
    _ = try loop.add(watch) { record.add("changed") }
    try scratch.write("b", "1")
    try loop.turn(blocking: true)
    #expect(record.entries.isEmpty)
    try scratch.write("a", "2")
    try loop.turn(blocking: true)
    #expect(record.entries == ["changed"])
  }
}
