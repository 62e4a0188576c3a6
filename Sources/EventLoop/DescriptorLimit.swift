import Glibc

/// How many descriptors the process may have.
package enum DescriptorLimit {
  /// Raises the soft limit as far as the hard one lets it, and never lowers it.
  ///
  /// Some systems begin processes with 1,024, which is fewer than the server's connections and
  /// librdkafka's together.
  ///
  /// - Parameter wanted: descriptors; more are left as they are.
  /// - Returns: the soft limit from now on.
  @discardableResult
  package static func raise(to wanted: Int) -> Int {
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    // SAFETY: both calls use a local of the right type.
    guard unsafe getrlimit(resource, &limit) == 0 else { return 0 }
    let current = Int(clamping: limit.rlim_cur)
    let target = min(wanted, Int(clamping: limit.rlim_max))
    guard target > current else { return current }
    limit.rlim_cur = rlim_t(target)
    return unsafe setrlimit(resource, &limit) == 0 ? target : current
  }
}
