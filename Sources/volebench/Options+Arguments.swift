import Glibc

extension Options {
  static let usage = """
    Usage: volebench [--work N] [--repeat N] [--no-yardstick] [NAME ...]

    Measures fixed work in CPU time and holds it against the budgets of the design.

      --work N     do N times the usual work (1 to 1000)
      --repeat N   measure each figure N times (1 to 1000)
      --no-yardstick
                   leave out the naive store, for profilers
      --list       list the benchmarks by name
      --help       say this
    """

  /// Reads the arguments; says what is wrong with them and ends the program with 2 otherwise.
  init(arguments: [String], benchmarks: [Benchmark]) {
    var left = arguments[...]
    while let argument = left.popFirst() {
      switch argument {
      case "--help":
        print(Self.usage)
        exit(0)
      case "--list":
        for benchmark in benchmarks { print("\(benchmark.name): \(benchmark.summary)") }
        exit(0)
      case "--work": work = Self.number(after: argument, &left)
      case "--repeat": repetitions = Self.number(after: argument, &left)
      case "--no-yardstick": hasYardstick = false
      default:
        guard benchmarks.contains(where: { $0.name == argument }) else {
          exitWithError("'\(argument)' is no option and no benchmark; --list names them")
        }
        names.append(argument)
      }
    }
  }

  private static func number(after option: String, _ left: inout ArraySlice<String>) -> Int {
    guard let text = left.popFirst(), let number = Int(text), (1...1000).contains(number) else {
      exitWithError("\(option) needs a number from 1 to 1000")
    }
    return number
  }
}

/// Ends the program with 2 after a line on standard error.
func exitWithError(_ message: String) -> Never {
  let line = Array("volebench: \(message)\n".utf8)
  // SAFETY: the pointer is valid for `line.count` bytes during the call, which only reads them.
  _ = unsafe line.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
  exit(2)
}
