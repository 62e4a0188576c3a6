"""The messages of connectrpc.conformance.v1 that a server of JSON has to do with, as protobuf
classes. Their descriptors are made here, so that no compiler of protobuf is needed."""

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "connectrpc.conformance.v1"

_TYPES = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "string": _TYPES.TYPE_STRING, "bytes": _TYPES.TYPE_BYTES, "bool": _TYPES.TYPE_BOOL,
    "uint32": _TYPES.TYPE_UINT32, "int64": _TYPES.TYPE_INT64,
}

# name = number: kind; "*" repeats, "?" has presence, "|" belongs to the oneof.
_MESSAGES = {
    "Header": "name=1:string value=2:*string",
    "Error": "code=1:Code message=2:?string details=3:*google.protobuf.Any",
    "UnaryResponseDefinition":
        "response_headers=1:*Header response_data=2:|bytes error=3:|Error"
        " response_trailers=4:*Header response_delay_ms=6:uint32",
    "StreamResponseDefinition":
        "response_headers=1:*Header response_data=2:*bytes response_delay_ms=3:uint32"
        " error=4:Error response_trailers=5:*Header",
    "UnaryRequest": "response_definition=1:UnaryResponseDefinition request_data=2:bytes",
    "IdempotentUnaryRequest": "response_definition=1:UnaryResponseDefinition request_data=2:bytes",
    "ServerStreamRequest": "response_definition=1:StreamResponseDefinition request_data=2:bytes",
    "UnimplementedRequest": "",
    "UnaryResponse": "payload=1:ConformancePayload",
    "IdempotentUnaryResponse": "payload=1:ConformancePayload",
    "ServerStreamResponse": "payload=1:ConformancePayload",
    "UnimplementedResponse": "",
    "ConformancePayload": "data=1:bytes request_info=2:ConformancePayload.RequestInfo",
    "ConformancePayload.RequestInfo":
        "request_headers=1:*Header timeout_ms=2:?int64 requests=3:*google.protobuf.Any"
        " connect_get_info=4:ConformancePayload.ConnectGetInfo",
    "ConformancePayload.ConnectGetInfo": "query_params=1:*Header",
    "TLSCreds": "cert=1:bytes key=2:bytes",
    "ServerCompatRequest":
        "protocol=1:uint32 http_version=2:uint32 use_tls=4:bool client_tls_cert=5:bytes"
        " message_receive_limit=6:uint32 server_creds=7:TLSCreds",
    "ServerCompatResponse": "host=1:string port=2:uint32 pem_cert=3:bytes",
}

CODES = [
    "canceled", "unknown", "invalid_argument", "deadline_exceeded", "not_found", "already_exists",
    "permission_denied", "resource_exhausted", "failed_precondition", "aborted", "out_of_range",
    "unimplemented", "internal", "unavailable", "data_loss", "unauthenticated",
]
STATUSES = dict(zip(CODES, [
    499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401]))


def _add_field(message, text):
    """Adds a field that is written as in the table above."""
    name, rest = text.split("=")
    number, kind = rest.split(":")
    field = message.field.add(name=name, number=int(number), label=_TYPES.LABEL_OPTIONAL)
    if kind[0] == "*":
        field.label = _TYPES.LABEL_REPEATED
    elif kind[0] in "?|":
        field.oneof_index = len(message.oneof_decl)
        if kind[0] == "?":
            field.proto3_optional = True
            message.oneof_decl.add(name=f"_{name}")
        elif any(existing.name == "response" for existing in message.oneof_decl):
            field.oneof_index -= 1
        else:
            message.oneof_decl.add(name="response")
    kind = kind.lstrip("*?|")
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    elif kind == "Code":
        field.type, field.type_name = _TYPES.TYPE_ENUM, f".{PACKAGE}.Code"
    else:
        field.type = _TYPES.TYPE_MESSAGE
        field.type_name = f".{kind}" if kind.startswith("google") else f".{PACKAGE}.{kind}"


def _classes():
    file = descriptor_pb2.FileDescriptorProto(
        name="conformance.proto", package=PACKAGE, syntax="proto3",
        dependency=["google/protobuf/any.proto"])
    code = file.enum_type.add(name="Code")
    for number, name in enumerate(["unspecified", *CODES]):
        code.value.add(name=f"CODE_{name.upper()}", number=number)
    made = {}
    for name, fields in _MESSAGES.items():
        outer, _, inner = name.rpartition(".")
        message = (made[outer].nested_type if outer else file.message_type).add(name=inner)
        made[name] = message
        for text in fields.split():
            _add_field(message, text)
    # The default pool, because that is where json_format looks for what stands in an Any.
    pool = descriptor_pool.Default()
    assert any_pb2.DESCRIPTOR.name in file.dependency
    pool.AddSerializedFile(file.SerializeToString())
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))
        for name in _MESSAGES
    }


_CLASSES = _classes()


def message(name, /, **fields):
    """Makes a message by its name."""
    return _CLASSES[name](**fields)


def message_class(name):
    """The class of a message."""
    return _CLASSES[name]


def headers(**values):
    """A list of headers; underscores stand for hyphens."""
    return [message("Header", name=name.replace("_", "-"), value=list(value))
            for name, value in values.items()]


def error(code, text=None):
    """An error definition."""
    made = message("Error", code=CODES.index(code) + 1)
    if text is not None:
        made.message = text
    return made
