import Answers
import LagCore
import Testing

@Suite("The answers of consumer probes")
struct DecisionAnswerTests {
  private func report(_ decision: GroupDecision?, doubt: String? = nil) -> DecisionReport {
    var judgement = GroupJudgement.notFound
    judgement.verdict = .ok
    return DecisionReport(
      group: GroupReport(
        cluster: "local", group: "orders", verdict: doubt == nil ? .ok : .unknown,
        judgement: judgement, culpritTopic: nil, doubt: doubt, commitsAge: 1,
        headsAge: 2, source: "__consumer_offsets-3", members: "2, stable"),
      decision: decision, topic: "orders")
  }

  private func answer(
    _ question: ProbeAnswers.Question, _ report: DecisionReport, isVerbose: Bool = false
  ) -> (passes: Bool, text: String) {
    let answer = ProbeAnswers.consumer(
      question, reports: [report], showsCluster: false, notes: ["memory: none"],
      isVerbose: isVerbose)
    return (answer.passes, String(decoding: answer.body, as: UTF8.self))
  }

  private var failing: GroupDecision {
    var decision = GroupDecision.unknown
    let partition = TroubledPartition(
      topic: 0, partition: 3, rule: .stalled, isJudged: true, member: 0, offset: 17, lag: 99,
      behindSince: 1)
    let evidence: [ClauseEvidence] = [
      .fresh, .standing(partition, count: 1), .held(61_000, of: 60_000, since: .behind),
      .othersProgressed(2000), .owners(standing: 1, active: 3), .mayNotDescribe,
      .governor(.allowed(restarts: 1)), .notPaused,
    ]
    decision.liveness.findings = zip(LivenessClause.allCases, evidence).map {
      ClauseFinding($0.0, holds: true, $0.1)
    }
    decision.liveness.culprit = partition
    return decision
  }

  @Test("What fails says which partition stands, where and for how long")
  func fails() {
    let told = answer(.liveness, report(failing))
    #expect(!told.passes)
    #expect(
      told.text
        == "orders OK: 0 partitions OK, lag 0; liveness fails: 1 partition of this pod stands: "
        + "orders-3 at offset 17, lag 99, every commit of the window has the same offset; it has "
        + "stood for 61 s of the 60 s that are asked for, since it is behind without progress\n")
  }

  @Test("One is said of one")
  func one() {
    let name = { (partition: TroubledPartition) in "\(partition.partition)" }
    #expect(
      ClauseEvidence.poison(count: 1, retryIn: 60_000).sentence(name)
        == "1 partition of this pod stands where restarts did not help (poison), liveness is tried "
        + "again in 60 s")
    #expect(
      ClauseEvidence.poison(count: 2, retryIn: 60_000).sentence(name)
        .hasPrefix("2 partitions of this pod stand where "))
    #expect(
      ClauseEvidence.governor(.allowed(restarts: 1)).sentence(name)
        == "1 restart of the budget is used")
    #expect(
      ClauseEvidence.governor(.budgetUsed(restarts: 1, 2000)).sentence(name)
        == "the budget is used up by 1 restart, the next is free in 2 s")
    #expect(
      ClauseEvidence.healthy(others: 1).sentence(name)
        == "no partition of this pod is STOP or STALL, 1 of others is")
    #expect(
      ClauseEvidence.owners(standing: 1, active: 3).sentence(name)
        == "1 of 3 active owners stands")
    #expect(
      ClauseEvidence.noMember(of: 1).sentence(name) == "the group's one member is not this pod's")
  }

  @Test("What passes says which clause let it pass")
  func passes() {
    var decision = failing
    decision.liveness.findings[4] = ClauseFinding(
      .commonCause, holds: false, .commonCause(standing: 2, active: 3, 5000, nil))
    let told = answer(.liveness, report(decision))
    #expect(told.passes)
    #expect(
      told.text.hasSuffix(
        "; liveness passes: common-cause: 2 of 3 active owners stand, for 5 s: a common cause\n"))
  }

  @Test("The evidence names every clause with its numbers, and what is remembered")
  func verbose() {
    let told = answer(.liveness, report(failing), isVerbose: true).text
    for clause in LivenessClause.allCases {
      #expect(told.contains("  [x] \(clause.name): "), "\(clause.name)")
    }
    #expect(told.contains("  commits from: __consumer_offsets-3\n"))
    #expect(told.hasSuffix("  memory: none\n"))
  }

  @Test("Where nothing can be said the agent's own reason is told")
  func doubtful() {
    let told = answer(.liveness, report(.unknown, doubt: "the brokers do not answer"))
    #expect(told.passes)
    #expect(told.text.contains("liveness passes: inputs: the brokers do not answer\n"))
  }

  @Test("Readiness follows its gate, start-up always passes, removed groups fail nothing")
  func others() {
    let closed = answer(.readiness, report(.unknown))
    #expect(!closed.passes)
    #expect(closed.text.contains("readiness fails: no sign of this container's consumer yet"))
    var open = GroupDecision.unknown
    open.readiness.isReady = true
    open.readiness.reason = .progressed
    #expect(answer(.readiness, report(open)).passes)
    #expect(answer(.startup, report(failing)).passes)
    let removed = report(nil, doubt: "this group was removed by a reload")
    for question: ProbeAnswers.Question in [.liveness, .readiness, .startup] {
      #expect(answer(question, removed).passes)
    }
  }

  @Test("Every reason of readiness has its own words")
  func words() {
    var readiness = ReadinessDecision.waiting
    let sentences = ReadinessDecision.Reason.allCases.map { reason in
      readiness.reason = reason
      return readiness.sentence
    }
    #expect(Set(sentences).count == sentences.count)
  }
}
