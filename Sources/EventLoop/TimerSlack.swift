import CLinux

/// How late the kernel may wake a thread whose wait has ended by time alone.
///
/// What becomes readable still wakes it at once.
package enum TimerSlack {
  /// The slack of an agent, in nanoseconds.
  ///
  /// librdkafka's main threads wait for whole milliseconds until their timer of one second and spin
  /// through what is left of the last one: with Linux' own slack of 50 µs that costs nearly a
  /// millisecond each second and client, most of what an idle agent uses. Whoever wakes more than a
  /// millisecond late has nothing left to spin through.
  package static let ofAgent: UInt = 2_000_000

  /// Sets the slack of this thread and of every thread that it starts from now on.
  ///
  /// A kernel that refuses (a sandbox may) leaves everything as it is.
  ///
  /// - Parameter nanoseconds: at least 1.
  package static func set(nanoseconds: UInt) {
    _ = vole_set_timer_slack(nanoseconds)
  }

  /// The slack of this thread in nanoseconds.
  package static var current: Int { Int(vole_timer_slack()) }
}
