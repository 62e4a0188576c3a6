import Configuration
import EventLoop

/// What looks after the files of the configuration.
final class Reloading {
  /// Reads the configuration anew.
  let load: () throws(InvalidConfiguration) -> Configuration
  /// Tells of changes; nil where the system has no watch left, and looks at intervals must do.
  let watch: FileWatch?
  var schedule: ReloadSchedule
  /// The files that were read last, with what they held.
  var files: [NamedFile]

  init(
    load: @escaping () throws(InvalidConfiguration) -> Configuration, watch: FileWatch?,
    files: [NamedFile], now: Int64
  ) {
    self.load = load
    self.watch = watch
    self.files = files
    schedule = ReloadSchedule(now: now)
  }
}

/// Another configuration while the agent runs: on a signal, and when a file of it changes.
extension Run {
  /// Begins to watch the files of a configuration.
  func beginWatching(
    _ configuration: Configuration, load: (() throws(InvalidConfiguration) -> Configuration)?
  ) {
    guard let load else { return }
    var watch: FileWatch?
    do throws(Errno) {
      let opened = try FileWatch.open()
      _ = try loop.add(opened) { [unowned self] in
        reloading?.schedule.stir(now: now.monotonic)
      }
      watch = opened
    } catch {
      write(
        LogRecord(.warn, "files are not watched; they are looked at once a minute")
          .with("error", error.description))
    }
    watch?.watch(configuration.files.map(\.path))
    reloading = Reloading(
      load: load, watch: watch, files: configuration.files, now: now.monotonic)
  }

  /// Looks at the files when it is time to, and loads the configuration if one has changed.
  func lookAtFiles() {
    guard let reloading, reloading.schedule.takeDue(now: now.monotonic) else { return }
    // Before they are read, so that no change stays unnoticed; links may lead elsewhere by now.
    reloading.watch?.watch(reloading.files.map(\.path))
    guard reloading.files != reloading.files.map({ NamedFile($0.path) }) else { return }
    reload(because: .files)
  }

  /// Loads the configuration again and takes it over if it is right.
  package func reload(because cause: ReloadState.Cause) {
    guard !isEnding else { return }
    guard let reloading else {
      return write(LogRecord(.warn, "the configuration cannot be read again: it came from a pipe"))
    }
    do throws(InvalidConfiguration) {
      let configuration = try reloading.load()
      keepWatching(configuration.files)
      take(configuration, because: cause)
      keep(configuration)
    } catch {
      keepWatching(error.files)
      perform(agent.refuse(error.problems.map(\.description), because: cause, at: now))
    }
  }

  /// Tells that an older configuration runs in the place of one that is wrong.
  func refuse(_ problems: [String]) {
    perform(agent.refuse(problems, because: .start, at: now))
  }

  /// Watches the files of the last attempt, and those of the configuration that runs.
  private func keepWatching(_ files: [NamedFile]) {
    guard let reloading else { return }
    let before = reloading.files.filter { old in !files.contains { $0.path == old.path } }
    let running = agent.reload.current?.files ?? []
    reloading.files = files + before.filter { old in running.contains { $0.path == old.path } }
    reloading.watch?.watch(reloading.files.map(\.path))
  }

  private func take(_ configuration: Configuration, because cause: ReloadState.Cause) {
    let continued = agent.continuations(in: configuration)
    var changed: [ClusterLink] = []
    do throws(Errno) {
      for (index, cluster) in configuration.clusters.enumerated() where continued[index] == nil {
        changed.append(try open(cluster, of: configuration, index: index))
      }
    } catch {
      for link in changed { close(link) }
      let problem = "cannot open another cluster: \(error.message)"
      return perform(agent.refuse([problem], because: cause, at: now))
    }
    var opened = changed[...]
    changed = []
    for (index, cluster) in configuration.clusters.enumerated() {
      guard let source = continued[index] else {
        if let link = opened.popFirst() { changed.append(link) }
        continue
      }
      links[source].index = index
      links[source].clients = clients(for: cluster, of: configuration)
      changed.append(links[source])
    }
    for (index, link) in links.enumerated() where !continued.contains(index) { close(link) }
    links = changed
    // What is told of the change is told at the more talkative of the two levels.
    let isTalkative = configuration.logging.level.urgency < level.urgency
    if isTalkative { adopt(configuration) }
    perform(agent.reconfigure(configuration, because: cause, at: now))
    if !isTalkative { adopt(configuration) }
  }
}
