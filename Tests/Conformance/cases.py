"""The calls of Connect's conformance suite that apply to a server of JSON: what is asked, and what
has to come of it. Written anew after what each of its suites checks."""

from dataclasses import dataclass, field, replace

from messages import CODES, STATUSES, error, headers, message

DATA = b"test response"


@dataclass
class Case:
    """One call."""

    name: str
    request: object
    method: str = "Unary"
    headers: list = field(default_factory=list)
    timeout_ms: int | None = None
    use_get: bool = False
    # What is expected.
    data: list = field(default_factory=list)
    code: str | None = None
    message: str | None = None
    has_detail: bool = False
    response_headers: list = field(default_factory=list)
    response_trailers: list = field(default_factory=list)
    status: int | None = None

    @property
    def is_stream(self):
        return self.method == "ServerStream"


TWO_VALUES = headers(X_Conformance_Test=["Value1", "Value2"])
ONE_EACH = (headers(x_custom_header=["foo"]), headers(x_custom_trailer=["bing"]))
SEVERAL = (headers(x_custom_header=["foo", "bar", "baz"]),
           headers(x_custom_trailer=["bing", "quux"]))
NONE = ([], [])


def unary(name, metadata=NONE, data=DATA, failure=None, delay_ms=0, kind="UnaryRequest", **rest):
    """A unary call."""
    definition = message(
        "UnaryResponseDefinition", response_headers=metadata[0], response_trailers=metadata[1],
        response_delay_ms=delay_ms)
    expected = {"data": [data]}
    if failure is not None:
        definition.error.CopyFrom(failure)
        code = CODES[failure.code - 1]
        expected = {
            "code": code, "has_detail": True, "status": STATUSES[code],
            "message": failure.message if failure.HasField("message") else None}
    else:
        definition.response_data = data
        expected["status"] = 200
    return Case(
        name, message(kind, response_definition=definition), response_headers=metadata[0],
        response_trailers=metadata[1], **(expected | rest))


def stream(name, metadata=NONE, data=(), failure=None, delay_ms=0, **rest):
    """A server stream."""
    definition = message(
        "StreamResponseDefinition", response_headers=metadata[0], response_trailers=metadata[1],
        response_data=list(data), response_delay_ms=delay_ms)
    expected = {"data": list(data), "status": 200}
    if failure is not None:
        definition.error.CopyFrom(failure)
        expected |= {
            "code": CODES[failure.code - 1], "has_detail": not data,
            "message": failure.message if failure.HasField("message") else None}
    return Case(
        name, message("ServerStreamRequest", response_definition=definition),
        method="ServerStream", response_headers=metadata[0], response_trailers=metadata[1],
        **(expected | rest))


def basic():
    yield unary("unary/success", ONE_EACH, headers=TWO_VALUES)
    yield stream("server-stream/success", ONE_EACH, [DATA, DATA], headers=TWO_VALUES)
    yield stream("server-stream/no-responses", ONE_EACH, headers=TWO_VALUES)
    yield Case(
        "unimplemented", message("UnimplementedRequest"), method="Unimplemented",
        code="unimplemented", status=501)


def errors():
    spoken = "\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\n"
    for make, kind in ((unary, "unary"), (stream, "server-stream")):
        for code in CODES:
            yield make(f"{kind}/{code}", failure=error(code, code.replace("_", " ")))
        yield make(
            f"{kind}/error-with-metadata", ONE_EACH,
            failure=error("unauthenticated", "unauthenticated"))
        yield make(f"{kind}/unicode-error-message", failure=error("internal", spoken))
    failure = error("internal", "server stream failed")
    yield stream(
        "server-stream/error-with-responses", ONE_EACH, [DATA, DATA], failure, headers=TWO_VALUES)
    yield stream(
        "server-stream/error-with-no-responses", ONE_EACH, failure=failure, headers=TWO_VALUES)


def code_mapping():
    for code in CODES:
        yield unary(f"unary/{code}", failure=error(code))


def duplicate_metadata():
    yield unary("unary/success", SEVERAL, headers=TWO_VALUES)
    yield unary("unary/error", SEVERAL, failure=error("internal", "unary failed"),
                headers=TWO_VALUES)
    failure = error("internal", "server stream failed")
    yield stream("server-stream/success", SEVERAL, [DATA, DATA], headers=TWO_VALUES)
    yield stream("server-stream/no-response", SEVERAL)
    yield stream("server-stream/error-with-responses", SEVERAL, [DATA, DATA], failure,
                 headers=TWO_VALUES)
    yield stream("server-stream/error-with-no-responses", SEVERAL, failure=failure,
                 headers=TWO_VALUES)


def deadline_propagation():
    yield unary("unary/success", timeout_ms=2_000)
    yield stream("server-stream/success", data=[DATA, DATA], timeout_ms=2_000)


def timeouts():
    late = {"code": "deadline_exceeded", "data": []}
    yield replace(unary("unary", delay_ms=1_500, timeout_ms=200), status=504, **late)
    yield replace(
        stream("server-stream", data=[DATA, DATA], delay_ms=1_500, timeout_ms=200), **late)


def delays():
    """Not in the suite: what comes late comes all the same."""
    yield unary("unary", delay_ms=200)
    yield stream("server-stream", data=[DATA, DATA], delay_ms=100, timeout_ms=5_000)


def get():
    yield unary("success", ONE_EACH, kind="IdempotentUnaryRequest", method="IdempotentUnary",
                use_get=True, headers=TWO_VALUES)


SUITES = {
    "Basic": basic, "Errors": errors, "Connect to HTTP Code Mapping": code_mapping,
    "Duplicate Metadata": duplicate_metadata, "Deadline Propagation": deadline_propagation,
    "Timeouts": timeouts, "Connect with GET": get, "Delays": delays,
}
