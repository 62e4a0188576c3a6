import Answers
import LagCore

/// What decisions and scale are made from.
extension ClusterState {
  /// What a decision on a group is made from.
  func view(of group: Int, now: Moment) -> GroupView {
    GroupView(
      group: group, judgement: watched[group].judgement,
      troubled: watched[group].decision.troubled, isDoubtful: isDoubtful(group, now: now),
      // Where no broker answers, no rollout can help. Brokers that answer and refuse the agent tell
      // nothing of the new container.
      isUnreachable: health.fault?.kind == .unreachable,
      clockSkew: judgement(of: group, now: now).clockSkew)
  }

  /// Looks at a group once a minute for its scale, while what is known of it is fresh.
  mutating func observeScale(of group: Int, now: Moment) {
    guard let minute = watched[group].decision.advisor.dueMinute(now: now.wall),
      !isDoubtful(group, now: now)
    else { return }
    let scaling = watched[group].decision.scaling
    guard
      let seen = store.observeScale(
        group: group, minute: minute,
        history: watched[group].decision.advisor.minutes(at: minute, parameters: scaling),
        nowSeconds: now.wallSeconds, headInterval: settings.offsetRefresh,
        parameters: judgement(of: group, now: now))
    else { return }
    watched[group].decision.advisor.observe(seen, parameters: scaling)
  }

  /// How fast a group moves.
  func rates(of group: Int, now: Moment) -> GroupRates {
    store.rates(
      ofGroup: group, advisor: watched[group].decision.advisor,
      totalLag: watched[group].judgement.totalLag, parameters: judgement(of: group, now: now),
      headInterval: settings.offsetRefresh, nowSeconds: now.wallSeconds)
  }

  /// How many replicas a group should have, or why that cannot be said, in words.
  func scaleHint(of group: Int, now: Moment) -> ScaleOutcome {
    if watched[group].isRemoved { return .unknown(Self.removedByReload) }
    let report = report(group: group, now: now)
    if let doubt = report.doubt { return .unknown(doubt) }
    let decision = watched[group].decision
    switch decision.advisor.hint(nowSeconds: now.wallSeconds, parameters: decision.scaling) {
    case .failure(let doubt): return .unknown(doubt.sentence)
    case .success(let hint):
      return .known(hint, report.verdict, drainTarget: decision.scaling.drainTarget)
    }
  }
}
