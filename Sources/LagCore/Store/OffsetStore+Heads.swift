/// What became of a log-end offset.
package enum HeadOutcome: Sendable, Equatable {
  /// It is known now.
  case taken
  /// It is known now and lower than the one before: the topic may have been made anew, which its
  /// log starts can tell.
  case fellBack
  /// It is no offset, or of no partition that can be.
  case refused
}

extension OffsetStore {
  /// Records a log-end offset, at the end that the topic stands for.
  ///
  /// - Parameters:
  ///   - head: the offset; a negative one is no offset and is not taken.
  ///   - topic: the topic's index.
  ///   - partition: the partition; one out of range is not taken.
  ///   - now: when it was sampled, in milliseconds since 1970.
  @discardableResult
  package mutating func recordHead(
    _ head: Int64, topic: Int, partition: Int32, now: Int64
  ) -> HeadOutcome {
    guard head >= 0, partition >= 0, Int(partition) < Self.maximumPartitions else {
      return .refused
    }
    let known = heads[topic].latest(of: partition)
    let before = known?.head
    heads[topic].record(
      partition: partition, head: head, atSeconds: UInt32(clamping: now / 1000))
    guard let before, head < before else {
      if let known, head > known.head { produced(known, head, topic, partition, now: now) }
      return .taken
    }
    // What was looked at lies no longer where it did.
    if !phantoms.isEmpty {
      for window in windows(ofTopic: topic, partition: partition) { phantoms[window] = nil }
    }
    return .fellBack
  }

  /// Counts what was produced between two heads, for every group that commits to the partition and
  /// is not stuck in it.
  private mutating func produced(
    _ known: (head: Int64, seconds: UInt32), _ head: Int64, _ topic: Int, _ partition: Int32,
    now: Int64
  ) {
    var next = topics[topic].firstGroupTopic
    while next >= 0 {
      let index = Int(next)
      next = groupTopics[index].next
      guard let window = knownWindow(groupTopic: index, partition: partition),
        pool.commitCount(of: window) > 0, stuckWindows.isEmpty || !stuckWindows.contains(window)
      else { continue }
      groups[Int(groupTopics[index].group)].rates.add(
        head &- known.head, .produced, from: Int64(known.seconds) &* 1000, to: now, now: now)
    }
  }

  /// Records a log-start offset; returns how many windows begin anew because of it.
  ///
  /// It is kept only where a commit lies below it. A topic whose log starts at 0 and ends before a
  /// commit that was read earlier than the end was sampled is another topic of the same name: the
  /// windows with such commits begin anew. A last stable offset proves that only when it fell: a
  /// consumer that reads uncommitted records is rightly beyond it.
  ///
  /// - Parameters:
  ///   - start: the offset; a negative one is no offset and is not taken.
  ///   - topic: the topic's index, at either end: the log start is the same.
  ///   - partition: the partition; one out of range is not taken.
  ///   - now: when it was sampled, in milliseconds since 1970.
  @discardableResult
  package mutating func recordLogStart(
    _ start: Int64, topic: Int, partition: Int32, now: Int64
  ) -> Int {
    guard start >= 0, partition >= 0, Int(partition) < Self.maximumPartitions else { return 0 }
    var restarted = 0
    for end in ends(ofTopic: topic) {
      var isNeeded = false
      var outdated: [Int] = []
      forEachGroupTopic(of: end) { index in
        guard let window = knownWindow(groupTopic: index, partition: partition),
          let committed = pool.newestOffset(of: window)
        else { return }
        if committed < start { isNeeded = true }
        if start == 0, isOfDeletedTopic(window, committed, topic: end, partition: partition) {
          outdated.append(index)
        }
      }
      logStarts[TopicPartition(topic: Int32(end), partition: partition)] = isNeeded ? start : nil
      for index in outdated { removeCommits(groupTopic: index, partition: Int(partition)) }
      if !outdated.isEmpty { heads[end].keepNewest(of: partition) }
      restarted += outdated.count
    }
    if restarted > 0 { recreations.add(at: now) }
    return restarted
  }

  private func isOfDeletedTopic(
    _ window: Int32, _ committed: Int64, topic: Int, partition: Int32
  ) -> Bool {
    guard let sample = heads[topic].latest(of: partition), sample.head < committed,
      sample.seconds > pool.summary(of: window).observedAtSeconds
    else { return false }
    return topics[topic].logEnd == .highWatermark || heads[topic].didFall(partition)
  }

  /// Returns the window of a partition, nil when there is none.
  @inline(__always)
  func knownWindow(groupTopic index: Int, partition: Int32) -> Int32? {
    let position = Int(partition)
    guard position >= 0, position < groupTopics[index].windows.count else { return nil }
    let window = groupTopics[index].windows[position]
    return window >= 0 ? window : nil
  }

  private func windows(ofTopic topic: Int, partition: Int32) -> [Int32] {
    var windows: [Int32] = []
    forEachGroupTopic(of: topic) { index in
      if let window = knownWindow(groupTopic: index, partition: partition) {
        windows.append(window)
      }
    }
    return windows
  }
}
