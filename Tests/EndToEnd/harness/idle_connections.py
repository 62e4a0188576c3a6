"""Connections that are opened, used once and then left idle, and what they cost a server."""

import socket
import ssl
from contextlib import contextmanager
from pathlib import Path

import h2.config
import h2.connection
import h2.events

# Kinds of connections: name, whether encrypted, whether HTTP/2.
KINDS = (
    ("HTTP/1.1", False, False), ("HTTP/2", False, True),
    ("HTTP/1.1 over TLS", True, False), ("HTTP/2 over TLS", True, True))


def resident(pid):
    """Resident and private memory of a process, in bytes."""
    found = {"Rss": 0, "Private_Dirty": 0}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in found:
            found[name] = int(rest.split()[0]) * 1024
    return found["Rss"], found["Private_Dirty"]


def _trust(is_http2):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2" if is_http2 else "http/1.1"])
    return context


def _ask_http1(connection):
    connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = b""
    while not answer.endswith(b"\r\n\r\nok"):
        part = connection.recv(65_536)
        assert part, f"the connection ended: {answer}"
        answer += part


def _ask_http2(connection):
    machine = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
    machine.initiate_connection()
    machine.send_headers(1, [
        (":method", "GET"), (":path", "/livez"), (":scheme", "http"), (":authority", "x")], True)
    connection.sendall(machine.data_to_send())
    is_ended = is_acknowledged = False
    while not (is_ended and is_acknowledged):
        part = connection.recv(65_536)
        assert part, "the connection ended"
        for event in machine.receive_data(part):
            is_ended = is_ended or isinstance(event, h2.events.StreamEnded)
            # The server's settings are acknowledged by what is sent next.
            if isinstance(event, h2.events.RemoteSettingsChanged):
                is_acknowledged = True
        data = machine.data_to_send()
        if data:
            connection.sendall(data)


@contextmanager
def idle(port, count, is_encrypted, is_http2):
    """Holds connections that have each been answered once."""
    context = _trust(is_http2) if is_encrypted else None
    connections = []
    try:
        for _ in range(count):
            one = socket.create_connection(("127.0.0.1", port), 10)
            if context:
                one = context.wrap_socket(one, server_hostname="vole")
            connections.append(one)
            (_ask_http2 if is_http2 else _ask_http1)(one)
        yield
    finally:
        for one in connections:
            one.close()
