"""Brokers that move leaders, answer errors, or answer late: no window is lost, verdicts hold."""

from harness.agent import configuration
from harness.clients import read_everything
from harness.context import (
    CLUSTER, expect_full_windows, expect_lags, expect_verdict, probe, status)
from harness.runner import scenario
from harness.waiting import always, eventually

STALE_AFTER = 4
GROUP = "steady"
TOPIC = "topic-steady"

# What brokers may answer to each request of the agent. Metadata carries the error of a topic.
ERRORS = {
    "ListOffsets": (
        "UNKNOWN_TOPIC_OR_PARTITION", "LEADER_NOT_AVAILABLE", "NOT_LEADER_OR_FOLLOWER",
        "REPLICA_NOT_AVAILABLE", "KAFKA_STORAGE_ERROR", "OFFSET_NOT_AVAILABLE",
        "FENCED_LEADER_EPOCH", "UNKNOWN_LEADER_EPOCH", "TOPIC_AUTHORIZATION_FAILED",
        "UNKNOWN_SERVER_ERROR"),
    "Fetch": (
        "UNKNOWN_TOPIC_OR_PARTITION", "NOT_LEADER_OR_FOLLOWER", "REPLICA_NOT_AVAILABLE",
        "KAFKA_STORAGE_ERROR", "OFFSET_NOT_AVAILABLE", "FENCED_LEADER_EPOCH",
        "UNKNOWN_LEADER_EPOCH", "TOPIC_AUTHORIZATION_FAILED", "UNKNOWN_SERVER_ERROR",
        "CORRUPT_MESSAGE"),
    "Metadata": (
        "UNKNOWN_TOPIC_OR_PARTITION", "LEADER_NOT_AVAILABLE", "INVALID_TOPIC",
        "TOPIC_AUTHORIZATION_FAILED", "UNKNOWN_SERVER_ERROR"),
}


class Steady:
    """A healthy group on brokers of its own, watched by an agent of its own."""

    def __init__(self, context, world, feed, **options):
        self.world = world
        self.feed = feed
        self._is_fetched = "consumer" in options
        world.create_topic(TOPIC)
        feed.add(TOPIC)
        self.agent = context.start(configuration(
            world, groups=[GROUP], cluster=CLUSTER, stale_after=STALE_AFTER, **options))
        self._member = context.member(GROUP, [TOPIC], read_everything, world=world)

    def __enter__(self):
        self.member = self._member.__enter__()
        self.agent.__enter__()
        self.agent.wait_until_ready()
        expect_full_windows(self.agent, GROUP)
        expect_verdict(self.agent, GROUP, "OK", None, 200)
        return self

    def __exit__(self, *error):
        try:
            self.agent.__exit__(*error)
        finally:
            self._member.__exit__(*error)

    def ends(self):
        """The newest commit of each partition that the agent knows."""
        found = status(self.agent, GROUP, "lag")["partitions"]
        return {one["partition"]: one["end"]["offset"] for one in found if one["end"]}

    def goes_on(self):
        """Waits until newer commits of every partition are seen."""
        before = self.ends()

        def newer():
            now = self.ends()
            behind = [number for number in before if now.get(number, -1) <= before[number]]
            assert not behind, f"no newer commit of {behind}: {now}"
            return True

        eventually("commits are seen", newer, 30)

    def is_never_wrong(self):
        """No verdict but OK and UNKNOWN, and never a probe that fails.

        Commits that are fetched once a second may all be seen just behind the records that came
        meanwhile: a lag that never shrinks, which is WARN.
        """
        code, text = probe(self.agent, GROUP, "readyz")
        assert code == 200, text
        verdicts = ["OK", "UNKNOWN"] + ["WARN"] * self._is_fetched
        assert text.startswith(tuple(f"{GROUP} {one}: " for one in verdicts)), text
        for path in ("/livez", "/readyz"):
            assert self.agent.probe(path)[0] == 200, path
        return True

    def ends_well(self):
        """At rest the agent shows what the client itself computes."""
        self.feed.remove(TOPIC)
        expect_lags(self.agent, self.member)
        expect_verdict(self.agent, GROUP, "OK", None, 200)


