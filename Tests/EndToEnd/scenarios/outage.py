"""Brokers that come late, go away, or hang: the agent answers all the time, and recovers."""

import signal
import socket

import httpx

from harness.agent import ENDS_WITHIN, configuration
from harness.clients import read_everything
from harness.context import CLUSTER, expect_full_windows, expect_verdict, probe, status
from harness.proxy import Proxy
from harness.runner import CannotRun, scenario
from harness.waiting import always, equal, eventually

# Seconds that an agent may take to end when nobody waits for an answer.
ENDS_AT_ONCE = 2.0
# Seconds after which inputs are stale in these scenarios.
STALE_AFTER = 4


def _proxy(context):
    protocol = context.world.properties.get("security.protocol", "plaintext").lower()
    if "ssl" in protocol:
        raise CannotRun("a proxy cannot stand in a connection with TLS")
    return Proxy(context.world.brokers)


def _config(context, proxy, group, offset_refresh=1, stale_after=STALE_AFTER):
    return configuration(
        context.world, groups=[group], brokers=proxy.brokers, cluster=CLUSTER,
        stale_after=stale_after, offset_refresh=offset_refresh)


def _is_unknown(agent, group):
    code, text = probe(agent, group, "readyz")
    assert code == 200 and text.startswith(f"{group} UNKNOWN: "), text
    code, text = probe(agent, group, "livez")
    assert code == 200 and text.startswith(f"{group} UNKNOWN: "), text
    return text


