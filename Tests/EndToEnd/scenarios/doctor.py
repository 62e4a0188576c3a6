"""`vole doctor` against brokers that grant and deny: it names what is missing, and nothing else.

They run on the brokers of Tests/broker, which hide the same two denials as a real one does.
"""

import json
import os
import pty
import re
import shlex
import socket
import subprocess
import time
from pathlib import Path

from harness.agent import clean_environment, toml
from harness.patient import (
    PATIENCE, USER, Certificates, Cluster, Security, examine, patient)
from harness.runner import CannotRun, scenario
from harness.waiting import equal

_OFFSETS = "__consumer_offsets"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def _authorize(one):
    one.cluster.authorize(super_users=["User:admin"])


_READ_OFFSETS = ("Read", "Topic", _OFFSETS)
_GROUP = ("Describe", "Group", "orders")
_PAYMENTS = ("Describe", "Topic", "payments")
_REFUNDS = ("Describe", "Topic", "refunds")


@scenario("doctor: all rights, exit 0, and whose member is this pod's")
def all_rights(context):
    with patient(context) as one:
        one.topic("payments")
        with one.member("orders", ["payments"], client="shop-orders-7d9f"):
            _authorize(one)
            one.grant(_READ_OFFSETS, _GROUP, _PAYMENTS)
            report = one.examine(environment={"POD_NAME": "orders-7d9f"}).check(0)
            equal("what is not in order",
                  [row for row in report.rows if row[0] != "ok"], [])
            assert "client id shop-orders-7d9f" in report.text, report.text
            equal("messages", report.errors, "")
            assert _COLOUR.search(report.text) is None, "colours in a file"
            report = one.examine(environment={"POD_IP": "127.0.0.1"}).check(0)
            assert "by host 127.0.0.1" in report.text, report.text
            # Another pod of the host's network, one whose name is longer, and none at all.
            for pod, words in (
                ({"POD_IP": "127.0.0.1", "HOST_IP": "127.0.0.1"}, "fits none of 1 member"),
                ({"POD_NAME": "orders-7d9"}, "fits none of 1 member"),
                ({"POD_IP": "10.9.9.9"}, "fits none of 1 member (at 127.0.0.1)"),
                ({}, "no POD_IP and no POD_NAME"),
            ):
                report = one.examine(environment=pod).check(0)
                equal("the outcome", report.outcome("pod", "identity"), {"note"})
                assert words in report.text, report.text
            counted = one.cluster.counters("doctor")
            asked = set(counted)
            changes = {"JoinGroup", "OffsetCommit", "Produce", "CreateTopics", "LeaveGroup"}
            equal("requests that change something", asked & changes, set())


@scenario("doctor: no rights at all, exit 1, and each missing one by its command")
def no_rights(context):
    with patient(context) as one:
        one.topic("payments")
        one.cluster.commit("orders", "payments", 0, 1)
        _authorize(one)
        report = one.examine().check(1, [_READ_OFFSETS, _GROUP])
        equal("the offsets topic", report.outcome(f"topic {_OFFSETS}", "Metadata"), {"missing"})
        equal("OffsetFetch", report.outcome("group orders", "OffsetFetch"), {"missing"})
        equal("DescribeGroups", report.outcome("group orders", "DescribeGroups"), {"missing"})
        equal("the source", report.outcome("source", "auto"), {"failed"})
        for command in report.commands:
            words = shlex.split(command)
            equal("the servers", words[2], one.cluster.bootstrap())
            equal("the principal", words[5], USER)
        # Describe alone suffices for metadata and log ends, but not to read.
        one.grant(("Describe", "Topic", _OFFSETS))
        report = one.examine().check(1, [_READ_OFFSETS, _GROUP])
        equal("metadata", report.outcome(f"topic {_OFFSETS}", "Metadata"), {"ok"})
        equal("reading", report.outcome(f"topic {_OFFSETS}", "Fetch"), {"missing"})


