/// A value that differs between two configurations, or the content of a file that one names.
package struct ConfigurationChange: Equatable, Sendable, CustomStringConvertible {
  /// Section, name and key as in the file.
  package let path: String
  /// What became of it, secrets hidden: `10 -> 20`, `changed`, `"a" added`.
  package let text: String

  /// Whether it takes effect at the next start only: listeners stay open as they are.
  package var needsRestart: Bool { path.hasPrefix("\(Schema.listener.name).") }

  /// The path and what became of it.
  package var description: String { "\(path): \(text)" }
}

extension Configuration {
  /// What the effective configuration is called where nobody named a file.
  package static let sourceWithoutFile = "flags and environment"

  /// Tells the values of this configuration from those of others, in other processes too.
  ///
  /// A 64-bit FNV-1a hash, in hexadecimal, of all values as they may be shown: secrets do not
  /// enter it, nor does what the pod's own variables say, so that replicas agree.
  package var fingerprint: String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for setting in settings where !setting.isOfPod {
      for byte in "\(setting.path)=\(setting.value)\n".utf8 {
        hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
      }
    }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// Whether it can be loaded again: there is no file, or one that is no pipe.
  package var isReloadable: Bool {
    source == nil || files.contains { $0.path == source && $0.isRegular }
  }

  /// What differs from an older configuration: first what is new or changed, in the order of this
  /// one, then what is gone.
  package func changes(since old: Configuration) -> [ConfigurationChange] {
    var changes: [ConfigurationChange] = []
    var before: [String: Setting] = [:]
    for setting in old.settings { before[setting.path] = setting }
    for setting in settings {
      guard let known = before.removeValue(forKey: setting.path) else {
        changes.append(ConfigurationChange(path: setting.path, text: "\(setting.value) added"))
        continue
      }
      guard known.content != setting.content else { continue }
      changes.append(
        ConfigurationChange(
          path: setting.path,
          text: known.value == setting.value ? "changed" : "\(known.value) -> \(setting.value)"))
    }
    for setting in old.settings where before[setting.path] != nil {
      changes.append(ConfigurationChange(path: setting.path, text: "\(setting.value) removed"))
    }
    for file in files where file.path != source {
      guard let known = old.files.first(where: { $0.path == file.path }), known != file else {
        continue
      }
      let change = ConfigurationChange(path: quoted(file.path), text: "the file has changed")
      if !changes.contains(change) { changes.append(change) }
    }
    return changes
  }
}

extension Setting {
  /// Whether the downward API says the value, other in each pod.
  fileprivate var isOfPod: Bool {
    if case .environment(let name) = origin { name == path } else { false }
  }
}
