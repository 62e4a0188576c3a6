import HTTPServer
import Testing

@Suite("Addresses of servers")
struct ServerAddressTests {
  @Test(
    "What a person writes, and the same in full",
    arguments: [
      ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
      ("HTTP://localhost:8000/", "http://localhost:8000"),
      ("http://vole", "http://vole:80"),
      ("https://vole/agents/orders//", "https://vole:443/agents/orders"),
      ("http://[::1]:8000", "http://[::1]:8000"),
      ("[::1]", "http://[::1]:8000"),
      ("localhost", "http://localhost:8000"),
      ("10.0.0.1:18080", "http://10.0.0.1:18080"),
      ("unix:/run/vole.sock", "unix:/run/vole.sock"),
    ])
  func reads(text: String, full: String) throws {
    #expect(try ServerAddress(parsing: text, defaultPort: 8000).description == full)
  }

  @Test(
    "What is none is told",
    arguments: [
      ("", "names no host"),
      ("http://", "names no host"),
      ("http://:8000", "names no host"),
      ("http://a b", "has a space or a control character"),
      ("http://a\r\nX: y", "has a space or a control character"),
      ("ftp://host", "is no http://HOST:PORT, https://HOST:PORT or unix:/PATH"),
      ("host/path", "is no http://HOST:PORT, https://HOST:PORT or unix:/PATH"),
      ("http://host:0", "has \"0\" for a port (1 to 65535; IPv6 in brackets)"),
      ("host:65536", "has \"65536\" for a port (1 to 65535; IPv6 in brackets)"),
      ("host:", "has \"\" for a port (1 to 65535; IPv6 in brackets)"),
      ("::1", "names no host"),
      ("fe80::1", "has \":1\" for a port (1 to 65535; IPv6 in brackets)"),
      ("http://[::1", "has brackets in the wrong place"),
      ("http://::1]", "has brackets in the wrong place"),
      ("http://[host]:80", "has brackets around what is no IPv6 address"),
      ("http://a[::1]:80", "has brackets in the wrong place"),
      ("http://[::1]80", "has brackets in the wrong place"),
      ("http://me@host", "has a user or bytes beyond ASCII in its host"),
      ("http://höst", "has a user or bytes beyond ASCII in its host"),
      ("http://host/a?b", "has a query or a fragment"),
      ("unix:run/vole.sock", "is no absolute path (unix:/run/vole.sock)"),
      ("unix:/" + String(repeating: "a", count: 107), "is a path of more than 107 bytes"),
    ])
  func refuses(text: String, why: String) throws {
    let error = #expect(throws: InvalidServerAddress.self) {
      try ServerAddress(parsing: text, defaultPort: 8000)
    }
    #expect(error?.description == why)
  }
}
