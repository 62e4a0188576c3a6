/// The text of a string field, for callers that show or keep it.
///
/// Bytes that are not UTF-8 become U+FFFD. Kafka itself never writes such bytes: it encodes Java
/// strings.
///
/// - Parameters:
///   - range: A range that a decoder of this module returned.
///   - bytes: The same span that it was decoded from.
/// - Returns: A copy of the text.
package func text(_ range: Range<Int>, in bytes: Span<UInt8>) -> String {
  let slice = bytes.extracting(range)
  if let valid = try? UTF8Span(validating: slice) { return String(copying: valid) }
  var copy: [UInt8] = []
  copy.reserveCapacity(slice.count)
  for index in slice.indices { copy.append(slice[index]) }
  return String(decoding: copy, as: UTF8.self)
}