def _cured(one, consumer, groups=("orders",)):
    """Runs the commands that the doctor prints until nothing is missing; returns what was run."""
    granted = set()
    for _ in range(6):
        report = one.examine(consumer)
        new = report.rights
        if report.code == 0:
            for group in groups:
                equal(f"offsets of {group}", report.outcome(f"group {group}", "OffsetFetch"),
                      {"ok"})
            return granted
        equal(f"the exit code of\n{report.text}\n", report.code, 1)
        assert new and not new & granted, f"granted and still missing:\n{report.text}"
        granted |= new
        one.grant(*new)
    raise AssertionError(f"no end of missing rights: {sorted(granted)}")


@scenario("doctor: running the commands that it prints leads to exit 0, whatever the source")
def cures(context):
    with patient(context) as one:
        one.topic("payments")
        one.topic("refunds")
        with one.member("orders", ["payments", "refunds"]):
            describe = {_GROUP, _PAYMENTS, _REFUNDS}
            reads = {("Read", "Topic", "payments"), ("Read", "Topic", "refunds")}
            for source, extra, expected in (
                ("auto", "", {_READ_OFFSETS} | describe),
                ("offsets-topic", "", {_READ_OFFSETS, _PAYMENTS, _REFUNDS}),
                ("offset-fetch", "", describe),
                ("offset-fetch", "phantom-lag = true", describe | reads),
            ):
                one.cluster.revoke()
                _authorize(one)
                consumer = f'groups = ["orders"]\nsource = "{source}"\n{extra}'
                watched = () if source == "offsets-topic" else ("orders",)
                equal(f"the rights for {source} {extra}", _cured(one, consumer, watched),
                      expected)


@scenario("doctor: topics that OffsetFetch leaves out without an error are found and named")
def hidden_topics(context):
    with patient(context) as one:
        one.topic("payments")
        one.topic("refunds")
        fetch = 'groups = ["orders"]\nsource = "offset-fetch"'
        with one.member("orders", ["payments", "refunds"], commits=False):
            one.cluster.commit("orders", "payments", 0, 1)
            one.cluster.commit("orders", "refunds", 0, 1)
            _authorize(one)
            one.grant(_GROUP, _PAYMENTS)
            # By the members' assignments, without a right on the offsets topic.
            report = one.examine(fetch).check(1, [_REFUNDS])
            equal("by name", report.outcome("topic refunds", "OffsetFetch"), {"missing"})
            equal("the topic allowed", report.outcome("topic payments", "ListOffsets"), {"ok"})
            equal("the source", report.outcome("source", "offset-fetch"), {"ok"})
        # By the offsets topic, when nobody is there who could tell.
        equal("the group", one.cluster.group("orders")["members"], [])
        report = one.examine(fetch)
        equal("what nobody tells", report.outcome("topic refunds", "OffsetFetch"), set())
        assert "left out without a word" in report.text, report.text
        one.grant(_READ_OFFSETS)
        report = one.examine(fetch).check(1, [_REFUNDS])
        equal("by name", report.outcome("topic refunds", "OffsetFetch"), {"missing"})
        # All topics of a group: an empty answer is no group that has committed nothing.
        one.cluster.revoke()
        one.grant(_GROUP)
        report = one.examine(fetch).check(1)
        equal("OffsetFetch", report.outcome("group orders", "OffsetFetch"), {"missing"})
        one.grant(_READ_OFFSETS)
        report = one.examine(fetch).check(1, [_PAYMENTS, _REFUNDS])
        equal("OffsetFetch", report.outcome("group orders", "OffsetFetch"), {"ok"})


