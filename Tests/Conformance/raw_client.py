"""A client on httpx that looks at every byte that Connect prescribes, stricter than clients are."""

import base64
import gzip
import json
import struct

from google.protobuf import json_format

from messages import CODES, PACKAGE, message_class
from outcome import Outcome

SERVICE = f"/{PACKAGE}.ConformanceService/"


class RawClient:
    """Calls over one HTTP client."""

    def __init__(self, http, compression):
        self.http = http
        self.gzip = compression == "gzip"

    def call(self, case):
        """Makes a call and takes what comes back apart."""
        if case.use_get:
            return self._get(case)
        return self._stream(case) if case.is_stream else self._unary(case)

    def _fields(self, case, kind):
        fields = [("content-type", kind), ("connect-protocol-version", "1")]
        if case.timeout_ms is not None:
            fields.append(("connect-timeout-ms", str(case.timeout_ms)))
        return fields + [(h.name, v) for h in case.headers for v in h.value]

    def _text(self, case):
        return json_format.MessageToJson(case.request, indent=None).encode()

    def _unary(self, case):
        text = self._text(case)
        fields = self._fields(case, "application/json")
        fields.append(("accept-encoding", "gzip" if self.gzip else "identity"))
        if self.gzip:
            fields.append(("content-encoding", "gzip"))
            text = gzip.compress(text)
        return self._unary_outcome(
            case, self.http.post(SERVICE + case.method, headers=fields, content=text))

    def _get(self, case):
        parameters = {
            "connect": "v1", "encoding": "json", "message": self._text(case).decode()}
        if self.gzip:
            packed = gzip.compress(self._text(case))
            parameters |= {
                "compression": "gzip", "base64": "1",
                "message": base64.urlsafe_b64encode(packed).decode().rstrip("=")}
        fields = self._fields(case, "")[1:]
        return self._unary_outcome(
            case, self.http.get(SERVICE + case.method, headers=fields, params=parameters))

    def _unary_outcome(self, case, reply):
        assert reply.headers["content-type"] == "application/json", reply.headers
        assert "trailer" not in reply.headers
        pairs = list(reply.headers.multi_items())
        outcome = Outcome(
            status=reply.status_code,
            headers=[(k, v) for k, v in pairs if not k.startswith("trailer-")],
            trailers=[(k[8:], v) for k, v in pairs if k.startswith("trailer-")])
        if reply.status_code == 200:
            outcome.payloads.append(self._payload(case, reply.content))
        else:
            take_error(outcome, json.loads(reply.content))
        return outcome

    def _payload(self, case, text):
        # Unknown fields are refused: nothing may be there that the schema does not have.
        response = message_class(f"{case.method}Response")()
        return json_format.Parse(text, response).payload

    def _stream(self, case):
        text, flags = self._text(case), 0
        fields = self._fields(case, "application/connect+json")
        fields.append(("connect-accept-encoding", "gzip" if self.gzip else "identity"))
        if self.gzip:
            fields.append(("connect-content-encoding", "gzip"))
            text, flags = gzip.compress(text), 1
        content = struct.pack(">BI", flags, len(text)) + text
        reply = self.http.post(SERVICE + case.method, headers=fields, content=content)
        assert reply.status_code == 200, reply.status_code
        assert reply.headers["content-type"] == "application/connect+json", reply.headers
        outcome = Outcome(status=200, headers=list(reply.headers.multi_items()))
        is_gzip = reply.headers.get("connect-content-encoding") == "gzip"
        *messages, (flags, end) = envelopes(reply.content, is_gzip)
        assert flags == 2, f"the last envelope has the flags {flags}"
        for flags, text in messages:
            assert flags == 0, f"an envelope with the flags {flags}"
            outcome.payloads.append(self._payload(case, text))
        end = json.loads(end)
        assert set(end) <= {"error", "metadata"}, end
        if "error" in end:
            take_error(outcome, end["error"])
        outcome.trailers = [
            (name, value) for name, found in end.get("metadata", {}).items() for value in found]
        return outcome


def envelopes(content, is_gzip):
    """The envelopes of a stream, without the flag of compression: (flags, text)."""
    found = []
    while content:
        assert len(content) >= 5, "half an envelope"
        flags, length = struct.unpack(">BI", content[:5])
        text, content = content[5:5 + length], content[5 + length:]
        assert len(text) == length, "half a message"
        if flags & 1:
            assert is_gzip, "compressed without an encoding"
            text = gzip.decompress(text)
        found.append((flags & ~1, text))
    return found


def take_error(outcome, error):
    """Checks an error object key by key."""
    assert set(error) <= {"code", "message", "details"}, f"keys {sorted(error)}"
    assert error["code"] in CODES, error["code"]
    outcome.code, outcome.message = error["code"], error.get("message", "")
    assert isinstance(outcome.message, str)
    for detail in error.get("details", []):
        assert {"type", "value"} <= set(detail) <= {"type", "value", "debug"}, detail
        assert "=" not in detail["value"] and "/" not in detail["type"]
        padded = detail["value"] + "=" * (-len(detail["value"]) % 4)
        outcome.details.append((detail["type"], base64.b64decode(padded, validate=True)))
