"""Another configuration while the agent runs: mounted files, SIGHUP, credentials that rotate."""

import signal
import time
from contextlib import contextmanager
from pathlib import Path

from broker.sasl import Security
from harness.agent import configuration, toml
from harness.clients import read_everything, stand_still
from harness.context import CLUSTER, expect_full_windows, expect_verdict, probe, status
from harness.mount import Mount
from harness.runner import CannotRun, scenario
from harness.waiting import always, equal, eventually

# Seconds within which a change of a mounted file must be noticed.
NOTICED_WITHIN = 5


def _directory(context, name):
    return Path(context.directory) / f"{name}-{time.monotonic_ns()}"


def _neighbour(context, group, text):
    """The name of another group in the same partition of the offsets topic."""
    for number in range(10_000):
        name = context.group(f"{text}-{number}")
        if context.world.offsets_partition(name) == context.world.offsets_partition(group):
            return name
    raise CannotRun("no group lies in the same partition of the offsets topic")


def _config(context, groups):
    return configuration(context.world, groups=groups, cluster=CLUSTER)


def _metrics(agent):
    """The values of `/metrics` by name and labels."""
    lines = agent.get("/metrics").text.splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))


def _is_ok(agent, group):
    code, text = probe(agent, group, "readyz")
    assert code == 200 and text.startswith(f"{group} OK: "), f"{code} {text}"
    return True


def _told(agent, message, count=1):
    """Waits until the log has said something a number of times."""
    def check():
        return sum(line["msg"] == message for line in agent.log) >= count

    eventually(f"the log says {message!r}", check, NOTICED_WITHIN)


@contextmanager
def _watched(context, name):
    """An agent on a mounted file, a group that it watches and one beside that it does not."""
    staying = context.group(f"{name}-staying")
    beside = _neighbour(context, staying, f"{name}-beside")
    topic = context.topic(name)
    context.world.uses(beside)
    mount = Mount(_directory(context, name), **{"vole.toml": _config(context, [staying])})
    with (
        context.member(staying, [topic], read_everything),
        context.member(beside, [topic], stand_still),
        context.start(arguments=["--config", mount.path("vole.toml")]) as agent,
    ):
        agent.wait_until_ready()
        expect_full_windows(agent, staying)
        expect_verdict(agent, staying, "OK", None, 200)
        yield agent, mount, staying, beside


@scenario("a mounted configuration names a group more: read from the start, the others stay OK")
def grows_and_shrinks(context):
    with _watched(context, "mounted") as (agent, mount, staying, beside):
        equal("readyz of a group that is not watched", probe(agent, beside, "readyz")[0], 404)
        mount.replace(**{"vole.toml": _config(context, [staying, beside])})
        _told(agent, "configuration reloaded")
        begun = time.monotonic()
        eventually(
            "the added group has a verdict",
            lambda: _is_ok(agent, staying) and status(agent, beside)["status"] == "ERR", 10)
        seconds = time.monotonic() - begun
        expect_verdict(agent, beside, "ERR", {"STALL"}, 503)
        _told(agent, "commits of added groups were read")
        always("the group that stays is OK", lambda: _is_ok(agent, staying), 3)

        mount.replace(**{"vole.toml": _config(context, [staying])})
        _told(agent, "configuration reloaded", 2)
        for name in ("readyz", "livez"):
            equal(
                f"{name} of the removed group", probe(agent, beside, name),
                (200, f"{beside} UNKNOWN: this group was removed by a reload\n"))
        always("the group that stays is OK", lambda: _is_ok(agent, staying), 3)
        return f"judged {seconds:.1f} s after the reload"


@scenario("a wrong configuration: told line by line, counted, and the old one stays")
def wrong(context):
    with _watched(context, "wrong-file") as (agent, mount, staying, _):
        right = _config(context, [staying])
        mount.replace(**{"vole.toml": right.replace("offset-refresh", "offset-refrsh")})
        _told(agent, "configuration refused")
        told = [line for line in agent.log if line["msg"] == "configuration refused"]
        line = right[:right.index("offset-refresh")].count("\n") + 1
        assert len(told) == 1 and told[0]["problem"].startswith(
            f"{mount.path('vole.toml')}:{line}: cluster.{CLUSTER}.offset-refrsh: unknown key"), told
        found = _metrics(agent)
        equal("last reload", found["vole_config_last_reload_successful"], "0")
        equal("failures", found['vole_config_reloads_total{result="failure"}'], "1")
        code, text = agent.probe("/readyz?verbose")
        assert code == 200 and "[+]configuration ok: " in text and "refused" in text, text
        expect_verdict(agent, staying, "OK", None, 200)
        mount.replace(**{"vole.toml": right})
        _told(agent, "configuration reloaded: nothing has changed")
        equal("last reload", _metrics(agent)["vole_config_last_reload_successful"], "1")


