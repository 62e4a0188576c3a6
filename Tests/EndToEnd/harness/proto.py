"""The messages of `proto-json/`, compiled by protoc, and a client of the RPC interface."""

import tempfile
from functools import cache
from pathlib import Path

from connectrpc.client import ConnectClientSync
from connectrpc.compat import google_protobuf_json_codec
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_tools import protoc
from pyqwest import HTTPVersion, SyncClient, SyncHTTPTransport

ROOT = Path(__file__).resolve().parents[3] / "proto-json"
GROUPS = "vole.v1.ConsumerGroupService"
HEALTH = "grpc.health.v1.Health"
_WELL_KNOWN = Path(protoc.__file__).with_name("_proto")


class Schema:
    """The schema as protoc reads it; a warning of protoc fails."""

    def __init__(self):
        files = sorted(str(one.relative_to(ROOT)) for one in ROOT.rglob("*.proto"))
        with tempfile.TemporaryDirectory() as directory:
            out = Path(directory) / "set"
            code = protoc.main([
                "protoc", f"-I{ROOT}", f"-I{_WELL_KNOWN}", "--fatal_warnings", "--include_imports",
                "--include_source_info", f"--descriptor_set_out={out}", *files])
            assert code == 0, "protoc refuses the schema"
            self.files = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())
        self._pool = descriptor_pool.DescriptorPool()
        for one in self.files.file:
            self._pool.Add(one)

    def message(self, name):
        """The class of a message by its full name."""
        return message_factory.GetMessageClass(self._pool.FindMessageTypeByName(name))

    def method(self, service, name):
        """What connectrpc needs to know of a method."""
        found = self._pool.FindServiceByName(service).methods_by_name[name]
        has_effects = found.GetOptions().idempotency_level != (
            descriptor_pb2.MethodOptions.NO_SIDE_EFFECTS)
        return MethodInfo(
            name=name, service_name=service,
            input=message_factory.GetMessageClass(found.input_type),
            output=message_factory.GetMessageClass(found.output_type),
            idempotency_level=(
                IdempotencyLevel.UNKNOWN if has_effects else IdempotencyLevel.NO_SIDE_EFFECTS),
            stream_type=(
                StreamType.SERVER_STREAM if found.server_streaming else StreamType.UNARY))


@cache
def schema():
    """The schema, compiled once."""
    return Schema()


class RPC:
    """A client of connectrpc, which speaks what the generated ones do."""

    def __init__(self, agent, is_http2=False, token=None, base=None, tls=None, **options):
        """`base` is where else the agent is asked, `tls` what the transport is told of it."""
        version = HTTPVersion.HTTP2 if is_http2 else HTTPVersion.HTTP1
        transport = SyncHTTPTransport(http_version=version, **(tls or {}))
        self._client = ConnectClientSync(
            base or agent.base, codec=google_protobuf_json_codec(),
            http_client=SyncClient(transport), **options)
        self._headers = {"authorization": f"Bearer {token}"} if token else None

    def call(self, name, service=GROUPS, /, use_get=False, timeout_ms=None, **fields):
        """Calls a unary method; the fields are those of its request."""
        method = schema().method(service, name)
        return self._client.execute_unary(
            request=method.input(**fields), method=method, headers=self._headers,
            use_get=use_get, timeout_ms=timeout_ms)

    def watch(self, name, service=GROUPS, /, timeout_ms=None, **fields):
        """Begins a stream; gives its messages."""
        method = schema().method(service, name)
        return self._client.execute_server_stream(
            request=method.input(**fields), method=method, headers=self._headers,
            timeout_ms=timeout_ms)
