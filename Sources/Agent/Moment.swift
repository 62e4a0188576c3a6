/// A point in time on both clocks, as the event loop read them.
package struct Moment: Sendable, Equatable {
  /// The wall clock in milliseconds since 1970: what commits and heads are compared with.
  package var wall: Int64
  /// A clock that never jumps, in milliseconds since some start: what ages and delays are made of.
  package var monotonic: Int64

  /// Creates a moment from both clocks.
  package init(wall: Int64, monotonic: Int64) {
    self.wall = wall
    self.monotonic = monotonic
  }

  /// The wall clock in whole seconds since 1970.
  package var wallSeconds: Int64 { wall / 1000 }
}
