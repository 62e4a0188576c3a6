"""A broker's listener: connections, frames, authentication, delays, and the order of answers."""

import asyncio
import socket
import traceback

from . import sasl, wire
from .errors import Error

_BACKLOG = 256


class Session:
    """A client's connection, as those who answer its requests see it."""

    def __init__(self, state, node, coordinators, peer):
        self.state = state
        self.node = node
        self.groups = coordinators.groups
        self.transactions = coordinators.transactions
        # As brokers write a client's address into the metadata of a group.
        self.host = f"/{peer}"
        self.principal = "User:ANONYMOUS"
        self.client = ""
        self.version = 0
        self.api = ""

    def allowed(self, operation, resource, name="kafka-cluster"):
        """Whether the client may do something."""
        return self.state.acls.allow(self.principal, operation, resource, name)

    def fault(self, **where):
        """The error that a test wants here: topic, partition, group."""
        return self.state.faults.error(self.api, self.node.id, self.client, **where)


class Broker:
    """One broker of a cluster: listens, and answers each connection's requests in their order."""

    def __init__(self, state, node, coordinators):
        self._state = state
        self._node = node
        self._coordinators = coordinators
        self._server = None
        self._tasks = set()
        # Keeps the port while the broker is down: bound, but nobody listens.
        self._reserved = _bound(node.host, 0)
        node.port = self._reserved.getsockname()[1]

    async def start(self):
        listener = _bound(self._node.host, self._node.port)
        security = self._state.security
        self._server = await asyncio.start_server(
            self._accept, sock=listener, backlog=_BACKLOG, limit=1 << 20,
            ssl=security.context if security else None)
        self._node.is_up = True

    async def stop(self):
        """Closes the listener and every connection."""
        self._node.is_up = False
        if self._server is not None:
            self._server.close()
            self._server = None
        self.disconnect()

    def disconnect(self):
        """Closes every connection."""
        for task in list(self._tasks):
            task.cancel()

    def close(self):
        self._reserved.close()

    async def _accept(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        except Exception:  # a mistake of this fixture: told by the `failures` command
            self._state.failures.append(traceback.format_exc())
        finally:
            self._tasks.discard(task)
            # Whatever has not been sent must not keep the connection.
            writer.transport.abort()

    async def _serve(self, reader, writer):
        peer = writer.get_extra_info("peername")[0]
        session = Session(self._state, self._node, self._coordinators, peer)
        security = self._state.security
        login = sasl.Login(security) if security and security.mechanisms else None
        while True:
            size = int.from_bytes(await reader.readexactly(4), "big")
            frame = await reader.readexactly(size)
            if login is not None and not login.is_done:
                answer = login.answer(frame, self._supported(0))
                if answer is None:
                    return
                session.principal = login.principal
            else:
                answer = await self._answer(session, frame)
                if answer is None:
                    return
                self._state.counters.count(
                    session.client, session.api, size + 4, len(answer))
            writer.write(answer)
            await writer.drain()

    async def _answer(self, session, frame):
        """The answer to a request, empty when none is due; None for what closes a connection."""
        try:
            header, begin = wire.decode_header(frame)
        except KeyError:
            return None
        api = wire.APIS[header.request_api_key]
        version = header.request_api_version
        session.api, session.version = api.name, version
        session.client = header.client_id or ""
        versions = self._state.versions_of(self._node.id, api.name, wire.VERSIONS)
        if api.key == wire.API_VERSIONS and not versions[0] <= version <= versions[1]:
            # The one request that a broker answers in a version that it does not know.
            return wire.encode(self._supported(Error.UNSUPPORTED_VERSION), 0, header.correlation_id)
        if versions is None or not versions[0] <= version <= versions[1]:
            return None
        request = api.request.decode(frame[begin:], version=version)
        delay = self._state.faults.delay(api.name, self._node.id, session.client)
        if delay:
            await asyncio.sleep(delay)
        if self._state.faults.closes(api.name, self._node.id, session.client):
            return None
        if api.key == wire.API_VERSIONS:
            response = self._supported(0)
        else:
            response = await api.answer(session, request)
        if response is None:
            return b""
        return wire.encode(response, version, header.correlation_id)

    def _supported(self, error):
        response = wire.APIS[wire.API_VERSIONS].response
        keys = []
        for key, api in sorted(wire.APIS.items()):
            versions = self._state.versions_of(self._node.id, api.name, wire.VERSIONS)
            if versions is not None:
                keys.append(response.ApiVersion(
                    api_key=key, min_version=versions[0], max_version=versions[1]))
        return response(error_code=error, api_keys=keys, throttle_time_ms=0)


def _bound(host, port):
    """A socket that has a port and does not listen; several may have the same one."""
    one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    one.bind((host, port))
    one.setblocking(False)
    return one
