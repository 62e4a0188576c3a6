import Foundation
import Testing

/// What the README says of the configuration, tried on the program.
@Suite("README and configuration")
struct ReadmeConfigurationTests {
  private static let readme: String = {
    let own = URL(fileURLWithPath: #filePath)
    let root = own.deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return (try? String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)) ?? ""
  }()

  /// A configuration with nothing wrong in it; what follows is `[httpserver.x]`'s.
  private static let right = """
    [cluster.x]
    servers = ["kafka:9092"]
    [consumer.x]
    cluster = "x"
    groups = ["orders"]
    [httpserver.x]

    """

  /// The README's examples, in its order.
  private static var examples: [String] {
    readme.matches(of: /```toml\n((?s:.*?))```/).map { String($0.1) }
  }

  /// A folder that is gone after the body.
  private func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "vole-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }

  /// What `vole config` says of a text.
  private func show(_ toml: String, in folder: URL) throws -> VoleProcess.Result {
    let file = folder.appending(path: "vole.toml")
    try Data(toml.utf8).write(to: file)
    return try VoleProcess.run(["config", "--config", file.path])
  }

  /// Makes the files that an example names, and lets it name these.
  private func withFiles(_ example: String, in folder: URL) throws -> String {
    let certificate = folder.appending(path: "tls.crt"), key = folder.appending(path: "tls.key")
    if !FileManager.default.fileExists(atPath: certificate.path) {
      let openssl = Process()
      openssl.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
      openssl.arguments = [
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=vole", "-days", "2",
        "-keyout", key.path, "-out", certificate.path,
      ]
      openssl.standardError = FileHandle.nullDevice
      try openssl.run()
      openssl.waitUntilExit()
    }
    var text = example
    for match in example.matches(of: /"(\/(?:etc|var)\/[^"]*\/([^"\/]+))"/) {
      let name = String(match.2)
      let file = folder.appending(path: name)
      if name.hasSuffix(".crt"), name != "tls.crt" {
        try Data(contentsOf: certificate).write(to: file)
      } else if !name.hasPrefix("tls.") {
        try Data("0123456789abcdefghij\n".utf8).write(to: file)
      }
      text = text.replacing("\"\(match.1)\"", with: "\"\(file.path)\"")
    }
    return text
  }

  /// An example with what it leaves to others: a cluster, which uses its profile.
  private func completed(_ example: String) -> String {
    if example.contains("[cluster.") { return example }
    guard example.contains("[client-profile.main]") else { return Self.right + example }
    return Self.right.replacing("[consumer", with: "client-profile = \"main\"\n[consumer") + example
  }

  @Test("Each example is a configuration that starts")
  func examplesStart() throws {
    #expect(Self.examples.count >= 5)
    for example in Self.examples {
      try withFolder { folder in
        let result = try show(completed(try withFiles(example, in: folder)), in: folder)
        #expect(result.code == 0, "\(result.errors)\n\(example)")
        #expect(result.errors.isEmpty, "\(result.errors)\n\(example)")
      }
    }
  }

  @Test("Each limit of a listener has the default and the range that the README says")
  func limits() throws {
    let row = /\| `([a-z0-9-]+)` \| ([0-9,]+)(?: s)? \| ([0-9,]+) to ([0-9,]+)(?: s)? \|/
    let rows = Self.readme.matches(of: row).filter { !Self.probeKeys.contains(String($0.1)) }
    #expect(rows.count >= 31)
    try withFolder { folder in
      let shown = try show(Self.right, in: folder).output
      for row in rows {
        let (name, fallback) = (String(row.1), number(row.2))
        #expect(shown.contains("httpserver.x.\(name) = \(fallback)  # default\n"), "\(name)")
        try expect(name, number(row.3)...number(row.4), after: Self.right, in: folder)
      }
    }
  }

  @Test("Each key of [probe] is there with its range, if the README says one")
  func probe() throws {
    let row = /\| `([a-z-]+)` \| ([0-9,]+)(?: s)? \| ([0-9,]+) to ([0-9,]+) \|/
    let rows = Self.readme.matches(of: row).filter { Self.probeKeys.contains(String($0.1)) }
    #expect(rows.count >= 5)
    try withFolder { folder in
      let shown = try show(Self.right, in: folder).output
      for row in rows {
        #expect(shown.contains("probe.\(row.1) = \(number(row.2))  # default\n"), "\(row.1)")
        let head = Self.right + "[probe]\n"
        try expect(String(row.1), number(row.3)...number(row.4), after: head, in: folder)
      }
    }
  }

  private static let probeKeys: Set<String> = [
    "hold", "fail-for", "restart-grace", "max-restarts", "restart-window", "gate-timeout",
  ]

  private func number(_ text: Substring) -> Int { Int(text.replacing(",", with: "")) ?? -1 }

  /// Tries the ends of a range, and what lies beyond them.
  private func expect(
    _ key: String, _ range: ClosedRange<Int>, after head: String, in folder: URL
  ) throws {
    for value in [range.lowerBound, range.upperBound] {
      let result = try show(head + "\(key) = \(value)\n", in: folder)
      #expect(result.code == 0, "\(key) = \(value): \(result.errors)")
    }
    for value in [range.lowerBound - 1, range.upperBound + 1] {
      let result = try show(head + "\(key) = \(value)\n", in: folder)
      #expect(result.code == 2, "\(key) = \(value)")
      #expect(result.errors.contains(".\(key): \(value) is out of range"), "\(result.errors)")
    }
  }

  @Test("Each key that a section may have stands in the README, but for those without an effect")
  func keys() throws {
    let sections = [
      "general", "logging", "client-profile.x", "tls.x", "sasl.x", "cluster.y", "consumer.y",
      "httpserver.y", "storage.x", "evaluator.x", "probe", "probe.x", "scale.x", "token.x",
    ]
    let known = try withFolder { folder in
      let text = sections.map { "[\($0)]\nqqqqqqqqqqqqqqqqqq = 1\n" }.joined()
      return try show(text, in: folder).errors.matches(of: /unknown key \(known: ([^)]*)\)/)
        .flatMap { $0.1.split(separator: ", ").map(String.init) }
    }
    #expect(Set(known).isSuperset(of: ["servers", "groups", "hold", "goaway-timeout"]))
    let words = Set(
      Self.readme.matches(of: /[a-z0-9]+(?:-[a-z0-9]+)*/).map { String($0.0) })
    let missing = Set(known).subtracting(words).subtracting(Self.withoutEffect)
    #expect(missing.isEmpty)
  }

  /// Burrow's keys that only a warning answers.
  private static let withoutEffect: Set<String> = [
    "pidfile", "stdout-logfile", "filename", "maxsize", "maxbackups", "maxage", "use-localtime",
    "use-compression", "iam", "groups-reaper-refresh", "group-whitelist", "group-blacklist",
    "zookeeper-path", "zookeeper-timeout", "workers", "queue-depth", "expire-cache",
  ]
}
