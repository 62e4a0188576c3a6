"""What a call came to, whoever made it, and how it is held against what was expected."""

from dataclasses import dataclass, field

from messages import CODES, message_class

# How much of its time a call may have lost when the server sees it.
TIMEOUT_GRACE_MS = 500


@dataclass
class Outcome:
    """What a client saw."""

    payloads: list = field(default_factory=list)
    code: str | None = None
    message: str = ""
    # (type, bytes) of each error detail.
    details: list = field(default_factory=list)
    headers: list = field(default_factory=list)
    trailers: list = field(default_factory=list)
    status: int | None = None


def values(pairs, name):
    """All values of a name; clients may join them by commas."""
    found = [value for key, value in pairs if key.lower() == name.lower()]
    return [part.strip() for value in found for part in value.split(",")]


def check_metadata(expected, actual, what):
    """Raises unless all expected headers are there in their order."""
    for header in expected:
        found = values(actual, header.name)
        assert found == list(header.value), (
            f"{what} {header.name}: {found} instead of {list(header.value)}")


def check_request_info(info, case):
    """Raises unless a request info repeats what was asked."""
    assert len(info.requests) == 1, f"{len(info.requests)} requests are repeated"
    repeated = type(case.request)()
    assert info.requests[0].Unpack(repeated), f"not a {case.request.DESCRIPTOR.name}"
    assert repeated == case.request, f"the request changed: {repeated} instead of {case.request}"
    seen = [(header.name, value) for header in info.request_headers for value in header.value]
    check_metadata(case.headers, seen, "request header")
    if case.timeout_ms is None:
        assert not info.HasField("timeout_ms"), f"a timeout of {info.timeout_ms} out of nothing"
    else:
        least = case.timeout_ms - TIMEOUT_GRACE_MS
        assert least <= info.timeout_ms <= case.timeout_ms, f"timeout {info.timeout_ms}"
    if case.use_get:
        query = [(item.name, value) for item in info.connect_get_info.query_params
                 for value in item.value]
        assert values(query, "encoding") == ["json"] and values(query, "connect") == ["v1"], query


def check(case, outcome):
    """Raises unless a call came to what its case says."""
    assert outcome.code == case.code, (
        f"code {outcome.code} ({outcome.message}) instead of {case.code}")
    if case.message is not None:
        assert outcome.message == case.message, f"message {outcome.message!r}"
    assert [payload.data for payload in outcome.payloads] == case.data, "other data"
    check_metadata(case.response_headers, outcome.headers, "response header")
    check_metadata(case.response_trailers, outcome.trailers, "response trailer")
    if case.status is not None and outcome.status is not None:
        assert outcome.status == case.status, f"status {outcome.status}"
    if outcome.payloads:
        check_request_info(outcome.payloads[0].request_info, case)
        for payload in outcome.payloads[1:]:
            assert not payload.HasField("request_info"), "the request is repeated once too often"
    if case.has_detail:
        assert len(outcome.details) == 1, f"{len(outcome.details)} details"
        name, binary = outcome.details[0]
        info = message_class("ConformancePayload.RequestInfo")()
        assert name == info.DESCRIPTOR.full_name, f"a detail of type {name}"
        info.ParseFromString(binary)
        check_request_info(info, case)
    else:
        assert not outcome.details, "a detail that nobody expects"
    assert outcome.code is None or outcome.code in CODES
