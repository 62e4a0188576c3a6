/// A point in time on both clocks, as decisions need it.
package struct DecisionTime: Sendable, Equatable {
  /// The wall clock in milliseconds since 1970.
  package var wall: Int64
  /// A clock that never jumps, in milliseconds since some start: what patience is measured by.
  package var monotonic: Int64

  /// Creates a time from both clocks.
  package init(wall: Int64, monotonic: Int64) {
    self.wall = wall
    self.monotonic = monotonic
  }

  /// The wall clock in whole seconds since 1970.
  package var wallSeconds: Int64 { wall / 1000 }

  /// Returns when something happened on the monotonic clock that happened so long ago.
  ///
  /// - Parameter age: milliseconds; a negative one counts as none.
  func ago(_ age: Int64) -> Int64 { monotonic &- max(0, age) }
}
