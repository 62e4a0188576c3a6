import Console

/// Answers as an agent sends them.
enum Samples {
  static let healthy = """
    {"cluster":"main","group":"orders","verdict":"OK","reason":"12 partitions OK, lag 31",
    "complete":1,"partitionCounts":{"total":12,"ok":12,"warn":0,"stop":0,"stall":0,"rewind":0,
    "unknown":0,"unsubscribed":0},"totalLag":"31","maxLag":"9","rates":{"produced":120.4,
    "consumed":119.9,"lagTrend":0.01,"timeLagSeconds":0.26,"timeLagAccuracy":"MEASURED",
    "timeToDrainSeconds":0.3},"commitsAgeSeconds":0,"headsAgeSeconds":4,
    "source":"the offsets topic","membership":{"state":"STABLE","members":3,"generation":7,
    "changedAgeSeconds":8000},"rebalances":0,"time":"2026-11-26T12:03:11.250Z"}
    """

  static let stalled = """
    {"cluster":"main","group":"payments","verdict":"ERR",
    "reason":"2 of 3 partitions STALL: payments-1 lag 93104, every commit of the window has the \
    same offset","complete":0.6666667,"partitionCounts":{"total":3,"ok":1,"warn":0,"stop":0,
    "stall":2,"rewind":0,"unknown":0,"unsubscribed":1},"totalLag":"93412","maxLag":"93104",
    "rates":{"produced":1203.5,"consumed":80,"lagTrend":1123.5,"timeLagSeconds":742.2,
    "timeLagAccuracy":"ESTIMATED"},"commitsAgeSeconds":1,"headsAgeSeconds":4,
    "source":"the offsets topic","membership":{"state":"STABLE","members":2,"generation":12,
    "changedAgeSeconds":95},"rebalances":4,"time":"2026-11-26T12:03:11.250Z","partitions":[
    {"topic":"payments","partition":0,"status":"OK","rule":"LAG_DECREASING",
    "owner":{"clientId":"payments-7d9f","host":"10.1.2.3","memberId":"m1"},
    "committedOffset":"10015","logEndOffset":"10019","lag":"4","complete":1,
    "commitAgeSeconds":2,"headAgeSeconds":4,"flags":[]},
    {"topic":"payments","partition":1,"status":"STALL","rule":"STALLED",
    "owner":{"clientId":"payments-7d9f","host":"10.1.2.3","memberId":"m1"},
    "committedOffset":"8812","logEndOffset":"101916","lag":"93104","complete":1,
    "commitAgeSeconds":3,"headAgeSeconds":4,"flags":["BEFORE_LOG_START"]},
    {"topic":"refunds","partition":0,"status":"STALL","rule":"STALLED",
    "committedOffset":"17","logEndOffset":"321","lag":"304","complete":0.5,
    "commitAgeSeconds":310,"headAgeSeconds":4,"flags":[]}]}
    """

  static let unknown = """
    {"cluster":"main","group":"\\u001b[31mодин-組-very-long-name-of-a-consumer-group",
    "verdict":"UNKNOWN",
    "reason":"log-end offsets were last read 95 s ago","partitionCounts":{"total":1,"ok":0,
    "warn":0,"stop":0,"stall":0,"rewind":0,"unknown":1,"unsubscribed":0},
    "headsAgeSeconds":95,"source":"OffsetFetch","newField":{"a":[1,{"b":null}]}}
    """

  static let slow = """
    {"cluster":"main","group":"search-index","verdict":"WARN","reason":"1 of 1 partition WARN: \
    pages-0 lag 1200, the lag has not decreased in the whole window","complete":1,
    "partitionCounts":{"total":1,"ok":0,"warn":1},"totalLag":"1200","maxLag":"1200",
    "rates":{"timeLagSeconds":7300,"timeLagAccuracy":"AT_LEAST"},"membership":{"members":1}}
    """

