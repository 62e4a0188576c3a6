"""Five consumers, five verdicts, each by every way to ask."""

from harness.clients import read_everything, read_slowly, say_nothing, stand_still, walk_back
from harness.context import INTERVALS, expect_full_windows, expect_lags, expect_verdict
from harness.runner import scenario
from harness.waiting import eventually

# Head samples come once a second: a commit that is rarer sees the lag grow, a more frequent one
# sees it shrink between two samples.
SLOW_INTERVAL = 1.6


def _has_committed(member, at_least):
    """Waits until the windows of a member are full and all offsets are large enough."""
    def check():
        member.check()
        assert member.rounds >= INTERVALS, f"{member.rounds} commits"
        assert min(member.committed.values()) >= at_least, member.committed
        return True

    eventually(f"{member.group} has committed {at_least}", check)


@scenario("a healthy consumer is OK")
def healthy(context):
    topic = context.topic("healthy")
    group = context.group("healthy")
    with context.member(group, [topic], read_everything) as member:
        full = expect_verdict(context.agent, group, "OK", None, 200)
        assert full["partition_count"] == context.world.partitions, full
        expect_full_windows(context.agent, group)
        context.feed.remove(topic)
        eventually("everything is committed", lambda: sum(member.lag().values()) == 0)
        expect_lags(context.agent, member)


@scenario("a slow consumer is WARN")
def slow(context):
    topic = context.topic("slow", backlog=50)
    group = context.group("slow")
    with context.member(group, [topic], read_slowly, interval=SLOW_INTERVAL) as member:
        expect_verdict(context.agent, group, "WARN", {"WARN"}, 200)
        context.feed.remove(topic)
        member.habit = say_nothing
        expect_lags(context.agent, member)


@scenario("a stalled consumer is STALL and ERR")
def stalled(context):
    topic = context.topic("stalled", backlog=20)
    group = context.group("stalled")
    with context.member(group, [topic], read_everything) as member:
        _has_committed(member, 20)
        member.habit = stand_still
        full = expect_verdict(context.agent, group, "ERR", {"STALL"}, 503)
        for one in full["partitions"]:
            assert one["start"]["offset"] == one["end"]["offset"], one
        context.feed.remove(topic)
        expect_lags(context.agent, member)
        expect_verdict(context.agent, group, "ERR", {"STALL"}, 503)


@scenario("a stopped consumer is STOP and ERR")
def stopped(context):
    topic = context.topic("stopped", backlog=20)
    group = context.group("stopped")
    with context.member(group, [topic], read_everything) as member:
        _has_committed(member, 25)
        member.habit = say_nothing
        expect_verdict(context.agent, group, "ERR", {"STOP"}, 503)
        context.feed.remove(topic)
        expect_lags(context.agent, member)
        expect_verdict(context.agent, group, "ERR", {"STOP"}, 503)


@scenario("a rewinding consumer is REWIND and ERR")
def rewinding(context):
    topic = context.topic("rewinding", backlog=200)
    group = context.group("rewinding")
    with context.member(group, [topic], read_everything) as member:
        _has_committed(member, 200)
        member.habit = walk_back
        expect_verdict(context.agent, group, "ERR", {"REWIND"}, 503)
        context.feed.remove(topic)
        member.habit = say_nothing
        expect_lags(context.agent, member)
