import CNghttp2

/// The nghttp2 that this process runs with, which may be newer than the one it was built with.
package enum HTTP2Library {
  /// The version as nghttp2 writes it, for example `1.52.0`.
  package static var version: String {
    // SAFETY: nghttp2_version returns static memory that is never freed, or null for a version
    // that is too old, which 0 is never.
    unsafe nghttp2_version(0).map { unsafe String(cString: $0.pointee.version_str) } ?? ""
  }
}
