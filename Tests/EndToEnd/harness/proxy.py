"""A Kafka proxy that can be switched off: brokers that come late, go away, or hang.

One listener stands before each broker. Brokers tell clients their own addresses in answers to
Metadata; the proxy puts its own there, so that a client never gets past it.
"""

import selectors
import socket
import struct
import threading

_METADATA = 3


def _uvarint(data, at):
    shift = value = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _put_uvarint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _skip_tags(data, at):
    count, at = _uvarint(data, at)
    for _ in range(count):
        _, at = _uvarint(data, at)
        size, at = _uvarint(data, at)
        at += size
    return at


def with_addresses(answer, version, replace):
    """Replaces the brokers' addresses in an answer to Metadata, given without its length.

    Kafka: `MetadataResponse.json`. `replace` gets a (host, port) and returns another.
    """
    flexible = version >= 9
    at = 4
    if flexible:
        at = _skip_tags(answer, at)
    if version >= 3:
        at += 4
    if flexible:
        count, begin = _uvarint(answer, at)
        out = answer[:begin]
        count, at = count - 1, begin
    else:
        count = struct.unpack_from(">i", answer, at)[0]
        at += 4
        out = answer[:at]
    for _ in range(count):
        node = answer[at:at + 4]
        at += 4
        if flexible:
            size, at = _uvarint(answer, at)
            size -= 1
        else:
            size = struct.unpack_from(">h", answer, at)[0]
            at += 2
        host = answer[at:at + size].decode()
        at += size
        port = struct.unpack_from(">i", answer, at)[0]
        at += 4
        host, port = replace((host, port))
        data = host.encode()
        head = _put_uvarint(len(data) + 1) if flexible else struct.pack(">h", len(data))
        out += node + head + data + struct.pack(">i", port)
        rest = at
        if version >= 1:
            if flexible:
                size, at = _uvarint(answer, at)
                at += max(0, size - 1)
            else:
                size = struct.unpack_from(">h", answer, at)[0]
                at += 2 + max(0, size)
        if flexible:
            at = _skip_tags(answer, at)
        out += answer[rest:at]
    return out + answer[at:]


class _Link:
    """One connection of a client and the broker's connection behind it."""

    def __init__(self, proxy, front, client, broker):
        self.proxy = proxy
        self.front = front
        self.client = client
        self.broker = broker
        # Versions of the Metadata requests under way, by correlation id.
        self.asked = {}
        for source, target, forward in (
            (client, broker, self._request), (broker, client, self._answer)
        ):
            threading.Thread(
                target=self._pump, args=(source, target, forward), daemon=True).start()

    def _request(self, frame):
        key, version, correlation = struct.unpack_from(">hhi", frame)
        if key == _METADATA:
            self.asked[correlation] = version
        return frame

    def _answer(self, frame):
        version = self.asked.pop(struct.unpack_from(">i", frame)[0], None)
        if version is None:
            return frame
        return with_addresses(frame, version, self.proxy.front_of)

    def _pump(self, source, target, forward):
        try:
            while True:
                size = struct.unpack(">i", self._exactly(source, 4))[0]
                frame = forward(self._exactly(source, size))
                self.proxy.flowing.wait()
                target.sendall(struct.pack(">i", len(frame)) + frame)
        except (OSError, EOFError):
            self.close()

    @staticmethod
    def _exactly(source, count):
        parts = bytearray()
        while len(parts) < count:
            part = source.recv(count - len(parts))
            if not part:
                raise EOFError
            parts += part
        return bytes(parts)

    def close(self):
        for one in (self.client, self.broker):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()
        self.proxy.links.discard(self)


class Proxy:
    """Stands before all brokers of a world; nothing listens until `open`."""

    def __init__(self, brokers):
        self.links = set()
        self.flowing = threading.Event()
        self.flowing.set()
        self._behind = {}
        self._fronts = {}
        self._holders = []
        self._listeners = selectors.DefaultSelector()
        self._lock = threading.Lock()
        for broker in brokers:
            # A bound socket that does not listen keeps the port and refuses connections.
            holder = self._bind(0)
            self._holders.append(holder)
            front = holder.getsockname()
            self._behind[front] = broker
            self._fronts[broker] = front
        self._ended = False
        threading.Thread(target=self._accept, daemon=True).start()

    @staticmethod
    def _bind(port):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        one.bind(("127.0.0.1", port))
        return one

    @property
    def brokers(self):
        """The addresses that clients are to be given."""
        return list(self._behind)

    def front_of(self, broker):
        """The address before a broker; a broker that came later keeps its own."""
        return self._fronts.get(broker, broker)

    def open(self, broker=None):
        """Begins to listen before a broker, or before all."""
        with self._lock:
            for front in self._fronts_of(broker):
                listener = self._bind(front[1])
                listener.listen(64)
                listener.setblocking(False)
                self._listeners.register(listener, selectors.EVENT_READ, front)

    def cut(self, broker=None):
        """Cuts every connection to a broker, or to all, and refuses new ones."""
        with self._lock:
            fronts = self._fronts_of(broker)
            for key in list(self._listeners.get_map().values()):
                if key.data in fronts:
                    self._listeners.unregister(key.fileobj)
                    key.fileobj.close()
            for link in list(self.links):
                if link.front in fronts:
                    link.close()

    def _fronts_of(self, broker):
        return [front for front, behind in self._behind.items() if broker in (None, behind)]

    def hang(self):
        """Keeps every connection, and lets nothing pass."""
        self.flowing.clear()

    def flow(self):
        """Lets everything pass again."""
        self.flowing.set()

    def close(self):
        self._ended = True
        self.cut()
        self.flow()
        for holder in self._holders:
            holder.close()

    def _accept(self):
        while not self._ended:
            for key, _ in self._listeners.select(0.1):
                try:
                    client, _ = key.fileobj.accept()
                except OSError:
                    continue
                client.setblocking(True)
                try:
                    broker = socket.create_connection(self._behind[key.data], timeout=10)
                except OSError:
                    client.close()
                    continue
                broker.settimeout(None)
                for one in (client, broker):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.links.add(_Link(self, key.data, client, broker))
