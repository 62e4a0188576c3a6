extension Configuration {
  /// Where the agent's container image has its state directory.
  package static let usualStateDirectory = "/var/lib/vole"

  /// Finds the state directory of a configuration that is wrong: an older one may lie there.
  ///
  /// The environment decides before the file, and of a file that is no TOML the line that names the
  /// directory is believed.
  ///
  /// - Parameters:
  ///   - flags: those of the command line.
  ///   - environment: all variables of the process.
  /// - Returns: the directory that is named, or the usual one.
  package static func likelyStateDirectory(
    flags: ConfigurationFlags, environment: [String: String]
  ) -> String {
    if let named = environment["VOLE_GENERAL_STATE_DIR"], !named.isEmpty { return named }
    guard let path = flags.file, let bytes = try? readFile(path, limit: maxFileBytes) else {
      return usualStateDirectory
    }
    return stateDirectory(in: bytes) ?? usualStateDirectory
  }

  private static func stateDirectory(in bytes: [UInt8]) -> String? {
    let key = GeneralKeys.stateDirectory.name
    if let table = try? TOMLTable(parsing: bytes) {
      guard case .table(let general) = table[Schema.general.name]?.value,
        case .string(let path) = general[key]?.value, !path.isEmpty
      else { return nil }
      return path
    }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, parts[0].filter({ !$0.isWhitespace }) == key else { continue }
      let quoted = parts[1].split(separator: "\"", omittingEmptySubsequences: false)
      if quoted.count >= 3, !quoted[1].isEmpty { return String(quoted[1]) }
    }
    return nil
  }
}
