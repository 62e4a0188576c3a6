import EventLoop
import Glibc
import Testing

@Suite struct DescriptorLimitTests {
  private static func limits() -> (soft: Int, hard: Int) {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return (Int(clamping: limit.rlim_cur), Int(clamping: limit.rlim_max))
  }

  private static func set(soft: Int, hard: Int) -> Bool {
    var limit = rlimit(rlim_cur: rlim_t(soft), rlim_max: rlim_t(hard))
    return setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
  }

  /// In a process of its own, because the limits are the process's.
  @Test func raisesTheSoftLimitWithinTheHardOne() async {
    await #expect(processExitsWith: .success) {
      #expect(DescriptorLimitTests.set(soft: 256, hard: 700))
      #expect(DescriptorLimit.raise(to: 500) == 500)
      #expect(DescriptorLimitTests.limits().soft == 500)
      #expect(DescriptorLimitTests.limits().hard == 700)
      #expect(DescriptorLimit.raise(to: 400) == 500)
      #expect(DescriptorLimit.raise(to: 4_096) == 700)
      #expect(DescriptorLimitTests.limits().soft == 700)
    }
  }
}
