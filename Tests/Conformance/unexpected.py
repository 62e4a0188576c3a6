"""Requests that no client of Connect makes, and messages at the limit: each yields a name and what
is wrong, None if nothing is."""

import json
import struct
import threading
import time

from raw_client import SERVICE, envelopes
from server import MESSAGE_LIMIT

UNARY = {"content-type": "application/json", "connect-protocol-version": "1"}
STREAM = {"content-type": "application/connect+json", "connect-protocol-version": "1"}


def framed(text, flags=0):
    return struct.pack(">BI", flags, len(text)) + text


def unary_code(reply):
    """What a client makes of an answer that is no success."""
    if reply.headers.get("content-type") == "application/json" and reply.content:
        return json.loads(reply.content)["code"]
    inferred = {400: "internal", 401: "unauthenticated", 403: "permission_denied",
                404: "unimplemented", 429: "unavailable", 502: "unavailable",
                503: "unavailable", 504: "unavailable"}
    return inferred.get(reply.status_code, "unknown")


def stream_code(reply):
    """The code in the last envelope of a stream."""
    assert reply.status_code == 200, reply.status_code
    flags, text = envelopes(reply.content, False)[-1]
    assert flags == 2, flags
    return json.loads(text).get("error", {}).get("code")


def expect(found, wanted):
    assert found == wanted, f"{found} instead of {wanted}"


def unexpected_requests(http):
    """The suite's cases of this name, with JSON instead of protobuf."""
    def post(method, content, fields):
        return http.post(SERVICE + method, content=content, headers=fields)

    def refused(status, code, reply):
        expect((reply.status_code, unary_code(reply)), (status, code))

    yield "unexpected-content-type", lambda: refused(
        415, "unknown", post("Unary", b"12345678", {"content-type": "image/jpeg"}))
    yield "unexpected-codec", lambda: refused(
        415, "unknown", post("Unary", b"{}", UNARY | {"content-type": "application/foo"}))
    yield "unexpected-stream-type", lambda: refused(
        415, "unknown", post("ServerStream", framed(b"{}"), UNARY))
    yield "unexpected-verb", lambda: refused(
        405, "unknown", http.request("DELETE", SERVICE + "Unary", headers=UNARY))
    yield "unexpected-uri", lambda: refused(
        404, "unimplemented", http.post(
            "/connectrpc.conformance.v1.UnknownService/UnknownMethod", content=b"{}",
            headers=UNARY))
    yield "unexpected-compression", lambda: refused(
        501, "unimplemented", post("Unary", b"{}", UNARY | {"content-encoding": "foo"}))
    yield "empty-request", lambda: refused(400, "invalid_argument", post("Unary", b"", UNARY))
    for name, content, code in (
            ("no-request", b"", "unimplemented"),
            ("multiple-requests", framed(b"{}") * 2, "unimplemented"),
            ("unexpected-compressed-message", framed(b"{}", 1), "internal")):
        yield f"server-stream/{name}", lambda content=content, code=code: expect(
            stream_code(post("ServerStream", content, STREAM)), code)


def message_size(http):
    """Messages of the limit, and ten bytes more."""
    for more, wanted in ((0, None), (10, "resource_exhausted")):
        size = MESSAGE_LIMIT + more
        text = b'{"requestData":"%s"}' % (b"A" * (size - 18 - (size - 18) % 4))
        text += b" " * (size - len(text))
        name = "exceeds" if more else "equals"

        def unary(text=text, wanted=wanted):
            reply = http.post(SERVICE + "Unary", content=text, headers=UNARY)
            expect(reply.status_code, 429 if wanted else 200)
            if wanted:
                expect(unary_code(reply), wanted)

        def stream(text=text, wanted=wanted):
            reply = http.post(SERVICE + "ServerStream", content=framed(text), headers=STREAM)
            expect(stream_code(reply), wanted)

        yield f"unary/request-{name}-limit", unary
        yield f"server-stream/request-{name}-limit", stream


def waiting(make_http):
    """While calls wait for their answers, others get theirs."""
    def body():
        slow = json.dumps({"responseDefinition": {
            "responseDelayMs": 1_000, "responseData": "AAAA"}}).encode()
        statuses = []

        def wait():
            with make_http() as http:
                reply = http.post(SERVICE + "Unary", content=slow, headers=UNARY)
                statuses.append(reply.status_code)

        threads = [threading.Thread(target=wait) for _ in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(0.2)
        longest = 0.0
        with make_http() as http:
            for _ in range(20):
                begun = time.monotonic()
                http.post(SERVICE + "Unary", content=b"{}", headers=UNARY).raise_for_status()
                longest = max(longest, time.monotonic() - begun)
            assert not statuses, "the slow calls are over already"
        for thread in threads:
            thread.join()
        expect(statuses, [200] * 8)
        assert longest < 0.5, f"a call waited {longest:.3f} s"
    yield "slow-calls-hold-nobody-up", body
