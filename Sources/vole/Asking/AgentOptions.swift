import Agent
import Configuration
import EventLoop
import HTTPServer

/// How a command finds the agent that it asks: the options, and what they come to.
struct AgentOptions {
  /// The options of every command that asks an agent.
  static let declarations = [
    OptionDeclaration(
      "server", placeholder: "URL",
      help: "The agent: http://HOST:PORT, https://HOST:PORT or unix:/PATH (default VOLE_SERVER; "
        + "then the first listener of --config; then VOLE_LISTEN; then http://127.0.0.1:8000)."),
    OptionDeclaration(
      "config", placeholder: "FILE", help: "Ask the agent that this configuration file is for."),
    OptionDeclaration(
      "token-file", placeholder: "FILE",
      help: "Show the token in this file (default VOLE_TOKEN_FILE; without either, none)."),
    OptionDeclaration(
      "ca-file", placeholder: "FILE",
      help: "Trust the authorities in this PEM file instead of the system's."),
    OptionDeclaration(
      "insecure", help: "Do not look at the server's certificate and name."),
    OptionDeclaration(
      "cert-file", placeholder: "FILE", help: "Show this certificate (PEM) to the server."),
    OptionDeclaration(
      "key-file", placeholder: "FILE",
      help: "The key of that certificate, where it is not in the same file."),
    OptionDeclaration(
      "timeout", placeholder: "SECONDS", help: "How long an answer may take [5]."),
  ]

  /// Where the agent is.
  let server: ServerAddress
  /// What is sent as a bearer token.
  let token: String?
  /// How long an answer may take, in milliseconds.
  let milliseconds: Int64
  /// How the connection is protected, where it is.
  let tls: ClientTLSSettings

  /// The port of an agent that is not told another.
  private static let defaultPort: UInt16 = 8000
  /// Bytes of the longest token.
  private static let maximumToken = 4096

  /// Reads options and environment.
  ///
  /// - Throws: What is wrong with them.
  init(_ arguments: CommandLineArguments, environment: [String: String]) throws(UsageError) {
    milliseconds = Int64(try arguments.integer("timeout", in: 1...3600) ?? 5) * 1000
    server = try Self.server(arguments, environment)
    if arguments.value("key-file") != nil, arguments.value("cert-file") == nil {
      throw UsageError("--key-file goes with --cert-file")
    }
    var tls = ClientTLSSettings()
    tls.authorityFile = arguments.value("ca-file")
    tls.isVerified = !arguments.has("insecure")
    tls.certificateFile = arguments.value("cert-file")
    tls.keyFile = arguments.value("key-file")
    self.tls = tls
    let path = arguments.value("token-file") ?? environment["VOLE_TOKEN_FILE"]
    token = try path.flatMap { path throws(UsageError) in
      path.isEmpty ? nil : try Self.token(path)
    }
  }

  // MARK: The server

  private static func server(
    _ arguments: CommandLineArguments, _ environment: [String: String]
  ) throws(UsageError) -> ServerAddress {
    if let text = arguments.value("server") { return try parsed(text, "--server") }
    if let text = environment["VOLE_SERVER"], !text.isEmpty {
      return try parsed(text, "VOLE_SERVER")
    }
    if arguments.value("config") != nil { return try configured(arguments, environment) }
    if let text = environment["VOLE_LISTEN"], !text.isEmpty {
      guard let address = ListenAddress(parsing: text, hasIPv6: systemHasIPv6()) else {
        throw UsageError("VOLE_LISTEN: \"\(text)\" is no HOST:PORT")
      }
      return reached(address)
    }
    return ServerAddress(.tcp(host: "127.0.0.1", port: defaultPort))
  }

  private static func parsed(
    _ text: String, _ origin: String
  ) throws(UsageError) -> ServerAddress {
    do throws(InvalidServerAddress) {
      return try ServerAddress(parsing: text, defaultPort: defaultPort)
    } catch { throw UsageError("\(origin): \"\(text)\" \(error)") }
  }

  /// The first listener of a configuration file.
  private static func configured(
    _ arguments: CommandLineArguments, _ environment: [String: String]
  ) throws(UsageError) -> ServerAddress {
    var flags = ConfigurationFlags()
    flags.file = arguments.value("config")
    let configuration: Configuration
    do throws(InvalidConfiguration) {
      configuration = try Configuration.load(
        flags: flags, environment: environment, library: Run.clientLibrary)
    } catch { throw UsageError(error.problems.first?.description ?? "--config: is wrong") }
    guard let listener = configuration.listeners.first,
      listener.address.path != nil || listener.address.port > 0
    else {
      throw UsageError("--config: its first listener has no port of its own (--server names one)")
    }
    return reached(listener.address, isSecure: listener.tls != nil)
  }

  /// Where a listener is reached from this machine: every address is the nearest one too.
  private static func reached(_ address: ListenAddress, isSecure: Bool = false) -> ServerAddress {
    if let path = address.path { return ServerAddress(.unix(path: path)) }
    let isEverywhere = address.host == "::" || address.host == "0.0.0.0"
    let host = isEverywhere ? "127.0.0.1" : address.host
    return ServerAddress(.tcp(host: host, port: address.port), isSecure: isSecure)
  }

  // MARK: The token

  private static func token(_ path: String) throws(UsageError) -> String {
    var bytes: [UInt8]
    do throws(FileError) {
      bytes = try readFile(path, limit: maximumToken)
    } catch { throw UsageError("token file \"\(path)\": \(error)") }
    while let last = bytes.last, last == 0x0A || last == 0x0D || last == 0x20 { bytes.removeLast() }
    guard !bytes.isEmpty, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw UsageError("token file \"\(path)\": is no line of visible ASCII")
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
