"""Commits that are fetched, and commits that an open transaction withholds."""

from harness.agent import configuration
from harness.clients import read_everything
from harness.context import CLUSTER, expect_lags, expect_verdict, probe, status
from harness.runner import scenario
from harness.waiting import always, equal, eventually

from .moves import GROUP, Steady

FETCH = {"source": "offset-fetch"}

# What brokers may answer to requests about groups. After a missing right the agent waits for a
# minute, because only an administrator can help; that is tried elsewhere.
ERRORS = {
    "OffsetFetch": (
        "COORDINATOR_LOAD_IN_PROGRESS", "COORDINATOR_NOT_AVAILABLE", "NOT_COORDINATOR",
        "UNKNOWN_SERVER_ERROR", "GROUP_ID_NOT_FOUND", "STALE_MEMBER_EPOCH"),
    "DescribeGroups": (
        "COORDINATOR_LOAD_IN_PROGRESS", "COORDINATOR_NOT_AVAILABLE", "NOT_COORDINATOR",
        "GROUP_AUTHORIZATION_FAILED", "UNKNOWN_SERVER_ERROR"),
    "FindCoordinator": (
        "COORDINATOR_NOT_AVAILABLE", "INVALID_GROUP_ID", "UNKNOWN_SERVER_ERROR"),
}


def _shown_owners(agent, group):
    return {
        (one["topic"], one["partition"]): (one["owner"], one["client_id"])
        for one in status(agent, group, "lag")["partitions"] if one["owner"]
    }


@scenario(
    "source offset-fetch: lags, owners, moved coordinators, and STOP when all have left",
    is_long=True)
def fetched(context):
    with context.own_brokers() as (world, feed):
        with Steady(context, world, feed, consumer=FETCH) as steady:
            steady.goes_on()

            def owners_agree():
                equal("the owners", _shown_owners(steady.agent, GROUP), world.owners(GROUP))
                return True

            eventually("the owners are shown", owners_agree, 30)
            for _ in range(3):
                world.cluster.move_coordinator(GROUP, world.cluster.coordinator(GROUP) % 3 + 1)
                steady.goes_on()
                always("no wrong verdict", steady.is_never_wrong, 1)
            equal("the topics that the agent read", world.cluster.fetched("vole-e2e"), {})
            # The owner goes, records come: after as long as the window spans that is a STOP.
            steady.member.close()
            expect_verdict(steady.agent, GROUP, "ERR", {"STOP"}, 503)
            eventually("nobody owns anything", lambda: not _shown_owners(steady.agent, GROUP))


def _errors(api):
    @scenario(f"every error that {api} can answer: never a wrong verdict, recovered by itself")
    def errors(context):
        with context.own_brokers() as (world, feed):
            with Steady(context, world, feed, consumer=FETCH) as steady:
                for name in ERRORS[api]:
                    before = len(steady.agent.log)
                    fault = world.cluster.inject(api, name, client="vole-e2e", group=GROUP)
                    always(name, steady.is_never_wrong, 1.5)
                    world.cluster.clear(fault)
                    told = [line for line in steady.agent.log[before:] if line["level"] != "info"]
                    assert len(told) <= 4, f"{name} is told {len(told)} times: {told}"
                steady.goes_on()
                steady.ends_well()


for _api in ERRORS:
    _errors(_api)


@scenario("source offset-fetch with a pattern: groups of every broker, old and new")
def listed(context):
    with context.own_brokers() as (world, feed):
        topic = world.create_topic("topic-listed")
        names = [f"listed-{number}" for number in range(12)]
        for name in names[:10]:
            world.cluster.commit(name, topic, 0, 1)
        world.cluster.commit("other", topic, 0, 1)
        config = configuration(
            world, allowlist="^listed-", denylist="-3$", cluster=CLUSTER, consumer=FETCH)
        with context.start(config) as agent:
            agent.wait_until_ready()

            def shows(expected):
                lines = agent.get("/consumer/livez").text.splitlines()
                equal("the groups", {line.split(" ")[0] for line in lines}, set(expected))
                return True

            watched = [name for name in names if name != "listed-3"]
            eventually("all are found", lambda: shows(watched[:9]), 30)
            for name in names[10:]:
                world.cluster.commit(name, topic, 0, 1)
            eventually("new ones are found", lambda: shows(watched), 30)
            world.cluster.delete_group("listed-0")
            eventually("a deleted one leaves", lambda: shows(watched[1:]), 30)


@scenario(
    "a hung transaction withholds commits: they are fetched, until it has ended",
    is_long=True)
