"""Which groups are seen, under which names, with which owners, and how they leave."""

import shutil
import subprocess
from urllib.parse import quote

from confluent_kafka import Producer

from harness.agent import configuration
from harness.clients import Member, SimpleGroup, read_everything
from harness.context import CLUSTER, expect_full_windows, expect_lags, expect_verdict, probe, status
from harness.runner import CannotRun, scenario
from harness.waiting import TooLate, always, equal, eventually


def _named(text):
    @scenario(f"the group {text} is found under its percent-encoded name")
    def named(context):
        group = context.group(text)
        topic = context.topic(f"named-{len(text.encode())}")
        with context.member(group, [topic], read_everything) as member:
            expect_full_windows(context.agent, group)
            expect_verdict(context.agent, group, "OK", None, 200)
            encoded = quote(group, safe="")
            for version in ("--http1.1", "--http2-prior-knowledge"):
                found = subprocess.run(
                    ["curl", "-sS", "--fail", version,
                     f"{context.agent.base}/consumer/{encoded}/readyz"],
                    capture_output=True, check=True).stdout.decode()
                assert found.startswith(f"{group} OK: "), found
            context.feed.remove(topic)
            expect_lags(context.agent, member)
        all_groups = context.agent.get("/consumer/livez").text
        assert f"\n{group} " in f"\n{all_groups}", all_groups


for _text in ("группа-ünïcode-組", "with/slash:colon", "rdk-classic"):
    _named(_text)


@scenario("owners are the hosts and client ids of the members")
def owners(context):
    group = context.group("shared-by-two")
    topics = [context.topic("shared-a"), context.topic("shared-b")]
    first = Member(context.world, group, topics, read_everything, client_id="pod-one")
    second = Member(context.world, group, topics, read_everything, client_id="pod-two")

    def shown():
        return {
            (one["topic"], one["partition"]): (one["owner"], one["client_id"])
            for one in status(context.agent, group, "lag")["partitions"]
        }

    def agrees(*members):
        def check():
            found = shown()
            for member in members:
                member.check()
                assert member.assignment, f"{member.client_id} has no partition yet"
                for place in member.assignment:
                    equal(f"the client id of {place}", found.get(place, ("", ""))[1],
                          member.client_id)
            equal("the owners", found, context.world.owners(group))
            assert all(host for host, _ in found.values()), found
            return True
        return check

    eventually("both members own what they were assigned", agrees(first, second))
    second.close()
    eventually("one member owns everything after the other left", agrees(first))
    equal("the places of the last member", len(first.assignment), 2 * context.world.partitions)
    first.close()
    eventually("nobody owns anything after all left", lambda: set(shown().values()) == {("", "")})


@scenario("deleted offsets leave: those of a topic, then those of the group")
def leaving(context):
    group = context.group("leaving")
    stays = context.world.create_topic("topic-stays")
    leaves = context.world.create_topic("topic-leaves")
    simple = SimpleGroup(context.world, group)
    places = {(topic, number): 0 for topic in (stays, leaves) for number in range(2)}
    for _ in range(3):
        simple.commit(places)
    simple.close()

    def topics():
        found = status(context.agent, group, "lag")
        return {one["topic"] for one in found["partitions"] if one["end"]}

    eventually("both topics are there", lambda: topics() == {stays, leaves})
    context.world.delete_topic(leaves, [group])
    eventually("the deleted topic has left", lambda: topics() == {stays})
    context.world.delete_group(group)
    eventually(
        "the deleted group has left",
        lambda: status(context.agent, group, "lag")["status"] == "NOTFOUND")

    def is_unknown():
        code, text = probe(context.agent, group, "readyz")
        assert code == 200 and text.startswith(f"{group} UNKNOWN"), text
        return True

    eventually("the probe has forgotten the group", is_unknown)


@scenario("commits of foreign groups change nothing")
def foreign(context):
    group = context.group("beside-foreign")
    topic = context.topic("beside-foreign")
    # As many names as it takes to have one in the same partition of the offsets topic.
    mine = context.world.offsets_partition(group)
    names = [context.group(f"foreign-{number}") for number in range(2000)]
    names = [name for name in names if context.world.offsets_partition(name) == mine][:3]
    others = [SimpleGroup(context.world, name) for name in names]
    with context.member(group, [topic], read_everything) as member:
        expect_full_windows(context.agent, group)
        context.feed.remove(topic)
        expect_lags(context.agent, member)
        for round_number in range(20):
            for other in others:
                other.commit({(topic, number): round_number for number in range(4)})
        expect_lags(context.agent, member)
        expect_verdict(context.agent, group, "OK", None, 200)
    for other in others:
        other.close()
    for name in names:
        equal(f"the status of {name}", status(context.agent, name)["status"], "NOTFOUND")
        equal(f"readyz of {name}", probe(context.agent, name, "readyz")[0], 404)
        assert name not in context.agent.get("/consumer/livez").text


