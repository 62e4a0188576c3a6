/// The flags of `vole run` that say something about the configuration.
package struct ConfigurationFlags: Equatable {
  /// `--config`: the path of the configuration file.
  package var file: String?
  /// `--cluster`: the cluster that servers and groups of flags and shortcuts belong to.
  package var cluster: String?
  /// `--bootstrap-servers`: `host:port`, several separated by commas.
  package var bootstrapServers: [String] = []
  /// `--group`: exact names.
  package var groups: [String] = []
  /// `--listen`: `host:port`.
  package var listen: String?
  /// `--log-level`.
  package var logLevel: String?

  /// No flag at all.
  package init() {}

  /// Takes the flags that `options` declares out of a command line.
  package init(_ arguments: CommandLineArguments) {
    file = arguments.value("config")
    cluster = arguments.value("cluster")
    bootstrapServers = arguments.values("bootstrap-servers")
    groups = arguments.values("group")
    listen = arguments.value("listen")
    logLevel = arguments.value("log-level")
  }

  /// The declarations of the flags above, for every command that reads a configuration.
  package static let options: [OptionDeclaration] = [
    OptionDeclaration(
      "config", placeholder: "FILE",
      help: "Read this configuration file (TOML). Without one, flags and environment suffice."),
    OptionDeclaration(
      "bootstrap-servers", placeholder: "HOST:PORT", isRepeatable: true,
      help: "Kafka brokers to ask first, separated by commas."),
    OptionDeclaration(
      "group", placeholder: "NAME", isRepeatable: true,
      help: "Watch this consumer group; '*' watches every group of the cluster."),
    OptionDeclaration(
      "listen", placeholder: "HOST:PORT",
      help: "Answer probes and requests here (default [::]:8000), or at unix:/PATH."),
    OptionDeclaration(
      "cluster", placeholder: "NAME",
      help: "The cluster that --bootstrap-servers and --group are about, where the file has "
        + "several; without a file, the name of the cluster (default \"default\")."),
    OptionDeclaration(
      "log-level", placeholder: "LEVEL", help: "debug, info, warn or error (default info)."),
  ]
}
