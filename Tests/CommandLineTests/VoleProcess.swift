import Foundation

/// Runs the `vole` that was built beside these tests, as a person would.
enum VoleProcess {
  /// What a run left behind.
  struct Result {
    var code: Int32
    var output: String
    var errors: String
  }

  /// The binary in the folder that the tests themselves were built into.
  static var binary: URL {
    let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    return own.deletingLastPathComponent().appendingPathComponent("vole")
  }

  /// Runs `vole` to its end.
  ///
  /// - Parameters:
  ///   - arguments: the command and its arguments.
  ///   - input: what it reads from standard input.
  ///   - environment: variables beside PATH.
  static func run(
    _ arguments: [String], input: Data = Data(), environment: [String: String] = [:]
  ) throws -> Result {
    try start(arguments, input: input, environment: environment).finish()
  }

  /// A `vole` at work.
  ///
  /// It reads and writes files rather than pipes: whatever the amount, nobody waits for anybody.
  struct Running {
    fileprivate let process = Process()
    fileprivate let folder: URL

    /// Waits for the end.
    func finish() throws -> Result {
      process.waitUntilExit()
      defer { try? FileManager.default.removeItem(at: folder) }
      return Result(
        code: process.terminationStatus, output: try text("out"), errors: try text("err"))
    }

    /// What it has written to standard output so far.
    var outputSoFar: String { (try? text("out")) ?? "" }
    /// What it has written to standard error so far.
    var errorsSoFar: String { (try? text("err")) ?? "" }

    /// Kills it and waits for the end: threads of tests block signals, and so do their children.
    func kill() throws -> Result {
      Foundation.kill(process.processIdentifier, SIGKILL)
      return try finish()
    }

    private func text(_ name: String) throws -> String {
      String(decoding: try Data(contentsOf: folder.appendingPathComponent(name)), as: UTF8.self)
    }
  }

  /// Starts `vole`.
  static func start(
    _ arguments: [String], input: Data = Data(), environment: [String: String] = [:]
  ) throws -> Running {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "vole-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let running = Running(folder: folder)
    let inputFile = folder.appendingPathComponent("in")
    try input.write(to: inputFile)
    func output(_ name: String) throws -> FileHandle {
      let file = folder.appendingPathComponent(name)
      try Data().write(to: file)
      return try FileHandle(forWritingTo: file)
    }
    running.process.executableURL = binary
    running.process.arguments = arguments
    running.process.environment = environment.merging(["PATH": "/usr/bin:/bin"]) { $1 }
    running.process.standardInput = try FileHandle(forReadingFrom: inputFile)
    running.process.standardOutput = try output("out")
    running.process.standardError = try output("err")
    try running.process.run()
    return running
  }
}
