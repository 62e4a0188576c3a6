import CLibrdkafka

extension KafkaProperties {
  /// Makes a client of the properties and ends it at once, without any server to connect to.
  ///
  /// This finds what no property shows by itself: a certificate file that is none, a key with
  /// another password, a mechanism that the library was built without. It takes a few milliseconds
  /// and leaves no thread behind. Kerberos is left out, because a client of it runs `kinit` first.
  ///
  /// - Returns: why no client can be made; nil when one can.
  package func complaintOfClient() -> String? {
    let withoutServers = list.filter { $0.name != "bootstrap.servers" }
    let mechanism = self["sasl.mechanism"] ?? self["sasl.mechanisms"]
    if mechanism == "GSSAPI" || self["security.protocol"] == nil { return nil }
    let configuration = ClientConfiguration()
    let problems = configuration.apply(ClientDefaults.common + withoutServers)
    if let problem = problems.first { return problem.description }
    do throws(KafkaError) {
      // SAFETY: the client is live, nobody else knows it, and it is destroyed once.
      let client = unsafe try configuration.start(RD_KAFKA_PRODUCER)
      unsafe rd_kafka_destroy(client)
      return nil
    } catch {
      return error.message
    }
  }
}
