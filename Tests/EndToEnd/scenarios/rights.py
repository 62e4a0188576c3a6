"""How an agent is let in, and what it says of what it may not do."""

import tempfile
from contextlib import contextmanager

from broker.sasl import Security
from broker.tls import Certificates
from harness.agent import configuration
from harness.clients import read_everything
from harness.context import CLUSTER, expect_full_windows, expect_lags, expect_verdict, probe
from harness.runner import scenario
from harness.waiting import equal, eventually

GROUP = "guarded"
TOPIC = "topic-guarded"
_ADMIN = {
    "security.protocol": "sasl_ssl", "sasl.mechanism": "PLAIN", "sasl.username": "admin",
    "sasl.password": "admin-secret"}


@contextmanager
def _guarded(context):
    """Brokers with TLS and SASL, a group that the admin is in, and nobody else with rights."""
    with tempfile.TemporaryDirectory() as directory:
        certificates = Certificates(directory)
        security = Security(
            certificates.server_context(), ["PLAIN", "SCRAM-SHA-256", "OAUTHBEARER"],
            {"admin": "admin-secret", "vole": "vole-secret"}, strict_nonce=False)
        admin = {**_ADMIN, "ssl.ca.location": certificates.authority}
        with context.own_brokers(security=security, properties=admin) as (world, feed):
            world.cluster.authorize(super_users=["User:admin"])
            world.create_topic(TOPIC)
            feed.add(TOPIC)
            with context.member(GROUP, [TOPIC], read_everything, world=world) as member:
                # An empty partition would be read without asking for a record of it.
                eventually("there are commits", lambda: member.check() or member.committed)
                yield world, feed, member


def _allow(world, principal="User:vole"):
    """What the documentation asks for to read the offsets topic."""
    world.cluster.allow(principal, "Read", "Topic", "__consumer_offsets")
    world.cluster.allow(principal, "Describe", "Topic", "topic-*")


_VOLE = {
    "sasl_mechanism": "PLAIN", "sasl_username": "vole", "sasl_password": "vole-secret"}


def _config(world, consumer=None, **properties):
    named = {name.replace("_", "."): value for name, value in properties.items()}
    return configuration(
        world, groups=[GROUP], cluster=CLUSTER, stale_after=4, properties=named, consumer=consumer)


def _is_right(agent, feed, member):
    # What an administrator has to grant is tried once a minute.
    agent.wait_until_ready(90)
    expect_full_windows(agent, GROUP)
    expect_verdict(agent, GROUP, "OK", None, 200)
    feed.remove(TOPIC)
    expect_lags(agent, member)


def _logs_in(mechanism):
    @scenario(f"TLS and {mechanism}: let in with the least rights, and right")
    def logs_in(context):
        with _guarded(context) as (world, feed, member):
            _allow(world)
            login = {**_VOLE, "sasl_mechanism": mechanism}
            with context.start(_config(world, **login)) as agent:
                _is_right(agent, feed, member)


for _mechanism in ("PLAIN", "SCRAM-SHA-256"):
    _logs_in(_mechanism)


@scenario("a wrong password: not ready, told once, and the probes of groups stay quiet")
def wrong_password(context):
    with _guarded(context) as (world, _, _):
        _allow(world)
        wrong = {**_VOLE, "sasl_password": "wrong"}
        with context.start(_config(world, **wrong)) as agent:
            def is_told():
                code, text = agent.probe("/readyz?verbose")
                assert code == 500 and "uthenti" in text, text
                return True

            eventually("the reason is told", is_told, 20)

            def passes():
                code, text = probe(agent, GROUP, "readyz")
                assert code == 200 and text.startswith(f"{GROUP} UNKNOWN: "), text
                return True

            eventually("the group's probe passes", passes, 5)


@scenario(
    "no right to read the offsets topic: told, and commits are fetched where that is allowed",
    is_long=True)
def no_right(context):
    with _guarded(context) as (world, feed, member):
        world.cluster.allow("User:vole", "Describe", "Topic", "*")
        with context.start(_config(world, **_VOLE)) as agent:
            def is_told():
                code, text = agent.probe("/readyz?verbose")
                assert code == 500 and "uthoriz" in text, text
                code, text = probe(agent, GROUP, "readyz")
                assert code == 200 and text.startswith(f"{GROUP} UNKNOWN: "), text
                return True

            eventually("the missing right is told", is_told, 30)
            world.cluster.allow("User:vole", "Describe", "Group", GROUP)
            _is_right(agent, feed, member)
            told = [line for line in agent.log if line["msg"].startswith("the offsets topic may")]
            equal("how often it is told", len(told), 1)


@scenario("source offsets-topic without the right: UNKNOWN and told, until it is granted")
def topic_only(context):
    with _guarded(context) as (world, feed, member):
        world.cluster.allow("User:vole", "Describe", "Topic", "*")
        with context.start(_config(world, {"source": "offsets-topic"}, **_VOLE)) as agent:
            def is_told():
                code, text = agent.probe("/readyz?verbose")
                assert code == 500 and "uthoriz" in text, text
                code, text = probe(agent, GROUP, "readyz")
                assert code == 200 and text.startswith(f"{GROUP} UNKNOWN: "), text
                return True

            eventually("the missing right is told", is_told, 30)
            _allow(world)
            _is_right(agent, feed, member)


@scenario("the right to see topics is taken away and given back: UNKNOWN, then as before")
def right_taken(context):
    with _guarded(context) as (world, feed, member):
        _allow(world)
        with context.start(_config(world, **_VOLE)) as agent:
            agent.wait_until_ready()
            expect_full_windows(agent, GROUP)
            world.cluster.revoke(principal="User:vole", name="topic-*")

            def is_unknown():
                code, text = probe(agent, GROUP, "readyz")
                assert code == 200 and text.startswith(f"{GROUP} UNKNOWN: "), text
                return True

            eventually("heads are too old", is_unknown, 30)
            _allow(world)
            _is_right(agent, feed, member)
