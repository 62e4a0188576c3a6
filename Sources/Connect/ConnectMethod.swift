package import HTTPServer

/// What a unary method answers.
package struct UnaryAnswer {
  /// A message or an error.
  package enum Outcome {
    /// JSON text, ready to be sent. It is shared, not copied: a cached one costs nothing.
    case message([UInt8])
    case failure(ConnectError)
  }

  /// A message or an error.
  package var outcome: Outcome
  /// Sent before it.
  package var headers = ConnectMetadata()
  /// Sent behind it, as far as a unary call has a behind.
  package var trailers = ConnectMetadata()

  /// An answer without metadata.
  package init(_ outcome: Outcome) { self.outcome = outcome }

  /// An answer with a message: JSON text of an object.
  package static func message(_ json: [UInt8]) -> UnaryAnswer {
    UnaryAnswer(.message(json))
  }

  /// An answer that says why there is none.
  package static func failure(_ error: ConnectError) -> UnaryAnswer {
    UnaryAnswer(.failure(error))
  }
}

/// What a method answers that streams.
package struct StreamAnswer {
  /// A stream or an error.
  package enum Outcome {
    /// A stream of newest states.
    case newest(ConnectStream)
    /// A stream of another kind, whose pieces are whole envelopes that are not compressed.
    case stream(any ResponseStream)
    case failure(ConnectError)
  }

  /// A stream or an error.
  package var outcome: Outcome
  /// Sent at once, before the first message.
  package var headers = ConnectMetadata()
  /// Sent behind an error; a stream sends its own.
  package var trailers = ConnectMetadata()

  /// An answer without metadata.
  package init(_ outcome: Outcome) { self.outcome = outcome }

  /// An answer whose messages a stream of newest states gives.
  package static func newest(_ stream: ConnectStream) -> StreamAnswer {
    StreamAnswer(.newest(stream))
  }

  /// An answer that says why there is no stream.
  package static func failure(_ error: ConnectError) -> StreamAnswer {
    StreamAnswer(.failure(error))
  }
}

/// A method of a service: its name, its kind, and what answers it.
package struct ConnectMethod {
  /// Whether calling twice is like calling once, as the schema says (`idempotency_level`).
  package enum Idempotency: Sendable {
    /// The schema says nothing.
    case unknown
    /// `NO_SIDE_EFFECTS`: the method may be called by GET.
    case noSideEffects
  }

  enum Body {
    case unary((ConnectCall, borrowing Request) -> UnaryAnswer)
    case serverStream((ConnectCall, borrowing Request) -> StreamAnswer)
  }

  /// The full name of the service, such as `vole.v1.ConsumerGroupService`.
  package let service: String
  /// The name of the method, such as `GetGroupStatus`.
  package let name: String
  /// Whether it may be called by GET.
  package let idempotency: Idempotency
  let body: Body

  /// The path at which the method is called.
  package var path: String { "/\(service)/\(name)" }

  /// A method that gives one message for one.
  ///
  /// - Parameters:
  ///   - request: how the request is read; one that it refuses is answered `invalid_argument`.
  ///   - answer: called on the loop's thread for every request that was read; must not block.
  package static func unary<Message>(
    _ service: String, _ name: String, request: MessageSchema<Message>,
    idempotency: Idempotency = .unknown,
    answer: @escaping (Message, ConnectCall, borrowing Request) -> UnaryAnswer
  ) -> ConnectMethod {
    let body = Body.unary { call, httpRequest in
      do throws(ProtoJSONError) {
        return answer(try request.read(call.message), call, httpRequest)
      } catch {
        return .failure(ConnectError(.invalidArgument, "\(error)"))
      }
    }
    return ConnectMethod(service: service, name: name, idempotency: idempotency, body: body)
  }

  /// A method that gives a stream of messages for one.
  ///
  /// - Parameters: as above.
  package static func serverStream<Message>(
    _ service: String, _ name: String, request: MessageSchema<Message>,
    answer: @escaping (Message, ConnectCall, borrowing Request) -> StreamAnswer
  ) -> ConnectMethod {
    let body = Body.serverStream { call, httpRequest in
      do throws(ProtoJSONError) {
        return answer(try request.read(call.message), call, httpRequest)
      } catch {
        return .failure(ConnectError(.invalidArgument, "\(error)"))
      }
    }
    return ConnectMethod(service: service, name: name, idempotency: .unknown, body: body)
  }
}