@scenario("a regular expression admits groups, another one denies some of them")
def patterns(context):
    topic = context.world.create_topic("topic-patterns")
    stems = ("orders-eu", "orders-us", "orders-test", "billing")
    names = {stem: context.group(f"pattern-{stem}") for stem in stems}
    groups = [SimpleGroup(context.world, name) for name in names.values()]
    config = configuration(
        context.world, cluster=CLUSTER, allowlist="pattern-orders-", denylist="-test")
    with context.start(config) as agent:
        for _ in range(3):
            for group in groups:
                group.commit({(topic, 0): 0})
        agent.wait_until_ready()
        watched = {names["orders-eu"], names["orders-us"]}

        def listed():
            lines = agent.get("/consumer/livez").text.splitlines()
            found = {line.split(" ")[0] for line in lines}
            assert watched <= found, found
            assert not found & {names["orders-test"], names["billing"]}, found
            return True

        eventually("the admitted groups are listed", listed)
        for stem, name in names.items():
            expected = "OK" if name in watched else "NOTFOUND"
            eventually(f"{name} is {expected}",
                       lambda: status(agent, name)["status"] == expected)
            code = 200 if name in watched else 404
            # The gate of the rollout opens a second later.
            eventually(f"readyz of {name} is {code}",
                       lambda: probe(agent, name, "readyz")[0] == code, within=10)
    for group in groups:
        group.close()


@scenario("a group of kcat is OK")
def kcat(context):
    if shutil.which("kcat") is None:
        raise CannotRun("there is no kcat in PATH")
    group = context.group("kcat")
    context.world.uses(group)
    topic = context.topic("kcat")
    options = [f"{name}={value}" for name, value in context.world.properties.items()]
    options += ["auto.offset.reset=earliest", "fetch.wait.max.ms=100"]
    command = ["kcat", "-q", "-b", context.world.bootstrap, "-u"]
    for one in options:
        command += ["-X", one]
    process = subprocess.Popen(
        command + ["-G", group, topic], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        def is_ok():
            assert process.poll() is None, process.stderr.read().decode()
            found = status(context.agent, group, "lag")
            assert found["status"] == "OK", found["status"]
            ends = [one["end"]["offset"] for one in found["partitions"] if one["end"]]
            assert len(ends) == context.world.partitions and min(ends) > 10, ends
            return True

        eventually("kcat's group is OK", is_ok, within=60, pause=0.4)
    finally:
        process.terminate()
        process.wait(20)


@scenario("a group of the new protocol (KIP-848) is OK")
def new_protocol(context):
    group = context.group("new-protocol")
    topic = context.topic("new-protocol")
    with context.member(group, [topic], read_everything, protocol="consumer") as member:
        try:
            eventually("the member has partitions", lambda: member.check() or member.assignment)
        except (RuntimeError, TooLate) as error:
            raise CannotRun(f"the brokers do not give it partitions ({error})") from error
        expect_full_windows(context.agent, group)
        expect_verdict(context.agent, group, "OK", None, 200)
        context.feed.remove(topic)
        expect_lags(context.agent, member)


@scenario("offsets committed in transactions count when they are committed, never when aborted")
def transactional(context):
    group = context.group("transactional")
    topic = context.topic("transactional", backlog=5)
    context.feed.remove(topic)
    producer = Producer(context.world.client_config(transactional_id=context.group("txn")))
    producer.init_transactions(30)

    def offsets():
        found = status(context.agent, group, "lag")["partitions"]
        return {one["partition"]: one["end"]["offset"] for one in found if one["end"]}

    with context.member(group, [topic], lambda member: {}) as member:
        eventually("the member has read everything", lambda: len(member.fetched) == 4
                   and min(member.fetched.values()) >= 5)
        for offset, commits in ((1, True), (3, False), (2, True)):
            producer.begin_transaction()
            member.send_offsets(producer, offset)
            if commits:
                producer.commit_transaction(30)
                eventually(f"offset {offset} is shown",
                           lambda: offsets() == {number: offset for number in range(4)})
            else:
                producer.abort_transaction(30)
                always("an aborted offset is not shown",
                       lambda: set(offsets().values()) == {1}, 2)
        equal("the offsets at the end", offsets(), {number: 2 for number in range(4)})
