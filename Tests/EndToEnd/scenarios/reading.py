"""What is read of the offsets topic: no more than is needed, and what groups really did."""

import time

from harness.agent import configuration
from harness.clients import Member, read_everything
from harness.context import CLUSTER, expect_full_windows, expect_lags, status
from harness.runner import scenario
from harness.waiting import equal, eventually

from broker import batches, records
from broker.groups import Commit

from .figures import Process

OFFSETS = records.TOPIC
# The largest resident memory while a full topic is read, in MB.
CATCH_UP_MB = 48


@scenario("one exact group: its partition of the offsets topic is read, and no other byte")
def narrow(context):
    with context.own_brokers() as (world, feed):
        topic = world.create_topic("topic-narrow")
        # A cluster full of other groups.
        for number in range(500):
            for offset in range(5):
                world.cluster.commit(f"other-{number}", topic, 0, offset)
        feed.add(topic)
        config = configuration(world, groups=["narrow"], cluster=CLUSTER, client_id="narrow")
        with context.member("narrow", [topic], read_everything, world=world) as member:
            with context.start(config) as agent:
                expect_full_windows(agent, "narrow")
                feed.remove(topic)
                expect_lags(agent, member)
        fetched = world.cluster.fetched("narrow")
        equal("the topics that were read", set(fetched), {OFFSETS})
        equal("the partitions that were read", set(fetched[OFFSETS]),
              {world.cluster.offsets_partition("narrow")})
        size = sum(fetched[OFFSETS].values())
        whole = sum(
            len(one["key"]) // 2 + len(one["value"] or "") // 2
            for number in range(world.offsets_partition_count())
            for one in world.cluster.records(OFFSETS, number))
        assert size < whole / 10, f"{size} of {whole} bytes"
        return f"{size / 1000:.0f} kB of {whole / 1000:.0f} kB"


@scenario("owners follow members that join, leave, come back and fall silent")
def owners(context):
    with context.own_brokers() as (world, feed):
        topic = world.create_topic("topic-owned")
        feed.add(topic)
        config = configuration(world, groups=["owned"], cluster=CLUSTER)
        with context.start(config) as agent:
            def agrees():
                found = {
                    (one["topic"], one["partition"]): (one["owner"], one["client_id"])
                    for one in status(agent, "owned", "lag")["partitions"] if one["owner"]
                }
                answered = world.owners("owned")
                equal("the owners", found, answered)
                equal("how many are owned", len(answered), world.partitions)
                return answered

            def start(name):
                return Member(world, "owned", [topic], read_everything, client_id=name)

            members = [start("pod-0")]
            eventually("one member owns all", agrees, 30)
            members += [start("pod-1"), start("pod-2")]

            def three_agree():
                equal("the members", len(set(agrees().values())), 3)
                return True

            eventually("three members share", three_agree, 30)
            members.pop().close()
            eventually("two share again", lambda: agrees() and len(set(agrees().values())) == 2, 30)
            # A coordinator that restarts knows what was written, and nothing else.
            world.cluster.move_coordinator("owned", world.cluster.coordinator("owned") % 3 + 1)
            eventually("the same after the coordinator has moved", agrees, 30)
            for one in members:
                one.close()


@scenario("owners of a group of the new protocol (KIP-848) are those that own by their own word")
def modern_owners(context):
    with context.own_brokers() as (world, feed):
        topic = world.create_topic("topic-modern")
        feed.add(topic)
        config = configuration(world, groups=["modern"], cluster=CLUSTER)
        with context.start(config) as agent:
            members = []

            def agrees():
                found = {
                    (one["topic"], one["partition"]): one["client_id"]
                    for one in status(agent, "modern", "lag")["partitions"] if one["owner"]
                }
                own = {
                    place: one.client_id for one in members for place in one.assignment
                }
                equal("the owners", found, own)
                equal("how many are owned", len(own), world.partitions)
                return True

            for name in ("pod-0", "pod-1", "pod-2"):
                members.append(Member(
                    world, "modern", [topic], read_everything, client_id=name,
                    protocol="consumer"))
                eventually(f"{name} has its share", agrees, 30)
            members.pop(0).close()
            eventually("two share", agrees, 30)
            while members:
                members.pop().close()
            eventually("nobody owns anything", lambda: not any(
                one["owner"] for one in status(agent, "modern", "lag")["partitions"]))


@scenario("a million commits of 200 groups are caught up with", alone=True)
def catch_up(context):
    with context.own_brokers(offsets_partitions=1) as (world, _):
        topic = world.create_topic("topic-behind")
        count = 1_000_000 if context.is_release else 100_000
        now = int(time.time() * 1000)
        value = records.offset_value(Commit(1, -1, "", now), 3)
        # Ten requests of twenty commits, again and again, as coordinators write them.
        for first in range(0, 200, 20):
            data = batches.build([
                (records.offset_key(f"crowd-{first + number}", topic, number % 4), value)
                for number in range(20)
            ], now)
            world.cluster.append_raw(OFFSETS, 0, data, times=count // 200)
        world.cluster.commit("behind", topic, 0, 0)
        config = configuration(
            world, allowlist="^(crowd-|behind)", cluster=CLUSTER, intervals=10)
        with context.start(config) as agent:
            agent.wait_until_ready(120)
            line = agent.wait_for_log("ready: commits and log-end offsets were read")
            seconds = line["seen"] - agent.started
            process = Process(agent.pid)
            peak = process.peak_megabytes()
            assert seconds < 60, f"{count} commits took {seconds:.0f} s"
            text = (f"{count / seconds / 1e6:.2f} M commits/s, peak {peak:.1f} MB "
                    f"(budget {CATCH_UP_MB})")
            if context.is_release:
                assert peak <= CATCH_UP_MB, text
            equal("the last group", status(agent, "behind")["status"], "OK")
        return text
