"""Attacks with raw frames at full burst, and a kubelet's probes beside them.

The Swift tests of the server have the whole matrix; here is what is expensive of it, against the
program that is shipped and with the time that a probe takes on the clock.
"""

import socket
import ssl
import statistics
import threading
import time
from pathlib import Path

from broker.tls import Certificates
from harness import frames
from harness.agent import configuration, toml
from harness.idle_connections import resident
from harness.runner import scenario
from harness.waiting import eventually

# Milliseconds in which a probe on a new connection is answered, in the middle of all probes.
ANSWERED_MS = 50
# Seconds that each attack goes on for.
ATTACK_TIME = 0.3
# Bytes that one client can make the agent keep.
KEPT_BYTES = 4_000_000
# Streams that one connection opens before the attacker makes a new one.
STREAMS = 500
# Says of a connection that a burst is stuck in it.
STUCK = -1

PROBE = (
    b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: kube-probe/1.34\r\nAccept: */*\r\n"
    b"Connection: close\r\n\r\n")
# Large and made anew for each asker: the worst that can be asked again and again.
LARGE = b"/metrics"


class Attack:
    """What an attacker sends: again and again, on new connections where the agent closes them."""

    def __init__(self, burst, opening=frames.OPENING, reads=True, connections=1, pause=0.0):
        # What is sent again and again; a list is sent once, one after the other.
        self.burst = burst
        self.opening = opening
        # Whether the attacker reads what comes back.
        self.reads = reads
        self.connections = connections
        # Seconds between two bursts of one connection.
        self.pause = pause


class Attacker:
    """The connections of an attack, in a thread of their own until `with` ends."""

    def __init__(self, attack, port):
        self._attack = attack
        self._port = port
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._open = [None] * attack.connections
        # Bursts that each connection has sent.
        self._sent = [0] * attack.connections
        self.bursts = 0
        self.failure = None

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._is_over.set()
        self._thread.join(10)
        for one in self._open:
            if one:
                one.close()

    def _run(self):
        try:
            while not self._is_over.is_set():
                before = self.bursts
                for place in range(len(self._open)):
                    self._attack_once(place)
                self._is_over.wait(self._attack.pause if self.bursts > before else 0.01)
        except Exception as error:  # told by the scenario
            self.failure = error

    def _attack_once(self, place):
        try:
            if self._open[place] is None:
                one = socket.create_connection(("127.0.0.1", self._port), 10)
                one.settimeout(0.05)
                self._open[place] = one
                self._sent[place] = 0
                one.sendall(self._attack.opening)
            burst = self._burst(self._sent[place])
            if burst is not None:
                self._open[place].sendall(burst)
                self._sent[place] += 1
                self.bursts += 1
            if self._attack.reads:
                self._read(self._open[place])
        except TimeoutError:
            # The agent has stopped reading, and half a burst more would be another attack.
            self._sent[place] = STUCK
        except OSError:
            self._close(place)

    def _burst(self, sent):
        """What comes after so many bursts; None for nothing more."""
        if sent == STUCK:
            return None
        if isinstance(self._attack.burst, bytes):
            return self._attack.burst
        return self._attack.burst[sent] if sent < len(self._attack.burst) else None

    def _read(self, connection):
        connection.setblocking(False)
        try:
            while connection.recv(1 << 20):
                pass
            raise ConnectionResetError
        except BlockingIOError:
            connection.settimeout(0.05)

    def _close(self, place):
        if self._open[place]:
            self._open[place].close()
        self._open[place] = None


def _streams(make, count=STREAMS, round=0):
    """Frames of so many streams, one after the other."""
    return b"".join(make(2 * number + 1) for number in range(round * count, (round + 1) * count))


def _post(stream, *more):
    return frames.request(stream, method=b"POST", ends=False, more=more)


def _content(stream, payload):
    return frames.frame(frames.DATA, frames.END_STREAM, stream, payload)


def _bomb(stream):
    """A header list of fifteen kilobytes that stands for many megabytes."""
    block = b"\x40" + frames.string(b"bomb") + frames.string(b"b" * 3_900) + b"\xbe" * 12_000
    return frames.frame(frames.HEADERS, frames.END_STREAM | frames.END_HEADERS, stream, block)


# After a burst of these the agent ends the connection, and the attacker makes a new one.
RESETS = {
    "rapid reset": Attack(_streams(lambda stream: frames.request(stream) + frames.reset(stream))),
    "MadeYouReset by windows": Attack(
        _streams(lambda stream: _post(stream) + frames.window(0x7FFF_FFFF, stream))),
    "MadeYouReset by content lengths": Attack(_streams(
        lambda stream: _post(stream, (b"content-length", b"5")) + _content(stream, b"abc"))),
    "MadeYouReset by too many streams": Attack(
        _streams(_post), opening=frames.PREFACE + frames.settings()),
    "CONTINUATION flood": Attack(
        frames.frame(frames.HEADERS, 0, 1, frames.literal(b":method", b"GET"))
        + 5_000 * frames.frame(frames.CONTINUATION, 0, 1, frames.literal(b"a", b"b"))),
    "header bombs": Attack(_bomb(1)),
    "header bombs on streams too many": Attack(
        _streams(_post, 100) + b"".join(_bomb(2 * number + 1) for number in range(100, 110)),
        opening=frames.PREFACE + frames.settings()),
}

PINGS = 10_000 * frames.frame(frames.PING, payload=bytes(8))
CHANGES = 5_000 * frames.settings((4, 100))
FLOODS = {
    "PINGs, read": Attack(PINGS), "PINGs, unread": Attack(PINGS, reads=False),
    "SETTINGS, read": Attack(CHANGES), "SETTINGS, unread": Attack(CHANGES, reads=False),
    "empty DATA": Attack(
        _post(1) + 20_000 * frames.frame(frames.DATA, 0, 1)),
    "requests without end": Attack(
        1_000 * b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", opening=b""),
}


def _large(round):
    """Requests on fifty streams more."""
    return _streams(lambda stream: frames.request(stream, LARGE), 50, round)


# One client that takes no answer.
UNREAD = {
    "HTTP/1.1 answers that nobody reads": Attack(
        1_000 * (b"GET " + LARGE + b" HTTP/1.1\r\nHost: x\r\n\r\n"), opening=b"", reads=False),
    "HTTP/2 answers that nobody reads": Attack(
        [frames.window(1_000_000) + _large(round) for round in range(40)], reads=False),
    "windows of nothing": Attack(
        [_large(round) for round in range(40)],
        opening=frames.PREFACE + frames.settings((4, 0)) + frames.frame(frames.SETTINGS, 1),
        reads=False),
}

# Many clients that take their time.
SLOW = {
    "slow heads": Attack(
        b"A: b\r\n", opening=b"GET / HTTP/1.1\r\nHost: x\r\n", connections=200, pause=0.05),
    "slow content": Attack(
        b"a", opening=b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n",
        connections=200, pause=0.05),
    "slow HTTP/2 content": Attack(
        frames.frame(frames.DATA, 0, 1, b"a"), opening=frames.OPENING + _post(1), connections=200,
        pause=0.05),
    "slow prefaces": Attack(b"", opening=frames.PREFACE[:3], connections=200, pause=0.05),
}


def _unverified():
    """What kubelet, which looks at no certificate, has of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _hello():
    """The first message of a TLS handshake."""
    written = ssl.MemoryBIO()
    try:
        _unverified().wrap_bio(ssl.MemoryBIO(), written).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return written.read()


def _handshakes():
    """Attacks on a listener with TLS: what a handshake costs, and clients that never end one."""
    hello = _hello()
    return {
        # The second message cannot be read, and the next handshake is on a new connection.
        "TLS handshakes begun and left": Attack(hello, opening=b""),
        "slow TLS handshakes": Attack(
            [hello[place:place + 1] for place in range(20, len(hello))], opening=hello[:20],
            connections=200, pause=0.05),
        "slow first records": Attack(b"", opening=hello[:3], connections=200, pause=0.05),
    }


def _probe(port, tls=None):
    """Milliseconds until a probe on a new connection is answered whole."""
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), 5) as plain:
        # As Go does: the request would else wait until the end of the handshake is acknowledged.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with tls.wrap_socket(plain) if tls else plain as connection:
            connection.sendall(PROBE)
            answer = b""
            while part := connection.recv(65_536):
                answer += part
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n"), answer
    return (time.monotonic() - begun) * 1000


def _bear(name, attack, agent, port=None, tls=None):
    """Lets an attack go on and probes beside it, on the plain listener unless another is named.

    Returns the milliseconds of the probe in the middle, and the agent's resident bytes at the end
    of the attack, while its connections are still open.
    """
    times = []
    with Attacker(attack, port or agent.port) as attacker:
        end = time.monotonic() + ATTACK_TIME
        while time.monotonic() < end or len(times) < 5 or not attacker.bursts:
            assert attacker.failure is None, f"{name}: {attacker.failure!r}"
            assert time.monotonic() < end + 10, f"{name}: {len(times)} probes, no end"
            times.append(_probe(port or agent.port, tls))
            time.sleep(0.005)
        kept = resident(agent.pid)[0]
    middle = statistics.median(times)
    assert middle <= ANSWERED_MS, f"{name}: {len(times)} probes took {middle:.1f} ms"
    return middle, kept


def _bear_all(attacks, refusals, context, sections="", tls=None):
    """The slowest middle of attacks, one after the other on one agent.

    They are on the last listener of its configuration. Its metrics say that each kind of refusal
    came of them.
    """
    config = configuration(context.world, groups=[context.group("never-committed")]) + sections
    with context.start(config) as agent:
        agent.wait_until_ready()
        addresses = agent.wait_for_log("listening")["addresses"].split()
        port = int(addresses[-1].rpartition(":")[2])
        slowest = max(
            (_bear(name, attack, agent, port, tls)[0], name) for name, attack in attacks.items())

        def refused():
            metrics = agent.get("/metrics").text
            for reason in refusals:
                assert f'vole_http_refused_total{{reason="{reason}"}}' in metrics, reason
            return True

        eventually("the attacks are counted", refused)
    return f"{len(attacks)} attacks; probes within {slowest[0]:.1f} ms ({slowest[1]})"


@scenario("attacks by streams and headers: probes are answered meanwhile", alone=True)
def resets(context):
    refusals = ("too_many_resets", "malformed_http2", "header_list_too_large")
    return _bear_all(RESETS, refusals, context)


@scenario("floods and slow clients: probes are answered meanwhile", alone=True)
def floods(context):
    refusals = ("too_many_queued_frames", "too_many_frames")
    return _bear_all({**FLOODS, **SLOW}, refusals, context)


@scenario("attacks by TLS handshakes: kubelet's HTTPS probes are answered meanwhile", alone=True)
def handshakes(context):
    directory = Path(context.directory) / "handshakes"
    directory.mkdir(exist_ok=True)
    certificates = Certificates(directory)
    sections = (
        '[httpserver.web]\naddress = "127.0.0.1:0"\ntls = "web"\n[tls.web]\n'
        f"certfile = {toml(str(certificates.certificate))}\n"
        f"keyfile = {toml(str(certificates.key))}\n")
    return _bear_all(_handshakes(), ("handshake_failed",), context, sections, _unverified())


@scenario("a client that reads nothing: probes are answered, and little is kept", alone=True)
def unread(context):
    config = configuration(context.world, groups=[context.group("never-committed")])
    notes = []
    with context.start(config) as agent:
        agent.wait_until_ready()
        # What is allocated once is there before the measurement.
        for path in (LARGE.decode(), "/livez"):
            agent.get(path)
        _bear("HTTP/2", FLOODS["PINGs, read"], agent)
        before = resident(agent.pid)[0]
        for name, attack in UNREAD.items():
            kept = _bear(name, attack, agent)[1] - before
            assert kept < KEPT_BYTES, f"{name}: {kept / 1e6:.1f} MB"
            notes.append(f"{kept / 1e6:.1f} MB")
    return ", ".join(notes)
