import Agent
import Configuration

extension Command {
  /// `vole config`: what a configuration comes to.
  static let config = Command(
    declaration: CommandDeclaration(
      "config",
      summary: "Show the effective configuration and where each value came from",
      details: [
        "Reads the same file, variables and flags as vole run, and checks them in the same way. "
          + "Each value is a line of TOML with its origin behind it: a line of the file, a "
          + "variable, a flag, or default. Secrets are hidden.",
        "Exits with 2 where something is wrong. Nothing is connected.",
        ListenerLimit.help,
      ],
      options: [
        OptionDeclaration("check", help: "Show nothing but what is wrong or has no effect.")
      ] + ConfigurationFlags.options),
    run: showConfiguration)
}

private func showConfiguration(_ arguments: CommandLineArguments) -> Int32 {
  do throws(InvalidConfiguration) {
    let configuration = try Configuration.load(
      flags: ConfigurationFlags(arguments), environment: processEnvironment(),
      library: Run.clientLibrary)
    warn(configuration.warnings)
    if !arguments.has("check") { StandardOutput.write(text(of: configuration)) }
    return StandardOutput.conclude(ExitCode.ok, of: "vole config")
  } catch {
    warn(error.warnings)
    for problem in error.problems { StandardError.write("vole config: \(problem)\n") }
    return ExitCode.usage
  }
}

private func warn(_ warnings: [ConfigurationProblem]) {
  for warning in warnings { StandardError.write("vole config: warning: \(warning)\n") }
}

private func text(of configuration: Configuration) -> String {
  var text = "# \(configuration.source ?? Configuration.sourceWithoutFile), fingerprint "
  text += "\(configuration.fingerprint)\n"
  for setting in configuration.settings {
    // What the pod's own variables say is no part of a file.
    let mark = setting.origin == .environment(setting.path) ? "# " : ""
    text += "\(mark)\(setting.path) = \(setting.value)  # \(setting.origin)\n"
  }
  return text
}
