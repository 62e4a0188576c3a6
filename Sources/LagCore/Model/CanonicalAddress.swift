/// Returns the canonical form of a host as Kafka writes it, so that equal addresses are equal text.
///
/// Kafka writes what Java's `InetAddress.toString` gives: an optional host name, `/`, and an
/// address, which for IPv6 is spelled out in full. Of that:
///
/// - an address behind a `/` is taken; of anything else only a leading `/` is removed;
/// - IPv6 is written as RFC 5952, section 4, has it, without brackets and without a scope: an
///   interface of the broker means nothing elsewhere;
/// - an IPv4-mapped address (`::ffff:1.2.3.4`, RFC 4291, section 2.5.5.2) becomes the IPv4 address;
/// - host names, and what only looks like an address, stay as they are.
package func canonicalAddress(of host: String) -> String {
  var bytes = Array(host.utf8)
  if let slash = bytes.lastIndex(of: UInt8(ascii: "/")) {
    if let address = canonicalLiteral(bytes[(slash + 1)...]) { return address }
    if bytes[0] == UInt8(ascii: "/") { bytes.removeFirst() }
    return String(decoding: bytes, as: UTF8.self)
  }
  return canonicalLiteral(bytes[...]) ?? host
}

/// Returns the canonical form of an address, nil when the text is none.
private func canonicalLiteral(_ text: ArraySlice<UInt8>) -> String? {
  if ipv4Bytes(text) != nil { return String(decoding: text, as: UTF8.self) }
  var text = text
  if text.first == UInt8(ascii: "["), text.last == UInt8(ascii: "]") {
    text = text.dropFirst().dropLast()
  }
  if let scope = text.firstIndex(of: UInt8(ascii: "%")) { text = text[..<scope] }
  guard let groups = ipv6Groups(text) else { return nil }
  if groups[..<5].allSatisfy({ $0 == 0 }), groups[5] == 0xFFFF {
    return "\(groups[6] >> 8).\(groups[6] & 0xFF).\(groups[7] >> 8).\(groups[7] & 0xFF)"
  }
  return ipv6Text(groups)
}

/// Returns the four bytes of an address in dotted decimal, nil when the text is none.
///
/// A leading zero is refused: some read it as octal.
private func ipv4Bytes(_ text: ArraySlice<UInt8>) -> [UInt8]? {
  // The longest is 255.255.255.255.
  guard text.count <= 15 else { return nil }
  let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
  guard parts.count == 4 else { return nil }
  var bytes: [UInt8] = []
  for part in parts {
    guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0")
    else { return nil }
    var value = 0
    for digit in part {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      value = value * 10 + Int(digit - UInt8(ascii: "0"))
    }
    guard let byte = UInt8(exactly: value) else { return nil }
    bytes.append(byte)
  }
  return bytes
}

/// Returns the eight groups of an IPv6 address (RFC 4291, section 2.2), nil when the text is none.
private func ipv6Groups(_ text: ArraySlice<UInt8>) -> [UInt16]? {
  // The longest has six groups of four digits and an IPv4 address.
  guard (2...45).contains(text.count) else { return nil }
  var groups: [UInt16] = []
  /// How many groups stand before the `::`.
  var gap: Int?
  var rest = text
  if rest.starts(with: "::".utf8) {
    gap = 0
    rest = rest.dropFirst(2)
  }
  while !rest.isEmpty {
    let end = rest.firstIndex(of: UInt8(ascii: ":")) ?? rest.endIndex
    if end == rest.endIndex, let bytes = ipv4Bytes(rest) {
      groups.append(UInt16(bytes[0]) << 8 | UInt16(bytes[1]))
      groups.append(UInt16(bytes[2]) << 8 | UInt16(bytes[3]))
      break
    }
    guard let group = hexadecimalGroup(rest[..<end]) else { return nil }
    groups.append(group)
    if end == rest.endIndex { break }
    rest = rest[(end + 1)...]
    // A single colon has a group behind it.
    guard let next = rest.first else { return nil }
    if next == UInt8(ascii: ":") {
      guard gap == nil else { return nil }
      gap = groups.count
      rest = rest.dropFirst()
    }
  }
  guard let gap else { return groups.count == 8 ? groups : nil }
  // The `::` stands for one group at least.
  guard groups.count < 8 else { return nil }
  return groups[..<gap] + Array(repeating: 0, count: 8 - groups.count) + groups[gap...]
}

private func hexadecimalGroup(_ digits: ArraySlice<UInt8>) -> UInt16? {
  guard (1...4).contains(digits.count) else { return nil }
  var value: UInt16 = 0
  for digit in digits {
    let number: UInt8
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): number = digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): number = digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): number = digit - UInt8(ascii: "A") + 10
    default: return nil
    }
    value = value << 4 | UInt16(number)
  }
  return value
}

/// Writes eight groups as RFC 5952 has it: lower case, no leading zeros, and `::` for the first of
/// the longest runs of two or more zeros.
private func ipv6Text(_ groups: [UInt16]) -> String {
  var longest = 0..<0
  var start = 0
  for position in 0...groups.count where position == groups.count || groups[position] != 0 {
    if position - start > max(longest.count, 1) { longest = start..<position }
    start = position + 1
  }
  func text(_ groups: ArraySlice<UInt16>) -> String {
    groups.map { String($0, radix: 16) }.joined(separator: ":")
  }
  if longest.isEmpty { return text(groups[...]) }
  return text(groups[..<longest.lowerBound]) + "::" + text(groups[longest.upperBound...])
}
