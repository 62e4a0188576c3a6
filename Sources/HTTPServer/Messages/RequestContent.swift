/// The content of a request that is arriving, counted among all that a server keeps.
final class RequestContent {
  private(set) var bytes: [UInt8] = []
  private let context: ServerContext

  init(context: ServerContext) {
    self.context = context
  }

  deinit {
    context.keptContentBytes -= bytes.count
  }

  /// Appends bytes; says why not if all connections together keep too many.
  func append(_ added: Span<UInt8>) -> Refusal? {
    guard context.keptContentBytes <= context.limits.keptContentBytes - added.count else {
      return .tooMuchContent
    }
    context.keptContentBytes += added.count
    bytes.append(added)
    return nil
  }
}
