import EventLoop
import HTTPServer

/// Content whose pieces come at times that are known beforehand.
final class ScriptedContent: ResponseStream {
  private let loop: EventLoop
  private var pieces: [[UInt8]]
  private var ending: [UInt8]
  /// Nanoseconds before each piece.
  private let delay: Int64
  /// When the content is broken off, and what is said then.
  private let deadline: (time: Int64, ending: [UInt8])?
  private var signal: ResponseSignal?
  private var due: Int64
  private var timer: TimerToken?
  private var isOver = false

  /// Makes the content of a response that begins now.
  ///
  /// - Parameter ending: comes with the last piece, or alone without one.
  init(
    _ loop: EventLoop, pieces: [[UInt8]], ending: [UInt8], delayMilliseconds: UInt32,
    deadline: (time: Int64, ending: [UInt8])? = nil
  ) {
    self.loop = loop
    self.pieces = pieces
    self.ending = ending
    delay = Int64(delayMilliseconds) * nanosecondsPerMillisecond
    self.deadline = deadline
    due = loop.now + delay
  }

  func begin(_ signal: ResponseSignal) { self.signal = signal }

  func next() -> StreamStep {
    if let deadline, deadline.time <= loop.now, !isOver {
      pieces = []
      ending = deadline.ending
    }
    guard !pieces.isEmpty else {
      isOver = true
      return .last(ending)
    }
    guard due <= loop.now else {
      let time = min(due, deadline?.time ?? due)
      timer = loop.schedule(at: time) { [weak self] in
        self?.timer = nil
        self?.signal?.raise()
      }
      return .wait
    }
    due = loop.now + delay
    return .piece(pieces.removeFirst())
  }

  func drain() {
    pieces = []
    signal?.raise()
  }

  func close() {
    if let timer { loop.cancel(timer) }
    timer = nil
    signal = nil
  }
}