@scenario("doctor: an empty list of groups is spoken of, and found out with the offsets topic")
def hidden_groups(context):
    with patient(context) as one:
        one.topic("payments")
        one.cluster.commit("orders", "payments", 0, 1)
        one.cluster.commit("other", "payments", 0, 1)
        _authorize(one)
        cluster = ("Describe", "Cluster", "kafka-cluster")
        pattern = 'group-allowlist = "^ord"\nsource = "offset-fetch"'
        report = one.examine(pattern).check(1, [cluster])
        equal("ListGroups", report.outcome("cluster", "ListGroups"), {"unknown"})
        equal("groups", report.outcome("groups", "pattern"), {"absent"})
        assert "Perhaps missing" in report.text, report.text
        one.grant(_READ_OFFSETS)
        report = one.examine(pattern).check(1, [cluster, _GROUP, _PAYMENTS])
        equal("ListGroups", report.outcome("cluster", "ListGroups"), {"missing"})
        one.grant(cluster, _GROUP, _PAYMENTS)
        report = one.examine(pattern).check(0)
        equal("ListGroups", report.outcome("cluster", "ListGroups"), {"ok"})
        assert "group other" not in report.text, "not chosen by the pattern"


@scenario("doctor: no such group is told from a group that may not be described")
def absent_group(context):
    with patient(context) as one:
        one.topic("payments")
        one.cluster.commit("orders", "payments", 0, 1)
        _authorize(one)
        one.grant(_READ_OFFSETS, _GROUP, _PAYMENTS, ("Describe", "Group", "oders"))
        both = 'groups = ["orders", "oders", "denied"]'
        report = one.examine(both).check(1, [("Describe", "Group", "denied")])
        equal("there", report.outcome("group orders", "OffsetFetch"), {"ok"})
        equal("not there", report.outcome("group oders", "OffsetFetch"), {"absent"})
        equal("denied", report.outcome("group denied", "OffsetFetch"), {"missing"})
        assert "there is no such group" in report.text, report.text
        # A name that a shell would take apart.
        odd = "it's; $(odd)"
        report = one.examine(f"groups = {json.dumps([odd])}")
        report.check(1, [("Describe", "Group", odd)])


def _all_captured():
    """Records as Kafka 4.3.1 wrote them, and what its own classes read from them."""
    path = Path(__file__).resolve().parents[2] / (
        "ConsumerOffsetsTests/Fixtures/consumer_offsets_capture.jsonl")
    for line in path.read_text().splitlines():
        one = json.loads(line)
        if one["source"] == "kafka-4.3.1" and not one["batch"]["control"]:
            yield one


def _captured(group):
    """Those of a group, until its first member has its partitions."""
    for one in _all_captured():
        if group in one["key_decoded"].values():
            yield one
            if one["key_type"] == 8:
                return


def _string(text):
    """A string of a key, in hexadecimal."""
    data = text.encode()
    return (len(data).to_bytes(2, "big") + data).hex()


@scenario("doctor: a group of KIP-848, which DescribeGroups cannot see, is told from no group")
def new_protocol(context):
    with patient(context) as one:
        one.topic("orders", partitions=3)
        for record in _captured("new-static"):
            one.cluster.write_offsets_record("new-static", record["key"], record["value"])
        # A commit that gives the topic its name, as those of Kafka 4.1 and later do.
        named = next(
            record for record in _all_captured() if record["key_type"] == 1
            and (record["value_decoded"] or {}).get("topicId") == "bIBFv-HbSAWNJXgwi3o0LA")
        key = named["key"].replace(
            _string(named["key_decoded"]["group"]), _string("new-static"), 1)
        one.cluster.write_offsets_record("new-static", key, named["value"])
        _authorize(one)
        one.grant(_READ_OFFSETS, ("Describe", "Group", "new-static"),
                  ("Describe", "Topic", "orders"))
        report = one.examine('groups = ["new-static"]', environment={"POD_IP": "127.0.0.1"})
        report.check(0)
        equal("DescribeGroups", report.outcome("group new-static", "DescribeGroups"), {"note"})
        assert "KIP-848" in report.text and "the log has 1 member" in report.text, report.text
        assert "of new-static is this pod's" in report.text, report.text
        equal("its topic", report.outcome("topic orders", "ListOffsets"), {"ok"})
        # Nothing but the offsets topic tells that it is there.
        one.cluster.revoke()
        one.grant(("Describe", "Group", "new-static"))
        report = one.examine('groups = ["new-static"]\nsource = "offset-fetch"').check(1)
        equal("OffsetFetch", report.outcome("group new-static", "OffsetFetch"), {"absent"})
        assert "or one of KIP-848" in report.text, report.text