def hung(context):
    with context.own_brokers() as (world, feed), Steady(context, world, feed) as steady:
        transaction = world.cluster.open_transaction(group="hangs", offsets=[])
        partition = world.cluster.offsets_partition(GROUP)
        open_here = world.cluster.open_transaction(
            topic="__consumer_offsets", partition=partition)
        world.cluster.end_transaction(transaction)
        always("no wrong verdict", steady.is_never_wrong, 10)

        def is_bridged():
            assert steady.is_never_wrong()
            code, text = steady.agent.probe("/readyz?verbose")
            assert f"an open transaction withholds partition {partition}" in text, text
            return True

        eventually("the transaction is noticed", is_bridged, 60)
        steady.goes_on()
        expect_verdict(steady.agent, GROUP, "OK", None, 200)
        world.cluster.end_transaction(open_here, commit=False)

        def is_over():
            assert steady.is_never_wrong()
            assert "withholds" not in steady.agent.probe("/readyz?verbose")[1]
            return True

        eventually("the transaction is over", is_over, 60)
        steady.goes_on()
        steady.ends_well()


@scenario("lag to the last stable offset: what nobody can read yet is no lag")
def stable(context):
    with context.own_brokers() as (world, feed):
        topic = world.create_topic("topic-stable")
        world.cluster.append(topic, 0, [(None, b"x")] * 5)
        world.cluster.commit("stable", topic, 0, 5)
        world.cluster.open_transaction(topic=topic, partition=0, count=7)

        def lag(**consumer):
            config = configuration(
                world, groups=["stable"], cluster=CLUSTER, consumer=consumer)
            with context.start(config) as agent:
                agent.wait_until_ready()
                eventually("there is a lag", lambda: status(agent, "stable")["partition_count"])
                return eventually("it has a value", lambda: [
                    one["current_lag"]
                    for one in status(agent, "stable", "lag")["partitions"] if one["end"]])

        equal("the lag to the high watermark", lag(), [7])
        equal("the lag to the last stable offset", lag(**{"lag-to": "lso"}), [0])


@scenario(
    "retention passes a consumer, and a topic is created again: no old offset stays",
    is_long=True)
def logs(context):
    with context.own_brokers() as (world, feed):
        topic = world.create_topic("topic-logs")
        for number in range(4):
            world.cluster.append(topic, number, [(None, b"x")] * 100)
            world.cluster.commit("logs", topic, number, 40)
        config = configuration(world, groups=["logs"], cluster=CLUSTER)
        with context.start(config) as agent:
            agent.wait_until_ready()

            def lags(expected):
                found = [one["current_lag"]
                         for one in status(agent, "logs", "lag")["partitions"] if one["end"]]
                equal("the lags", found, expected)
                return True

            eventually("the lags are known", lambda: lags([60] * 4))
            world.cluster.delete_records(topic, 0, 70)
            eventually("lag begins at the log start", lambda: lags([30, 60, 60, 60]), 90)
            world.cluster.recreate_topic(topic, keep_offsets=True)
            for number in range(4):
                world.cluster.append(topic, number, [(None, b"x")] * 3)
                world.cluster.commit("logs", topic, number, 1)
            eventually("the new topic's lags", lambda: lags([2] * 4), 60)
            full = status(agent, "logs", "lag")
            for one in full["partitions"]:
                assert one["start"]["offset"] <= 3, f"an old offset stayed: {one}"
            code, text = probe(agent, "logs", "readyz")
            assert code == 200, text


def _clock(name, milliseconds):
    @scenario(f"brokers whose clock is two minutes {name}: verdicts as if it were right")
    def clock(context):
        with context.own_brokers() as (world, feed):
            world.cluster.set_clock(milliseconds)
            with Steady(context, world, feed) as steady:
                always("no wrong verdict", steady.is_never_wrong, 8)
                steady.goes_on()
                expect_verdict(steady.agent, GROUP, "OK", None, 200)
                steady.member.close()
                expect_verdict(steady.agent, GROUP, "ERR", {"STOP"}, 503)


for _name, _milliseconds in (("behind", -120_000), ("ahead", 120_000)):
    _clock(_name, _milliseconds)


@scenario(
    "markers at the end of a log are no lag when phantom lag is looked for",
    is_long=True)
def phantom(context):
    with context.own_brokers() as (world, feed):
        topic = world.create_topic("topic-phantom")
        feed.add(topic)
        config = configuration(
            world, groups=["phantom"], cluster=CLUSTER, consumer={"phantom-lag": True})
        with context.member("phantom", [topic], read_everything, world=world) as member:
            with context.start(config) as agent:
                agent.wait_until_ready()
                feed.remove(topic)
                expect_lags(agent, member)
                for number in range(world.partitions):
                    ended = world.cluster.open_transaction(topic=topic, partition=number)
                    world.cluster.end_transaction(ended, commit=False)

                def lags():
                    return [one["current_lag"]
                            for one in status(agent, "phantom", "lag")["partitions"]]

                eventually("the lag is seen", lambda: set(lags()) == {2}, 20)
                eventually("the lag is seen through", lambda: set(lags()) == {0}, 100)
                expect_verdict(agent, "phantom", "OK", None, 200)
