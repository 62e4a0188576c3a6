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
from harness.waiting import eventually

# Connections, and streams in each: as many as the agent allows.
CONNECTIONS, STREAMS = 10, 100
# What all of them may cost, in bytes, and within how many seconds a change reaches them.
COSTS, WITHIN = 24 << 20, 0.1


class _Connection:
    """An HTTP/2 connection full of streams that watch one group."""

    def __init__(self, port, group):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self._machine = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        self._machine.initiate_connection()
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
        # The raw content by stream.
        self.content = {}

    def take(self):
        """Reads what is there; false when the agent has closed the connection."""
        data = self.socket.recv(1 << 20)
        if not data:
            return False
        for event in self._machine.receive_data(data):
            if isinstance(event, h2.events.DataReceived):
                self.content[event.stream_id] = self.content.get(event.stream_id, b"") + event.data
                self._machine.acknowledge_received_data(
                    event.flow_controlled_length, event.stream_id)
        self.socket.sendall(self._machine.data_to_send())
        return True

    def verdicts(self):
        """The verdicts that each stream was told."""
        return [self._verdicts(content) for content in self.content.values()]

    @staticmethod
    def _verdicts(content):
        found = []
        while len(content) >= 5:
            length = int.from_bytes(content[1:5], "big")
            if len(content) < 5 + length:
                break
            message, content = content[5:5 + length], content[5 + length:]
            verdict = json.loads(message)["status"]["verdict"]
            # A window that fills is told as well.
            if found[-1:] != [verdict]:
                found.append(verdict)
        return found


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

        def told(verdicts):
            return all(len(each.content) == STREAMS and
                       all(found == verdicts for found in each.verdicts())
                       for each in connections)

        def read(until, verdict, within):
            """Reads until all is there; gives the seconds from the first one told to the last."""
            first = now = time.monotonic()
            deadline = time.monotonic() + within
            while not until():
                ready, _, _ = select.select(
                    [each.socket for each in connections], [], [], deadline - time.monotonic())
                now = time.monotonic()
                assert ready and now < deadline, "the watchers were not told"
                if not any(verdict == found[-1:] for each in connections
                           for found in each.verdicts()):
                    first = now
                for each in connections:
                    if each.socket in ready:
                        assert each.take(), "the agent closed a connection"
            return now - first

        read(lambda: told(["UNKNOWN"]), ["UNKNOWN"], 20)
        costs = _resident(agent.pid) - before
        one.commit({(topic, 0): 0})
        spread = read(lambda: told(["UNKNOWN", "OK"]), ["OK"], 30)
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
