import Connect
import HTTPServer
import JSON
import Testing

/// What may be sent as metadata.
@Suite struct MetadataTests {
  @Test(arguments: [
    "a", "acme-cost", "x.y_z-9", "x-custom-header", "connection-id", "trailers",
  ])
  func namesAreLowerCaseTokens(name: String) {
    var metadata = ConnectMetadata()
    #expect(metadata.add(name, "v") == true)
    #expect(metadata.isEmpty == false)
  }

  @Test(arguments: [
    "", "A", "a b", "a:b", "ä", "connect-x", "trailer-x", "trailer-connect-x", "content-type",
    "content-length", "transfer-encoding", "connection", "date", "host", "a/b", "a\r\nb",
    String(repeating: "a", count: 129),
  ])
  func otherNamesAreRefused(name: String) {
    var metadata = ConnectMetadata()
    #expect(metadata.add(name, "v") == false)
    #expect(metadata.isEmpty == true)
  }

  @Test func valuesAreVisibleASCII() {
    var metadata = ConnectMetadata()
    for value in ["", "a b", "~!\"{}"] { #expect(metadata.add("a", value) == true, "\(value)") }
    for value in [" a", "a ", "a\r\nb", "ä", "\0", "a\tb"] {
      #expect(metadata.add("a", value) == false, "\(value)")
    }
  }

  @Test func bytesGoUnderNamesThatSayIt() {
    var metadata = ConnectMetadata()
    #expect(metadata.add(binary: "a", [1]) == false)
    #expect(metadata.add("a-bin", "***") == false)
    #expect(metadata.add("a-bin", "AQ==") == true)
    #expect(metadata.add(binary: "a-bin", [1]) == true)
    var writer = JSONWriter()
    metadata.write(to: &writer)
    #expect(String(decoding: writer.finish(), as: UTF8.self) == #"{"a-bin":["AQ==","AQ"]}"#)
  }

  @Test func theirNumberIsBounded() {
    var metadata = ConnectMetadata()
    for _ in 0..<ConnectMetadata.maximumEntries { #expect(metadata.add("a", "b") == true) }
    #expect(metadata.add("a", "b") == false)
  }
}
