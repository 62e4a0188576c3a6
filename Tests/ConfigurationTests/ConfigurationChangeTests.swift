import Configuration
import Foundation
import Testing

private let base = """
  [cluster.main]
  servers = ["k:9092"]
  offset-refresh = 10
  [consumer.main]
  groups = ["orders"]
  """

@Suite("Changes between configurations")
struct ConfigurationChangeTests {
  private func changes(
    _ before: String, _ after: String, environment: [String: String] = [:]
  ) throws -> [String] {
    try load(after, environment: environment).changes(since: load(before)).map(\.description)
  }

  @Test("The same is no change, wherever it stands")
  func same() throws {
    #expect(try changes(base, base).isEmpty)
    #expect(try changes(base, "# a remark\n\n" + base).isEmpty)
    #expect(
      try changes(base, base, environment: ["VOLE_CLUSTER_MAIN_OFFSET_REFRESH": "10"]).isEmpty)
  }

  @Test("Values are told with what they were and are")
  func values() throws {
    let after = base.replacing("= 10", with: "= 20").replacing(
      "[\"orders\"]", with: "[\"orders\", \"payments\"]\ngroup-denylist = \"^x\"")
    #expect(
      try changes(base, after) == [
        "cluster.main.offset-refresh: 10 -> 20",
        "consumer.main.groups: [\"orders\"] -> [\"orders\", \"payments\"]",
        "consumer.main.group-denylist: \"^x\" added",
      ])
    #expect(try changes(after, base).last == "consumer.main.group-denylist: \"^x\" removed")
  }

  @Test("Sections come and go with their values")
  func sections() throws {
    let other = "\n[cluster.other]\nservers = [\"o:9092\"]\n[consumer.o]\ncluster = \"other\"\n"
    let both =
      base.replacing("[consumer.main]", with: "[consumer.main]\ncluster = \"main\"") + other
      + "groups = [\"*\"]"
    let added = try changes(base, both)
    #expect(added.contains("cluster.other.servers: [\"o:9092\"] added"))
    #expect(added.contains("consumer.o.groups: [\"*\"] added"))
    #expect(try changes(both, base).contains("consumer.o.groups: [\"*\"] removed"))
  }

  @Test("Secrets are told as changed, without the value")
  func secrets() throws {
    let files = try SecretFiles(["password": "hush-3"])
    let login = """

      [client-profile.P]
      sasl = "S"
      [client-profile.P.librdkafka]
      "ssl.key.password" = "hush-1"
      [sasl.S]
      username = "u"
      password = "hush-2"
      [sasl.T]
      username = "u"
      password-file = "\(files.path("password"))"
      """
    let before = try load(base + login)
    try files.write("password", "hush-6")
    let after = try load(
      base + login.replacing("hush-1", with: "hush-4").replacing("hush-2", with: "hush-5"))
    #expect(
      after.changes(since: before).map(\.description) == [
        "sasl.S.password: changed", "client-profile.P.librdkafka.\"ssl.key.password\": changed",
        "\"\(files.path("password"))\": the file has changed",
      ])
  }

  @Test("The fingerprint tells values apart, not places, secrets or pods")
  func fingerprint() throws {
    let secret = "\n[sasl.S]\nusername = \"u\"\npassword = \"hush\""
    let first = try load(base + secret, environment: ["POD_IP": "10.0.0.1", "POD_NAME": "a"])
    let second = try load(
      "# a remark\n" + base + secret.replacing("hush", with: "other"),
      environment: ["POD_IP": "10.0.0.2"])
    #expect(first.fingerprint == second.fingerprint)
    #expect(first.fingerprint.count == 16)
    let other = try load(base.replacing("= 10", with: "= 11") + secret)
    #expect(other.fingerprint != first.fingerprint)
    // Agents of two processes and machines can be compared: nothing is seeded.
    var hash: UInt64 = 14_695_981_039_346_656_037
    for setting in try load(base).settings {
      for byte in Array("\(setting.path)=\(setting.value)\n".utf8) {
        hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211
      }
    }
    let digits = String(hash, radix: 16)
    #expect(
      try load(base).fingerprint == String(repeating: "0", count: 16 - digits.count) + digits)
  }
}

@Suite("Files that a configuration rests on")
struct NamedFileTests {
  /// What `load` looked at, right or wrong.
  private func files(_ path: String) -> [NamedFile] {
    var flags = ConfigurationFlags()
    flags.file = path
    do throws(InvalidConfiguration) {
      return try Configuration.load(flags: flags, environment: [:], library: ClientLibrary()).files
    } catch {
      return error.files
    }
  }

  @Test("The file itself and those that it names are looked at, even where they are missing")
  func looked() throws {
    let files = try SecretFiles(["ca": "1"])
    let text =
      base + "\n[tls.T]\ncafile = \"\(files.path("ca"))\"\n[sasl.S]\nusername = \"u\"\n"
      + "password-file = \"\(files.path("password"))\"\n[client-profile.P.librdkafka]\n"
      + "\"ssl.crl.location\" = \"\(files.path("crl"))\"\n"
    try files.write("vole.toml", text)
    let before = self.files(files.path("vole.toml"))
    #expect(before.map(\.path) == ["vole.toml", "ca", "password", "crl"].map { files.path($0) })
    #expect(self.files(files.path("vole.toml")) == before)

    // What was missing comes: another content, so another attempt is worth while.
    try files.write("password", "p")
    let after = self.files(files.path("vole.toml"))
    #expect(after != before)
    #expect(after[0] == before[0])
    #expect(after.map(\.path) == before.map(\.path))
  }

  @Test("A file that is missing or no TOML is looked at again")
  func broken() throws {
    let files = try SecretFiles([:])
    let path = files.path("vole.toml")
    let missing = self.files(path)
    #expect(missing.map(\.path) == [path])
    try files.write("vole.toml", "[general")
    let broken = self.files(path)
    #expect(broken.map(\.path) == [path])
    #expect(broken != missing)
  }

  @Test("A file that is named twice is one")
  func bound() throws {
    let files = try SecretFiles(["ca": "1"])
    let profiles = (0..<5).map { "\n[tls.T\($0)]\ncafile = \"\(files.path("ca"))\"" }.joined()
    try files.write("vole.toml", base + profiles)
    #expect(self.files(files.path("vole.toml")).count == 2)
  }

  @Test("A pipe is read once, for what it says, and is not looked at again")
  func pipe() throws {
    let pipe = Pipe()
    try pipe.fileHandleForWriting.write(contentsOf: Data(base.utf8))
    try pipe.fileHandleForWriting.close()
    var flags = ConfigurationFlags()
    flags.file = "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)"
    let configuration = try Configuration.load(
      flags: flags, environment: [:], library: ClientLibrary())
    #expect(configuration.clusters.map(\.name) == ["main"])
    #expect(!configuration.isReloadable)

    let files = try SecretFiles(["vole.toml": base])
    flags.file = files.path("vole.toml")
    #expect(
      try Configuration.load(flags: flags, environment: [:], library: ClientLibrary())
        .isReloadable)
    #expect(try load(base).source == "vole.toml")
  }
}