def _outage_and_recovery(context, name, break_it, mend_it):
    group = context.group(name)
    topic = context.topic(name)
    proxy = _proxy(context)
    proxy.open()
    with (
        context.start(_config(context, proxy, group)) as agent,
        context.member(group, [topic], read_everything),
    ):
        agent.wait_until_ready()
        expect_full_windows(agent, group)
        expect_verdict(agent, group, "OK", None, 200)
        before = len(agent.log)
        break_it(proxy)
        reason = eventually("the group is UNKNOWN", lambda: _is_unknown(agent, group))
        for path in ("/readyz", "/livez", "/startupz"):
            equal(path, agent.probe(path), (200, "ok"))
        begin, end = "cluster cannot be asked", "cluster answers again"

        def told():
            return [line["msg"] for line in agent.log[before:] if line["msg"] in (begin, end)]

        equal("what the log is told of it", told(), [begin])
        mend_it(proxy)
        expect_verdict(agent, group, "OK", None, 200)
        # On a busy machine a look-up may come too late once more; each time is told once.
        after = told()
        equal("what the log is told in the end", after, [begin, end] * max(1, len(after) // 2))
    proxy.close()
    return reason.strip().partition(": ")[2]


@scenario("all connections cut: UNKNOWN, ready all the time, recovered by itself")
def cut(context):
    return _outage_and_recovery(context, "cut", Proxy.cut, Proxy.open)


@scenario("brokers that hang: UNKNOWN, ready all the time, recovered by itself")
def hang(context):
    return _outage_and_recovery(context, "hanging", Proxy.hang, Proxy.flow)


@scenario("a broker that is not there at the start: the agent answers, then becomes ready")
def late(context):
    group = context.group("late")
    topic = context.topic("late")
    proxy = _proxy(context)
    with (
        context.start(_config(context, proxy, group)) as agent,
        context.member(group, [topic], read_everything),
    ):
        for path in ("/livez", "/startupz"):
            equal(path, agent.probe(path), (200, "ok"))

        def is_not_ready_with_a_reason():
            code, text = agent.probe("/readyz")
            assert code == 500, text
            assert "[-]commits failed: " in text and text.endswith("readyz check failed\n"), text
            reason = text.partition("[-]commits failed: ")[2].partition("\n")[0]
            assert "broker" in reason.lower() or "transport" in reason.lower(), reason
            return reason

        reason = eventually("the reason is told", is_not_ready_with_a_reason, within=20)
        eventually("the group's probe passes", lambda: _is_unknown(agent, group), within=5)
        told = [line for line in agent.log if line["msg"] == "cluster cannot be asked"]
        assert len(told) == 1 and told[0]["level"] == "warn", told
        equal("/consumer/startupz", agent.probe("/consumer/startupz")[0], 200)
        proxy.open()
        agent.wait_until_ready(20)
        expect_verdict(agent, group, "OK", None, 200)
    proxy.close()
    return reason


@scenario("one broker of several goes away: the others' partitions are still judged")
def one_of_several(context):
    if len(context.world.brokers) < 2:
        raise CannotRun("the cluster has one broker")
    group = context.group("one-away")
    topic = context.topic("one-away")
    proxy = _proxy(context)
    proxy.open()
    # Asking for topics may take 5 s until the broker that is away is known to be.
    with (
        context.start(_config(context, proxy, group, stale_after=3 * STALE_AFTER)) as agent,
        context.member(group, [topic], read_everything),
    ):
        agent.wait_until_ready()
        expect_full_windows(agent, group)
        # Not the one that leads the group's partition of the offsets topic: without it nothing
        # can be said at all.
        world = context.world
        needed = world.leaders("__consumer_offsets")[world.offsets_partition(group)]
        others = [one for one in world.leaders(topic).values() if one != needed]
        away = (others or [one for one in world.brokers if one != needed])[0]
        proxy.cut(away)

        count = sum(one == away for one in world.leaders(topic).values())

        def others_are_judged():
            """Nothing is known of the heads that are away; nobody is blamed for that."""
            code, text = probe(agent, group, "readyz")
            assert code == 200 and text.startswith((
                f"{group} OK: ", f"{group} UNKNOWN: {count} of {world.partitions} partition",
            )), text
            seen = {
                one["partition"]: one["end"]["offset"]
                for one in status(agent, group, "lag")["partitions"]
            }
            assert len(seen) == world.partitions, seen
            return seen

        before = eventually("the others are judged", others_are_judged, within=30)
        always("the others are judged", others_are_judged, 4 * STALE_AFTER)
        after = others_are_judged()
        assert all(after[number] > before[number] for number in after), f"{before} {after}"
        proxy.open(away)
        expect_verdict(agent, group, "OK", None, 200)
    proxy.close()


def _ends(context, name, number, prepare, has_half=False):
    """Ends an agent that has idle connections, and maybe one in the middle of a request."""
    group = context.group(f"ends-{name}")
    proxy = _proxy(context)
    if prepare is not None:
        proxy.open()
    # With the usual 10 s between two looks, a look at a dead broker takes up to 5 s.
    agent = context.start(_config(context, proxy, group, offset_refresh=10))
    idle = socket.create_connection(("127.0.0.1", agent.port))
    idle.settimeout(5)
    idle.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
    assert idle.recv(4096).startswith(b"HTTP/1.1 200"), "no answer on the idle connection"
    new = socket.create_connection(("127.0.0.1", agent.port))
    # A client of HTTP/2 that does not read while it waits never sees that it is to go.
    client = httpx.Client(base_url=agent.base, http1=False, http2=True)
    if has_half:
        new.sendall(b"GET /livez HTT")
        equal("HTTP/2", client.get("/livez").text, "ok")
    if prepare is not None:
        agent.wait_until_ready()
        prepare(proxy)
    code, seconds = agent.end(number)
    equal("the exit code", code, 0)
    limit = ENDS_WITHIN if has_half else ENDS_AT_ONCE
    assert seconds <= limit, f"took {seconds:.1f} s to end, not {limit}"
    equal("the end of the idle connection", idle.recv(100), b"")
    idle.close()
    new.close()
    client.close()
    proxy.close()
    return f"{seconds:.2f} s"


_NUMBERS = {"SIGTERM": signal.SIGTERM, "SIGINT": signal.SIGINT}
for _signal in _NUMBERS:
    for _text, _prepare in (
        ("the brokers there", lambda proxy: None), ("no broker ever", None),
        ("brokers that went away", Proxy.cut), ("brokers that hang", Proxy.hang),
    ):
        @scenario(f"{_signal} with idle connections and {_text}: exit 0 at once")
        def ends(context, name=f"{_signal}-{_text}".replace(" ", "-"), number=_NUMBERS[_signal],
                 prepare=_prepare):
            return _ends(context, name, number, prepare)


@scenario("SIGTERM with a request that never ends and a deaf HTTP/2 client: exit 0 within 5 s")
def half_a_request(context):
    return _ends(context, "half", signal.SIGTERM, Proxy.hang, has_half=True)
