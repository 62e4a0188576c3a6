/// Where a value of the configuration came from.
package enum Origin: Equatable, Sendable {
  /// Nobody said anything: the value is the default.
  case builtIn
  /// A line of the configuration file, from 1.
  case file(String, line: Int)
  /// An environment variable.
  case environment(String)
  /// A flag of the command line, with its dashes.
  case flag(String)

  /// The order of the layers: a higher rank overrides a lower one.
  var rank: Int {
    switch self {
    case .builtIn: 0
    case .file: 1
    case .environment: 2
    case .flag: 3
    }
  }
}

extension Origin: CustomStringConvertible {
  /// The place as it begins the line of an error: `vole.toml:12`, `VOLE_LISTEN`, `--listen`.
  ///
  /// Names of files and variables may hold any character; what would break the line is escaped.
  package var description: String {
    switch self {
    case .builtIn: "default"
    case .file(let name, let line): "\(onOneLine(name)):\(line)"
    case .environment(let name): onOneLine(name)
    case .flag(let name): name
    }
  }
}

/// The place of a value in the configuration: section, name of the section, key.
struct SettingPath: Hashable, CustomStringConvertible {
  var components: [String]

  init(components: [String]) {
    self.components = components
  }

  init(_ components: String...) {
    self.components = components
  }

  init(_ section: [String], _ key: String) {
    components = section + [key]
  }

  /// The path as TOML writes it, with quotes where a part is no bare key.
  var description: String {
    components.map(Self.bareOrQuoted).joined(separator: ".")
  }

  /// The path as the name of an environment variable: upper-case, `-` and `.` as `_`.
  ///
  /// - Parameter prefix: What the name begins with, for example `VOLE`.
  /// - Returns: The name, `VOLE_CLUSTER_LOCAL_SERVERS`.
  func variable(prefix: String) -> String {
    ([prefix] + components).joined(separator: "_").uppercased()
      .map { $0 == "-" || $0 == "." ? "_" : String($0) }.joined()
  }

  private static func bareOrQuoted(_ part: String) -> String {
    let isBare =
      !part.isEmpty
      && part.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
    return isBare ? part : quoted(part)
  }
}

/// One value of the effective configuration, for people to look at.
package struct Setting: Equatable, Sendable {
  /// Section, name and key as in the file, for example `cluster.local.offset-refresh`.
  package let path: String
  /// The value as TOML writes it; a secret is hidden.
  package let value: String
  /// Where the value came from.
  package let origin: Origin
  /// What tells the value from another one within this process, secret or not.
  let content: Int
}

/// One thing that is wrong with the configuration, or that somebody should know about it.
package struct ConfigurationProblem: Error, Equatable, Sendable, CustomStringConvertible {
  /// The line, variable or flag to look at; `.builtIn` where nothing was said at all.
  package let origin: Origin
  /// Section, name and key; empty where the problem is the file or a variable as a whole.
  package let path: String
  /// What is wrong, and in parentheses what is allowed.
  package let message: String

  /// One line: place, path, message.
  package var description: String {
    let place = origin == .builtIn ? "configuration" : origin.description
    return path.isEmpty ? "\(place): \(message)" : "\(place): \(path): \(message)"
  }
}

/// Everything that is wrong with a configuration.
package struct InvalidConfiguration: Error {
  /// At least one, in the order of the file, then variables, then flags; at most `maxProblems`.
  package let problems: [ConfigurationProblem]
  /// What would have been said had the configuration been right.
  package let warnings: [ConfigurationProblem]
  /// The files that were looked at, with what they held: another content may be right.
  package internal(set) var files: [NamedFile]

  /// Problems that are reported; a file of garbage does not fill the log.
  package static let maxProblems = 100
}

extension [ConfigurationProblem] {
  /// The problems in the order in which somebody would mend them: file by line, variables, flags.
  func inReadingOrder() -> [ConfigurationProblem] {
    let line = { (origin: Origin) in
      if case .file(_, let line) = origin { line } else { 0 }
    }
    return enumerated().sorted { left, right in
      let a = left.element.origin
      let b = right.element.origin
      if a.rank != b.rank {
        // What nobody said comes last: it names the ways to say it.
        return (a.rank == 0 ? .max : a.rank) < (b.rank == 0 ? .max : b.rank)
      }
      return line(a) != line(b) ? line(a) < line(b) : left.offset < right.offset
    }.map(\.element)
  }
}
