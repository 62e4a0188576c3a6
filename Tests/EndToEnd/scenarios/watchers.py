"""A thousand who watch: what they cost the agent, and how soon a change has reached them all."""

import json
import select
import socket
import time

import h2.config
import h2.connection
import h2.events

from harness.agent import configuration
from harness.clients import SimpleGroup
from harness.context import CLUSTER
from harness.proto import GROUPS
from harness.runner import scenario
from harness.waiting import equal, eventually

# Connections, and streams in each: as many as the agent allows.
CONNECTIONS, STREAMS = 10, 100
# What all of them may cost, in bytes, and within how many seconds a change reaches them.
COSTS, WITHIN = 24 << 20, 0.1
# Seconds without a byte after which what came is looked at; and a window that is never full.
QUIET, WINDOW = 0.3, 1 << 24


class _Connection:
    """An HTTP/2 connection full of streams that watch one group."""

    def __init__(self, port, group):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self._machine = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        self._machine.initiate_connection()
        # Nothing that the agent sends may have to wait for this client to make room.
        self._machine.increment_flow_control_window(WINDOW)
        message = json.dumps({"group": group}).encode()
        envelope = b"\0" + len(message).to_bytes(4, "big") + message
        for _ in range(STREAMS):
            stream = self._machine.get_next_available_stream_id()
            self._machine.send_headers(stream, [
                (":method", "POST"), (":scheme", "http"), (":authority", f"127.0.0.1:{port}"),
                (":path", f"/{GROUPS}/WatchGroupStatus"),
                ("content-type", "application/connect+json")])
            self._machine.send_data(stream, envelope, end_stream=True)
        self.socket.sendall(self._machine.data_to_send())
        # Bytes as they came and the time, until somebody takes them apart.
        self._raw = []
        # What of each stream makes no whole message yet.
        self._rest = {}
        # By stream: each verdict that differs from the one before, and when it came.
        self.told = {}

    def receive(self):
        """Keeps what is there."""
        data = self.socket.recv(1 << 20)
        assert data, "the agent closed a connection"
        self._raw.append((time.monotonic(), data))

    def take_apart(self):
        """Reads the messages in what was kept."""
        for when, data in self._raw:
            for event in self._machine.receive_data(data):
                if isinstance(event, h2.events.DataReceived):
                    self._take(event.stream_id, event.data, when)
                    self._machine.acknowledge_received_data(
                        event.flow_controlled_length, event.stream_id)
        self._raw.clear()
        self.socket.sendall(self._machine.data_to_send())

    def _take(self, stream, data, when):
        content = self._rest.get(stream, b"") + data
        told = self.told.setdefault(stream, [])
        while len(content) >= 5:
            length = int.from_bytes(content[1:5], "big")
            if len(content) < 5 + length:
                break
            message, content = content[5:5 + length], content[5 + length:]
            verdict = json.loads(message)["status"]["verdict"]
            # A window that fills is told as well.
            if not told or told[-1][0] != verdict:
                told.append((verdict, when))
        self._rest[stream] = content


def _read(connections, verdicts, within):
    """Reads until every stream was told these verdicts; gives the seconds from the first that was
    told the last of them to the last that was.

    Bytes are only kept as they come, and taken apart when no more do: otherwise the time that
    this program needs for a thousand messages would be measured.
    """
    deadline = time.monotonic() + within
    by_socket = {each.socket: each for each in connections}
    while True:
        ready, _, _ = select.select(list(by_socket), [], [], QUIET)
        for one in ready:
            by_socket[one].receive()
        assert time.monotonic() < deadline, "the watchers were not told"
        if ready:
            continue
        for each in connections:
            each.take_apart()
        told = [stream for each in connections for stream in each.told.values()]
        if len(told) == CONNECTIONS * STREAMS and all(len(one) == len(verdicts) for one in told):
            equal("what was told", {tuple(one[0] for one in each) for each in told}, {verdicts})
            times = [one[-1][1] for one in told]
            return max(times) - min(times)


def _resident(pid):
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[1]) * 4096


@scenario("a thousand watchers cost less than 24 MB, and a change reaches all within 100 ms",
          alone=True)
def thousand(context):
    group = context.group(f"watched-by-many-{time.time_ns()}")
    topic = context.world.create_topic("topic-watchers")
    one = SimpleGroup(context.world, group)
    with context.start(configuration(context.world, groups=[group], cluster=CLUSTER)) as agent:
        agent.wait_until_ready()
        before = _resident(agent.pid)
        connections = [_Connection(agent.port, group) for _ in range(CONNECTIONS)]

        _read(connections, ("UNKNOWN",), 20)
        costs = _resident(agent.pid) - before
        one.commit({(topic, 0): 0})
        spread = _read(connections, ("UNKNOWN", "OK"), 30)
        for each in connections:
            each.socket.close()
        eventually(
            "the streams are gone",
            lambda: "\nvole_rpc_open_streams 0\n" in agent.get("/metrics").text, 10)
        if context.is_release:
            assert costs < COSTS, f"they cost {costs / 1e6:.1f} MB"
            assert spread < WITHIN, f"the change took {spread * 1000:.0f} ms"
    one.close()
    return f"{costs / 1e6:.1f} MB, {spread * 1000:.0f} ms from the first to the last"
