import CZlib

/// The gzip format (RFC 1952), for content that is in memory as a whole.
package enum Gzip {
  /// Why content cannot be taken out of the gzip format.
  package enum Failure: Error, Sendable {
    /// It is no gzip, is damaged, or ends too early.
    case malformed
    /// What comes out is larger than the caller takes.
    case tooLarge
    /// zlib gets no memory.
    case outOfMemory
  }

  /// 8 KiB of history and small tables: 64 KiB while it works, and text that repeats itself, as
  /// ours does, comes out hardly larger than with all there is.
  private static let windowBits: Int32 = 13
  private static let memoryLevel: Int32 = 6
  /// The fastest level; the next ones win a few per cent.
  private static let level: Int32 = 1
  /// Added to the window bits for gzip's header and trailer (zlib.h, `deflateInit2`).
  private static let gzipFormat: Int32 = 16
  /// Bytes that are made before memory for more is asked for.
  private static let chunkBytes = 16_384

  /// Compresses content; nil if it would not become smaller, or zlib gets no memory.
  package static func compressed(_ content: Span<UInt8>) -> [UInt8]? {
    guard content.count > 0, UInt32(exactly: content.count) != nil else { return nil }
    let stream = ZlibStream()
    // SAFETY: the stream is new; `end` is called once behind a success.
    let begun = unsafe deflateInit2_(
      stream.pointer, level, Z_DEFLATED, gzipFormat + windowBits, memoryLevel, Z_DEFAULT_STRATEGY,
      ZLIB_VERSION, ZlibStream.size)
    guard begun == Z_OK else { return nil }
    // SAFETY: `deflateInit2_` succeeded.
    defer { unsafe _ = deflateEnd(stream.pointer) }
    var output: [UInt8] = []
    // SAFETY: the pointers in the stream are valid while `run` calls this.
    let status = unsafe stream.run(content, into: &output, room: content.count - 1) {
      unsafe deflate($0, Z_FINISH)
    }
    return status == Z_STREAM_END ? output : nil
  }

  /// Takes content out of the gzip format, of which there may be several members in a row.
  ///
  /// - Parameter limit: bytes that may come out, >= 0.
  package static func inflated(
    _ content: Span<UInt8>, atMost limit: Int
  ) throws(Failure) -> [UInt8] {
    guard content.count > 0, UInt32(exactly: content.count) != nil else { throw .malformed }
    let stream = ZlibStream()
    // SAFETY: the stream is new; `end` is called once behind a success.
    let begun = unsafe inflateInit2_(
      stream.pointer, gzipFormat + MAX_WBITS, ZLIB_VERSION, ZlibStream.size)
    guard begun == Z_OK else { throw .outOfMemory }
    // SAFETY: `inflateInit2_` succeeded.
    defer { unsafe _ = inflateEnd(stream.pointer) }
    var output: [UInt8] = []
    var rest = content
    while true {
      // One byte of room more than may come out shows that there is more.
      let room = min(chunkBytes, limit - output.count + 1)
      // SAFETY: the pointers in the stream are valid while `run` calls this.
      let status = unsafe stream.run(rest, into: &output, room: room) {
        unsafe inflate($0, Z_NO_FLUSH)
      }
      rest = rest.extracting(last: stream.unread)
      guard output.count <= limit else { throw .tooLarge }
      switch status {
      case Z_STREAM_END:
        if rest.isEmpty { return output }
        // SAFETY: the stream is open.
        guard unsafe inflateReset(stream.pointer) == Z_OK else { throw .malformed }
      case Z_OK where !(rest.isEmpty && stream.hasRoom): continue
      case Z_MEM_ERROR: throw .outOfMemory
      default: throw .malformed
      }
    }
  }
}

extension Gzip {
  /// Compresses content that comes piece by piece.
  package final class Compressor {
    private let stream = ZlibStream()

    /// Begins; nil if zlib gets no memory.
    package init?() {
      // SAFETY: the stream is new; `deinit` ends it.
      let begun = unsafe deflateInit2_(
        stream.pointer, Gzip.level, Z_DEFLATED, Gzip.gzipFormat + Gzip.windowBits,
        Gzip.memoryLevel, Z_DEFAULT_STRATEGY, ZLIB_VERSION, ZlibStream.size)
      if begun != Z_OK { return nil }
    }

    deinit {
      // SAFETY: nothing is done after this; on a stream that was not begun it does nothing.
      unsafe _ = deflateEnd(stream.pointer)
    }

    /// Returns what a piece comes to; nil when zlib fails.
    ///
    /// Whoever has all so far can read it. Nothing may follow the last piece.
    package func compressed(_ piece: Span<UInt8>, isLast: Bool) -> [UInt8]? {
      var output: [UInt8] = []
      // SAFETY: the stream is open, and its pointers are valid while `run` calls this.
      let status = unsafe stream.run(
        piece, into: &output, room: piece.count + Gzip.overheadBytes
      ) { unsafe deflate($0, isLast ? Z_FINISH : Z_SYNC_FLUSH) }
      return status == (isLast ? Z_STREAM_END : Z_OK) && stream.hasRoom ? output : nil
    }
  }

  /// What a piece that cannot be compressed may come to beyond its length: header and trailer, and
  /// five bytes for each of zlib's blocks, which are larger than this.
  private static let overheadBytes = 16_384
}

/// A stream of zlib at an address of its own: zlib remembers where it is.
@safe private final class ZlibStream {
  // SAFETY: only the type's size is asked for.
  static let size = unsafe Int32(MemoryLayout<z_stream>.size)

  let pointer: UnsafeMutablePointer<z_stream>

  init() {
    // SAFETY: allocated and initialised here for this object alone, which frees it.
    unsafe pointer = .allocate(capacity: 1)
    unsafe pointer.initialize(to: z_stream())
  }

  deinit {
    // SAFETY: whoever opened the stream has closed it, and nobody else has the pointer.
    unsafe pointer.deallocate()
  }

  // SAFETY: the memory lives as long as this object.
  /// Bytes that the last call has not read.
  var unread: Int { unsafe Int(pointer.pointee.avail_in) }
  // SAFETY: as above.
  /// Whether the last call has left room in the output.
  var hasRoom: Bool { unsafe pointer.pointee.avail_out > 0 }

  /// Makes one call with some bytes to read and room at the end of `output`.
  func run(
    _ input: Span<UInt8>, into output: inout [UInt8], room: Int,
    _ call: (UnsafeMutablePointer<z_stream>) -> Int32
  ) -> Int32 {
    guard room > 0 else { return Z_BUF_ERROR }
    var status = Z_STREAM_ERROR
    // SAFETY: zlib reads `avail_in` bytes and never writes them, writes at most `avail_out`, and is
    // told to forget both before the memory may move. Bytes are trivial: writing initialises.
    unsafe input.withUnsafeBufferPointer { source in
      unsafe pointer.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
      unsafe pointer.pointee.avail_in = UInt32(clamping: source.count)
      output.append(addingCapacity: room) { span in
        unsafe span.withUnsafeMutableBufferPointer { buffer, count in
          guard let start = buffer.baseAddress else { return }
          unsafe pointer.pointee.next_out = start + count
          unsafe pointer.pointee.avail_out = UInt32(clamping: room)
          status = unsafe call(pointer)
          unsafe count += room - Int(pointer.pointee.avail_out)
        }
      }
      unsafe pointer.pointee.next_in = nil
      unsafe pointer.pointee.next_out = nil
    }
    return status
  }
}
