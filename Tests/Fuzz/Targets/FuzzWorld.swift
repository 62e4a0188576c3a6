import EventLoop
import HTTPServer

/// What stands around a machine that is fuzzed: its clock, its limits and who answers.
final class FuzzWorld {
  /// The time, which only the input moves.
  private final class Time: @unchecked Sendable {
    var nanoseconds: Int64 = 1
  }

  let handler = FuzzHandler()
  let context: ServerContext
  private let time = Time()

  /// - Parameter choices: bits of the input that choose limits.
  init(_ choices: UInt8) {
    var limits = Limits()
    if choices & 1 != 0 {
      limits.outputBytes = 100
      limits.bodyBytes = 50
      limits.pipelinedBytes = 60
    }
    if choices & 2 != 0 {
      limits.keptContentBytes = 40
      limits.keptHeadBytes = 300
      limits.streams = 2
      limits.queuedFrames = 30
    }
    if choices & 4 != 0 {
      limits.unsentBytesOfConnection = 10
      limits.controlFrameBurst = 20
      limits.resetBurst = 5
    }
    let time = time
    context = ServerContext(
      handler: handler, limits: limits,
      clock: Clock(
        monotonicNanoseconds: { time.nanoseconds },
        realtimeMilliseconds: { 1_795_176_000_000 + time.nanoseconds / 1_000_000 }))
  }

  var now: Int64 { time.nanoseconds }

  func advance(seconds: UInt8) {
    time.nanoseconds += Int64(seconds) * nanosecondsPerSecond
    context.refreshDate(now: now)
  }

  /// What must hold once every connection is closed.
  func checkTheEnd() {
    precondition(context.keptContent == 0, "content is kept for nobody")
    precondition(context.keptHeads == 0, "heads are kept for nobody")
    precondition(context.unsent == 0, "answers wait for nobody")
    for source in handler.sources {
      precondition(source.closed == 1, "a source was closed \(source.closed) times")
    }
  }
}

/// Answers by path: echoes, large bodies, streams.
final class FuzzHandler: RequestHandler {
  private(set) var sources: [FuzzSource] = []
  /// Requests that were answered, as far as they can be told apart.
  private(set) var requests: [[UInt8]] = []
  /// What sources give, in turn; the input sets it.
  var steps: [UInt8] = [0]

  func respond(to request: borrowing Request) -> Response {
    // Everything that a handler may ask for.
    var told = Array(request.path)
    if let query = request.query { told += query }
    told += request.authority + request.decodedPath
    for index in 0...request.segmentCount { told += request.decodedSegment(index) }
    for value in request.queryValues("a") { told += value }
    told += request.header("x") ?? []
    told += request.content
    requests.append(told)
    switch request.path.dropFirst().first {
    case UInt8(ascii: "s"):
      let source = FuzzSource(steps)
      sources.append(source)
      return Response(.ok, .text, stream: source)
    case UInt8(ascii: "b"):
      return Response(.ok, .text, body: [UInt8](repeating: 0x62, count: 70_000))
    case UInt8(ascii: "n"):
      return Response(.noContent)
    case UInt8(ascii: "m"):
      return .methodNotAllowed("GET")
    default:
      return Response(.ok, .json, body: Array(request.path), headers: [Header("x", "y")])
    }
  }
}

/// Gives what the input says, over and over.
final class FuzzSource: ResponseStream {
  private let steps: [UInt8]
  private var position = 0
  private(set) var signal: ResponseSignal?
  private(set) var closed = 0
  private var isDraining = false

  init(_ steps: [UInt8]) { self.steps = steps.isEmpty ? [3] : steps }

  func begin(_ signal: ResponseSignal) { self.signal = signal }

  func next() -> StreamStep {
    precondition(closed == 0, "a closed source was asked")
    if isDraining { return .last([]) }
    defer { position += 1 }
    switch steps[position % steps.count] % 7 {
    case 0: return .wait
    case 1: return .piece([UInt8](repeating: 0x70, count: 300))
    case 2: return .piece([])
    case 3: return .last([0x6C])
    case 4: return .abort
    case 5:
      signal?.raise()
      return .wait
    default: return position > 50 ? .last([]) : .piece([0x71])
    }
  }

  func drain() { isDraining = true }

  func close() { closed += 1 }
}