  static let agent = """
    {"agent":{"version":"0.1.0","librdkafkaVersion":"2.8.0","nghttp2Version":"1.64.0",
    "host":"orders-7d9f","time":"2026-11-26T12:03:11.250Z","startedAt":"2026-11-25T08:00:00Z",
    "ready":true,"draining":false,"logLevel":"INFO","configuration":{"source":"/etc/vole.toml",
    "fingerprint":"a1b2c3d4","loadedAt":"2026-11-25T08:00:00Z",
    "reloadAttemptedAt":"2026-11-26T09:30:00Z","reloadSuccesses":"2","reloadFailures":"1",
    "problems":["/etc/vole.toml:7: cluster.main.servers: no broker is named"]},"clusters":[
    {"name":"main","ready":true,"partitionsNeeded":2,"partitionsRead":2,"recordsRead":"120345",
    "recordsLeft":"0","recordsMalformed":"1","recordsUnsupported":"0","trackedPartitions":15,
    "groups":2,"clockSkewMilliseconds":"-7250"},
    {"name":"other","ready":false,"fault":"broker transport failure: connection refused",
    "fallback":"Topic authorization failed","partitionsNeeded":50,"partitionsRead":3,
    "recordsRead":"100","recordsLeft":"80000","groups":0}]}}
    """

  static let explanation = """
    {"status":{"cluster":"main","group":"payments","verdict":"ERR",
    "reason":"1 of 3 partitions STALL: payments-1 lag 93104, every commit of the window has the \
    same offset","partitionCounts":{"total":3,"ok":2,"stall":1},"totalLag":"93104",
    "commitsAgeSeconds":1,"headsAgeSeconds":4,"partitions":[
    {"topic":"payments","partition":1,"status":"STALL","rule":"STALLED",
    "owner":{"clientId":"payments-7d9f","host":"10.1.2.3"},"committedOffset":"8812",
    "logEndOffset":"101916","lag":"93104","complete":1,"commitAgeSeconds":3,"headAgeSeconds":4,
    "flags":["BEFORE_LOG_START"],"window":[
    {"offset":"8700","commitTime":"2026-11-26T12:01:31.100Z"},
    {"offset":"8812","commitTime":"2026-11-26T12:01:41.100Z","lag":"189"},
    {"offset":"8812","commitTime":"2026-11-26T12:02:01.100Z","lag":"20000"},
    {"offset":"8812","commitTime":"2026-11-26T12:02:21.100Z","lag":"41031"},
    {"offset":"8812","commitTime":"2026-11-26T12:02:41.100Z","lag":"60322"},
    {"offset":"8812","commitTime":"2026-11-26T12:03:08.100Z","lag":"90101"}]}]},
    "decisions":[{"probe":"LIVENESS","passes":true,
    "reason":"payments-1 has stood for 87 s of 330 s","clauses":[
    {"name":"own partition","holds":true,"evidence":"payments-1 of this pod is STALL"},
    {"name":"hold","holds":false,"evidence":"it has stood since 12:01:41","measured":87,
    "limit":330,"unit":"seconds"},
    {"name":"others progress","holds":true,
    "evidence":"payments-2 of another owner progressed 2 s ago, payments-0 3 s ago, and so did a \
    few more partitions of owners that are not this pod"},
    {"name":"no common cause","evidence":"was not looked at"},
    {"name":"governor","holds":true,"measured":1,"limit":3,"unit":"restarts"}]},
    {"probe":"READINESS","passes":false,"reason":"no partition has progressed yet","clauses":[
    {"name":"gate","holds":false,"evidence":"closed for 87 s","measured":87.5,"limit":300,
    "unit":"seconds"}]},{"probe":"STARTUP","reason":""}],
    "history":[{"probe":"LIVENESS","passes":false,"time":"2026-11-26T11:00:00Z",
    "reason":"payments-1 had stood for 331 s"}],
    "pause":{"until":"2026-11-26T13:00:00Z","reason":"a migration"}}
    """

  static func group(_ text: String) throws -> GroupStatus {
    try GroupStatusAnswer(parsing: Array("{\"status\":\(text)}".utf8)).status
  }
}