@scenario("doctor: who does not let it in, is not there, or says nothing: exit 3, 3 and 4")
def unreachable(context):
    with patient(context) as one:
        report = one.examine(password="wrong").check(3)
        equal("the outcome", report.outcome("cluster", "connect"), {"unreachable"})
        assert "does not let us in" in report.text and "_AUTHENTICATION" in report.text
        assert "wrong" not in report.text + report.errors, "a password is shown"
        bare = ["--bootstrap-servers", one.cluster.bootstrap(), "--group", "orders"]
        report = examine(context, bare).check(3)
        assert "security.protocol" in report.text, report.text
        # A consumer with a login of its own, which is wrong.
        config = one.configuration('groups = ["orders"]').replace(
            '[consumer.sick]\ncluster = "sick"\nclient-profile = "p"',
            '[client-profile.q]\nsasl = "r"\n[sasl.r]\nmechanism = "PLAIN"\n'
            'username = "vole"\npassword = "bad"\n'
            '[consumer.sick]\ncluster = "sick"\nclient-profile = "q"')
        report = examine(context, [], config).check(3)
        equal("connecting", report.outcome("cluster", "connect"), {"ok"})
        equal("reading", report.outcome(f"topic {_OFFSETS}", "Fetch"), {"unreachable"})
        equal("asking", report.outcome("group orders", "OffsetFetch"), {"unreachable"})
        # One of two clusters: the other is examined all the same.
        config = one.configuration('groups = ["orders"]') + """
[cluster.away]
servers = ["127.0.0.1:1"]
[consumer.away]
cluster = "away"
groups = ["orders"]
"""
        report = examine(context, [], config).check(3)
        assert {("ok", "cluster", "connect"), ("unreachable", "cluster", "connect")} <= set(
            report.rows), report.text
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = "127.0.0.1:%d" % closed.getsockname()[1]
        report = examine(context, ["--bootstrap-servers", address, "--group", "orders"]).check(3)
        assert "Connection refused" in report.text, report.text
        closed.listen()
        report = examine(
            context,
            ["--bootstrap-servers", address, "--group", "orders", "--timeout", "2"]).check(4)
        equal("the outcome", report.outcome("cluster", "connect"), {"timeout"})
        assert report.seconds < 6, f"{report.seconds:.1f} s"


@scenario("doctor: a coordinator that does not answer in time, exit 4")
def slow_coordinator(context):
    with patient(context, brokers=1) as one:
        one.topic("payments")
        one.cluster.commit("orders", "payments", 0, 1)
        one.cluster.delay("OffsetFetch", 30)
        config = one.configuration('groups = ["orders"]')
        report = examine(context, ["--timeout", "4"], config).check(4)
        equal("OffsetFetch", report.outcome("group orders", "OffsetFetch"), {"timeout"})
        assert report.seconds < 10, f"{report.seconds:.1f} s"
        one.cluster.clear()


@scenario("doctor: a coordinator that is still loading is asked again")
def loading_coordinator(context):
    with patient(context) as one:
        one.topic("payments")
        one.cluster.commit("orders", "payments", 0, 1)
        one.cluster.inject("OffsetFetch", "COORDINATOR_LOAD_IN_PROGRESS", times=1)
        one.cluster.inject("DescribeGroups", "COORDINATOR_LOAD_IN_PROGRESS", times=1)
        one.examine().check(0)


