extension TLSProfile {
  /// Reads `[tls.X]`.
  init(_ section: Section, _ reader: inout SettingReader) {
    name = section.name ?? ""
    caFile = reader.value(TLSKeys.caFile, in: section)
    let certificate = reader.read(TLSKeys.certificateFile, in: section)
    let key = reader.read(TLSKeys.keyFile, in: section)
    certificateFile = certificate.value
    keyFile = key.value
    keyPassword =
      reader.readText(TLSKeys.keyPassword, or: TLSKeys.keyPasswordFile, in: section).value
    skipsVerification = reader.value(TLSKeys.skipsVerification, in: section)
    files = reader.files(of: section.path)
    if certificate.value != nil, key.isMissing {
      reader.report.error(
        section.origin, section.path(TLSKeys.keyFile.name), "is missing (certfile needs its key)")
    }
    if key.value != nil, certificate.isMissing {
      reader.report.error(
        section.origin, section.path(TLSKeys.certificateFile.name),
        "is missing (keyfile needs its certificate)")
    }
  }
}

extension SASLProfile {
  /// Reads `[sasl.X]`.
  init(_ section: Section, _ reader: inout SettingReader) {
    name = section.name ?? ""
    let wanted = reader.read(SASLKeys.mechanism, in: section)
    mechanism = wanted.value
    let handshake = reader.read(SASLKeys.handshakeFirst, in: section)
    if !handshake.value {
      reader.report.warning(
        handshake.origin, section.path(SASLKeys.handshakeFirst.name),
        "has no effect: the handshake always comes first")
    }
    let user = reader.readText(SASLKeys.username, or: SASLKeys.usernameFile, in: section)
    let secret = reader.readText(SASLKeys.password, or: SASLKeys.passwordFile, in: section)
    let token = reader.read(SASLKeys.tokenFile, in: section)
    username = user.value
    password = secret.value
    tokenFile = token.value
    files = reader.files(of: section.path)
    // Nobody knows what an unknown mechanism needs.
    if wanted.isRefused { return }
    if tokenFile != nil, mechanism != .oauthBearer {
      reader.report.error(
        token.origin, section.path(SASLKeys.tokenFile.name),
        "\(mechanism.rawValue) takes no token (mechanism = \"OAUTHBEARER\" does)")
    }
    guard mechanism.takesPassword else { return }
    if !user.isSaid {
      reader.report.error(
        section.origin, section.path(SASLKeys.username.name),
        "is missing (\(mechanism.rawValue) needs one: username or username-file)")
    }
    if !secret.isSaid {
      reader.report.error(
        section.origin, section.path(SASLKeys.password.name),
        "is missing (password or password-file)")
    }
  }
}

extension SettingReader {
  /// Reads a text that stands behind one key or in the file that another key names.
  ///
  /// - Returns: The text, nil where there is none or it is refused; and whether any layer says
  ///   something of it, right or wrong.
  mutating func readText(
    _ key: Key<String?>, or fileKey: Key<String?>, in section: Section
  ) -> (value: String?, isSaid: Bool) {
    let text = read(key, in: section)
    let file = read(fileKey, in: section)
    let isSaid = text.value != nil || text.isRefused || file.value != nil || file.isRefused
    guard let path = file.value else { return (text.value, isSaid) }
    guard text.value == nil else {
      report.error(
        file.origin, section.path(fileKey.name), "\(key.name) is set too (one of the two)")
      return (nil, true)
    }
    return (firstLine(of: path, file.origin, section.path(fileKey.name)), true)
  }

  /// The first line of a file, without its end; nil where it cannot be read or is empty.
  mutating func firstLine(
    of path: String, _ origin: Origin, _ setting: SettingPath
  ) -> String? {
    do throws(FileError) {
      let bytes = try readFile(path, limit: maxFileBytes)
      let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
      if line.isEmpty {
        report.error(origin, setting, "\(quoted(path)) has an empty first line")
        return nil
      }
      guard let text = String(validating: line, as: UTF8.self) else {
        report.error(origin, setting, "\(quoted(path)) is no UTF-8 text")
        return nil
      }
      return text
    } catch {
      report.error(origin, setting, "cannot read \(quoted(path)): \(error)")
      return nil
    }
  }
}
