extension VerdictName {
  /// Its colour.
  var tone: Paint.Tone {
    switch rank {
    case 0: .good
    case 1, 3: .faint
    case 2: .doubtful
    default: .bad
    }
  }
}

extension PartitionCounts {
  /// How many partitions have each status, those in trouble first: `1 STALL, 11 OK`.
  package var text: String {
    let parts = byStatus.sorted { $0.status.rank > $1.status.rank }
      .map { "\($0.count) \($0.status.text)" }
    return parts.isEmpty ? Shown.nothing : parts.joined(separator: ", ")
  }
}

extension Rates {
  /// How far the group is behind in time, with a mark where that is not measured.
  var behind: String? {
    guard let timeLag else { return nil }
    let mark =
      switch timeLagAccuracy {
      case "ESTIMATED": "~"
      case "AT_LEAST": ">"
      default: ""
      }
    return mark + Shown.duration(timeLag)
  }
}

extension Owner {
  /// Host and client, as much of it as is known.
  var text: String {
    let name = groupInstanceID.isEmpty ? clientID : groupInstanceID
    switch (host.isEmpty, name.isEmpty) {
    case (false, false): return "\(host) (\(name))"
    case (false, true): return host
    case (true, false): return name
    case (true, true): return memberID
    }
  }
}

/// The names of the messages in words.
enum Words {
  /// What a rule found.
  static func rule(_ name: String) -> String {
    switch name {
    case "NO_LAG": "nothing is left to read"
    case "STOPPED": "no commit for longer than the window spans"
    case "REWOUND": "the offset went back and has not caught up"
    case "STALLED": "every commit has the same offset"
    case "LAG_NOT_DECREASING": "the lag has not decreased in the whole window"
    case "LAG_WAS_ZERO": "a commit of the window had no lag"
    case "LAG_DECREASING": "the lag decreases"
    case "LAG_UNKNOWN": "fewer than two lags are known"
    case "INCOMPLETE": "the window is not filled enough to judge"
    case "NO_COMMITS": "nothing was committed"
    default: lowercased(name)
    }
  }

  /// What a flag says.
  static func flag(_ name: String) -> String {
    switch name {
    case "BEFORE_LOG_START": "committed below the log start"
    case "BEYOND_END": "committed beyond the log end"
    case "PHANTOM": "nothing readable in the lag"
    case "HEAD_OLD": "the log end is old"
    default: lowercased(name)
    }
  }

  /// A name of an enum as words: `LAG_KNOWN` is `lag known`.
  static func lowercased(_ name: String) -> String {
    name == "UNSPECIFIED" ? "" : String(name.lowercased().map { $0 == "_" ? " " : $0 })
  }
}