@scenario("doctor: TLS with the right and the wrong authority")
def over_tls(context):
    if context.world.is_real:
        raise CannotRun("it needs brokers of its own")
    directory = Path(context.directory) / f"tls-{time.monotonic_ns()}"
    other = directory / "other"
    other.mkdir(parents=True)
    certificates = Certificates(directory)
    foreign = Certificates(other)
    security = Security(context=certificates.server_context())
    with Cluster(1, security=security) as cluster:
        cluster.create_topic("payments", 1)
        cluster.commit("orders", "payments", 0, 0)
        cluster.authorize(super_users=["User:admin"])

        def config(authority):
            return f"""\
[client-profile.p]
tls = "t"
[tls.t]
cafile = {toml(authority)}
[cluster.sick]
servers = {toml(cluster.bootstrap().split(","))}
client-profile = "p"
[consumer.sick]
cluster = "sick"
client-profile = "p"
groups = ["orders"]
"""

        report = examine(context, [], config(foreign.authority)).check(3)
        assert "certificate" in report.text, report.text
        report = examine(context, [], config(certificates.authority))
        report.check(1, [_READ_OFFSETS, _GROUP])
        # Nobody has said who we are.
        assert "User:ANONYMOUS" in report.commands[0], report.text


@scenario("doctor: a name that only the broker knows gets a placeholder")
def placeholder(context):
    with patient(context, brokers=1) as one:
        _authorize(one)
        token = Path(context.directory) / f"token-{time.monotonic_ns()}"
        token.write_text("opaque")
        one.cluster.set_token("opaque", "somebody")
        config = one.configuration('groups = ["orders"]').replace(
            'mechanism = "PLAIN"\nusername = "vole"\npassword = "vole"',
            f'mechanism = "OAUTHBEARER"\ntoken-file = {toml(str(token))}')
        report = examine(context, [], config).check(1, [_READ_OFFSETS, _GROUP])
        for command in report.commands:
            equal("the principal", shlex.split(command)[5], "User:<principal>")
        assert "put in the principal" in report.text, report.text


@scenario("doctor: wrong usage and configuration, exit 2")
def wrong_usage(context):
    servers = ["--bootstrap-servers", "127.0.0.1:1"]
    for arguments, words in (
        (servers, "no group is named"),
        (servers + ["--group", "a", "--timeout", "0"], "--timeout"),
        (servers + ["--group", "a", "--listen", "x"], "unknown option --listen"),
        (["--config", "/no/such/file.toml"], "cannot read"),
    ):
        report = examine(context, arguments)
        equal(f"the exit code of {arguments}", report.code, 2)
        equal("standard output", report.text, "")
        assert words in report.errors, report.errors


def _on_terminal(context, arguments, environment):
    """What standard output and error show when both are a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [str(context.vole), "doctor", *arguments], stdin=subprocess.DEVNULL, stdout=theirs,
        stderr=theirs, env=clean_environment(**environment))
    os.close(theirs)
    shown = b""
    while True:
        try:
            data = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not data:
            break
        shown += data
    os.close(ours)
    process.wait(PATIENCE)
    return shown.decode()


@scenario("doctor: colours and progress on a terminal alone, and none with NO_COLOR")
def terminal(context):
    arguments = ["--bootstrap-servers", "127.0.0.1:1", "--group", "a"]
    shown = _on_terminal(context, arguments, {"NO_COLOR": ""})
    assert "\x1b[31munreachable\x1b[0m" in shown, repr(shown)
    assert "vole doctor: default: connecting" in shown, repr(shown)
    shown = _on_terminal(context, arguments, {"NO_COLOR": "1"})
    assert "unreachable" in shown and not _COLOUR.search(shown), repr(shown)
    report = examine(context, arguments).check(3)
    equal("standard error", report.errors, "")
