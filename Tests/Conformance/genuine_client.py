"""The calls made with connectrpc, the protocol's own client for Python."""

import pyqwest
from connectrpc.client import ConnectClientSync, ResponseMetadata
from connectrpc.compat import google_protobuf_json_codec
from connectrpc.compression.gzip import GzipCompression
from connectrpc.errors import ConnectError
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.request import Headers

from messages import PACKAGE, message_class
from outcome import Outcome


def method(name, request_name=None):
    """A method as the client knows it."""
    return MethodInfo(
        name=name, service_name=f"{PACKAGE}.ConformanceService",
        input=message_class(request_name or f"{name}Request"),
        output=message_class(f"{name}Response"),
        stream_type=StreamType.SERVER_STREAM if name == "ServerStream" else StreamType.UNARY,
        idempotency_level=(IdempotencyLevel.NO_SIDE_EFFECTS if name == "IdempotentUnary"
                           else IdempotencyLevel.UNKNOWN))


class GenuineClient:
    """Calls over one HTTP version."""

    def __init__(self, address, http_version, compression, certificate=None):
        version = pyqwest.HTTPVersion.HTTP2 if http_version == 2 else pyqwest.HTTPVersion.HTTP1
        self.transport = pyqwest.SyncHTTPTransport(
            http_version=version, tls_ca_cert=certificate)
        is_gzip = compression == "gzip"
        self.client = ConnectClientSync(
            address, codec=google_protobuf_json_codec(),
            accept_compression=[GzipCompression()] if is_gzip else [],
            send_compression=GzipCompression() if is_gzip else None,
            http_client=pyqwest.SyncClient(self.transport))

    def close(self):
        self.client.close()
        self.transport.close()

    def call(self, case):
        """Makes a call and says what the client saw."""
        fields = Headers([(h.name, v) for h in case.headers for v in h.value])
        outcome = Outcome()
        with ResponseMetadata() as metadata:
            try:
                if case.is_stream:
                    for response in self.client.execute_server_stream(
                            request=case.request, method=method(case.method), headers=fields,
                            timeout_ms=case.timeout_ms):
                        outcome.payloads.append(response.payload)
                else:
                    response = self.client.execute_unary(
                        request=case.request, method=method(case.method), headers=fields,
                        timeout_ms=case.timeout_ms, use_get=case.use_get)
                    outcome.payloads.append(response.payload)
            except ConnectError as error:
                outcome.code, outcome.message = error.code.value, error.message
                outcome.details = [(d.type_name, d.message_bytes) for d in error.details]
            outcome.status = metadata.http_status
            outcome.headers = list(metadata.headers.allitems())
            outcome.trailers = list(metadata.trailers.allitems())
        return outcome