@scenario("leaders and coordinators move: nothing is lost, the verdict stays OK")
def moves(context):
    with context.own_brokers() as (world, feed), Steady(context, world, feed) as steady:
        def is_ok():
            code, text = probe(steady.agent, GROUP, "readyz")
            assert code == 200 and text.startswith(f"{GROUP} OK: "), text
            return True

        for round_number in range(3):
            world.cluster.move_coordinator(GROUP, round_number % 3 + 1)
            for number in range(world.partitions):
                world.cluster.move_leader(TOPIC, number, (round_number + number) % 3 + 1)
            steady.goes_on()
            always("the group is OK", is_ok, 2)
        steady.ends_well()


@scenario("a coordinator that is down for a while: UNKNOWN, then as before")
def coordinator_down(context):
    with context.own_brokers() as (world, feed), Steady(context, world, feed) as steady:
        away = world.cluster.coordinator(GROUP)
        world.cluster.stop(away)

        def is_unknown():
            code, text = probe(steady.agent, GROUP, "readyz")
            assert code == 200 and text.startswith(f"{GROUP} UNKNOWN: "), text
            return True

        eventually("the group is UNKNOWN", is_unknown, 30)
        always("it stays UNKNOWN", is_unknown, 3)
        world.cluster.start(away)
        steady.goes_on()
        steady.ends_well()


def _errors(api):
    @scenario(f"every error that {api} can answer: never a wrong verdict, recovered by itself")
    def errors(context):
        with context.own_brokers() as (world, feed), Steady(context, world, feed) as steady:
            for name in ERRORS[api]:
                before = len(steady.agent.log)
                fault = world.cluster.inject(api, name, client="vole-e2e")
                always(f"{name}", steady.is_never_wrong, 1.5)
                world.cluster.clear(fault)
                # Once per change, not once per attempt.
                told = [line for line in steady.agent.log[before:] if line["level"] != "info"]
                assert len(told) <= 4, f"{name} is told {len(told)} times: {told}"
            steady.goes_on()
            always("no wrong verdict", steady.is_never_wrong, 1)
            steady.ends_well()


for _api in ERRORS:
    _errors(_api)


@scenario("requests that are cut, and answers that come late: recovered by itself")
def cut_and_late(context):
    with context.own_brokers() as (world, feed), Steady(context, world, feed) as steady:
        for api in ("ListOffsets", "Fetch", "Metadata"):
            for fault in (
                world.cluster.cut(api, client="vole-e2e"),
                world.cluster.delay(api, 2, client="vole-e2e"),
            ):
                always(api, steady.is_never_wrong, 1.5)
                world.cluster.clear(fault)
        steady.goes_on()
        steady.ends_well()


@scenario("one broker that answers late delays nobody else's partitions")
def slow_broker(context):
    with context.own_brokers() as (world, feed), Steady(context, world, feed) as steady:
        slow = world.cluster.coordinator(GROUP) % 3 + 1
        # A look-up may take half of the time between two.
        world.cluster.delay("ListOffsets", 0.3, broker=slow, client="vole-e2e")

        def is_ok():
            code, text = probe(steady.agent, GROUP, "readyz")
            assert code == 200 and text.startswith(f"{GROUP} OK: "), text
            return True

        always("the group stays OK", is_ok, 3 * STALE_AFTER)
        world.cluster.clear()
        steady.ends_well()


@scenario("garbage in the offsets topic: counted, skipped, no verdict changes")
def garbage(context):
    with context.own_brokers() as (world, feed), Steady(context, world, feed) as steady:
        place = world.cluster.offsets_partition(GROUP)
        mine = GROUP.encode().hex()
        name = f"{len(GROUP):04x}{mine}"
        pairs = [
            ("", ""), ("00", "00"), (None, "00"), ("0001", None), ("0001ffff", "0003"),
            ("00017fff", "00"), (f"0001{name}", ""), (f"0002{name}", "0003"),
            (f"0002{name}", "00037fff"), (f"0002{name}", "7fff"), (f"0063{name}", "00"),
            (f"0003{name}", "00"), (f"0005{name}0001ff", "0000ff"), ("ff" * 300, "ff" * 300),
        ]
        for pair in pairs:
            world.cluster.append("__consumer_offsets", place, [pair])
        steady.goes_on()
        always("no wrong verdict", steady.is_never_wrong, 2)
        told = [line for line in steady.agent.log if "malformed" in str(line)]
        assert len(told) <= 2, told
        steady.ends_well()