@scenario("a file that is written in place, and SIGHUP")
def in_place(context):
    group = context.group("in-place")
    topic = context.topic("in-place")
    path = _directory(context, "in-place").with_suffix(".toml")
    config = _config(context, [group])
    path.write_text(config)
    with (
        context.start(arguments=["--config", str(path)]) as agent,
        context.member(group, [topic], read_everything),
    ):
        agent.wait_until_ready()
        path.write_text(config + '[logging]\nlevel = "warn"\n')
        _told(agent, "configuration changed")
        told = [line["change"] for line in agent.log if line["msg"] == "configuration changed"]
        equal("what has changed", told, ['logging.level: "info" -> "warn"'])
        expect_verdict(agent, group, "OK", None, 200)
        count = len(agent.log)
        for number in (2, 3):
            agent.send(signal.SIGHUP)
            eventually(
                "the reload is counted",
                lambda: _metrics(agent)['vole_config_reloads_total{result="success"}']
                == str(number), NOTICED_WITHIN)
        equal("what is told at level warn", agent.log[count:], [])


@scenario("other credentials in a mounted Secret: new connections, and no verdict is lost")
def rotation(context):
    security = Security(None, ["PLAIN"], {"admin": "admin", "one": "swordfish", "two": "halibut"})
    admin = {
        "security.protocol": "sasl_plaintext", "sasl.mechanism": "PLAIN",
        "sasl.username": "admin", "sasl.password": "admin"}
    mount = Mount(_directory(context, "secret"), user="one\n", password="swordfish\n")
    with context.own_brokers(security=security, properties=admin) as (world, feed):
        world.cluster.authorize(super_users=["User:admin"])
        for user in ("one", "two"):
            world.cluster.allow(f"User:{user}", "Read", "Topic", "__consumer_offsets")
            world.cluster.allow(f"User:{user}", "Describe", "Topic", "*")
        topic = world.create_topic("topic-rotation")
        feed.add(topic)
        config = f"""\
[client-profile.p]
sasl = "s"
[sasl.s]
username-file = {toml(mount.path("user"))}
password-file = {toml(mount.path("password"))}
[cluster.{CLUSTER}]
servers = {toml(world.bootstrap.split(","))}
client-profile = "p"
offset-refresh = 1
[consumer.{CLUSTER}]
client-profile = "p"
groups = ["rotation"]
[storage.s]
intervals = 6
[probe]
stale-after = 4
gate-timeout = 1
readiness-after-gate = "verdict"
[httpserver.h]
address = "127.0.0.1:0"
"""
        with (
            context.start(config) as agent,
            context.member("rotation", [topic], read_everything, world=world),
        ):
            agent.wait_until_ready()
            expect_full_windows(agent, "rotation")
            expect_verdict(agent, "rotation", "OK", None, 200)
            mount.replace(user="two\n", password="halibut\n")
            _told(agent, "connecting anew")
            # The old login is of no use any more, neither for a new connection nor for an old one.
            world.cluster.revoke(principal="User:one")
            world.cluster.set_user("one", "changed")
            for broker in range(1, len(world.brokers) + 1):
                world.cluster.disconnect(broker)
            always("the group is OK", lambda: _is_ok(agent, "rotation"), 8)
            told = [line for line in agent.log if line["msg"] == "reading commits"]
            equal("how often the topic was read from the start", len(told), 1)
            text = "\n".join(str(line) for line in agent.log)
            for secret in ("swordfish", "halibut"):
                assert secret not in text, "the log holds a secret"


@scenario("a dead cluster is added and removed, its name in another case: the other one stays OK")
def clusters(context):
    group = context.group("two-clusters")
    topic = context.topic("two-clusters")
    alone = _config(context, [group])
    other = CLUSTER.upper()
    both = alone + f"""\
[cluster.{other}]
servers = ["127.0.0.1:1"]
[consumer.{other}]
cluster = "{other}"
groups = {toml([group])}
"""
    mount = Mount(_directory(context, "clusters"), **{"vole.toml": alone})
    with (
        context.member(group, [topic], read_everything),
        context.start(arguments=["--config", mount.path("vole.toml")]) as agent,
    ):
        agent.wait_until_ready()
        expect_full_windows(agent, group)
        mount.replace(**{"vole.toml": both})
        _told(agent, "configuration reloaded")

        def each_for_itself():
            code, text = probe(agent, group, "readyz")
            lines = text.splitlines()
            assert code == 200 and len(lines) == 2, text
            assert lines[0].startswith(f"{CLUSTER}/{group} OK: "), text
            assert lines[1].startswith(f"{other}/{group} UNKNOWN: cluster {other}: "), text
            equal("the agent's own readiness", agent.probe("/readyz"), (200, "ok"))
            return True

        eventually("the other cluster is told as dead", each_for_itself, 20)
        always("each cluster for itself", each_for_itself, 4)
        equal("/v3 of the dead one", agent.get(
            f"/v3/kafka/{other}/consumer/{group}/status").status_code, 404)
        equal("/v3 of the other", status(agent, group)["status"], "OK")
        mount.replace(**{"vole.toml": alone})
        _told(agent, "configuration reloaded", 2)
        code, text = probe(agent, group, "readyz")
        assert code == 200 and text.startswith(f"{group} OK: "), text
