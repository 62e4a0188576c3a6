/// How many records of the offsets topic were read, by what became of them.
package struct RecordCounters: Sendable, Equatable {
  /// All records.
  package var read: Int64 = 0
  /// Records of groups that are not watched.
  package var foreign: Int64 = 0
  /// Commits that were stored.
  package var commits: Int64 = 0
  /// Commits that polls by OffsetFetch have seen.
  package var observed: Int64 = 0
  /// Commits that came twice, too late or out of range, and those that are past their time.
  package var dropped: Int64 = 0
  /// Tombstones of commits and groups.
  package var tombstones: Int64 = 0
  /// Records of members and assignments.
  package var groupMetadata: Int64 = 0
  /// Records of other kinds, which say nothing that the agent needs.
  package var ignored: Int64 = 0
  /// Values of a version that is not known.
  package var unsupportedVersions: Int64 = 0
  /// Records that break their format.
  package var malformed: Int64 = 0
}
