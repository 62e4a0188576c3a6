"""Holds the server's reader of ProtoJSON against protobuf's own: the same texts are messages, and
they are the same messages."""

import base64
import random

from google.protobuf import json_format

from messages import message_class
from raw_client import SERVICE

ROUNDS = 2_000

# On what is left out here Python is laxer than protobuf's document: it takes fractions and booleans
# for enums, NaN for JSON, and both names of a field at once.
NUMBERS = [
    "0", "1", "-1", "-0", "1.0", "1.5", "1E+1", "100e-2", "4294967296", '"7"', '"-7"', '""', '" 1"',
    '"1 "', '"1.5"', '"x"', "01", "1.", ".5", "+1", "true", "null", "[]", "{}", "1e400"]
STRINGS = [
    '""', '"a"', '"\\u0041\\n"', '"\\ud83d\\ude08"', '"ä☺😈"', "1", "null", "true", "[]",
    '"\\x"', '"', '"\t"', '"a":']
BYTES = ['""', '"AA=="', '"AA"', '"-_8="', '"+/8="', '"+/8"', '"A"', "1", "null", "[]"]
CODES = ['"CODE_NOT_FOUND"', "5", '"CODE_NEW"', "77", "-1", "null", "2147483648"]
LISTS = ["[]", '["a"]', '["a","b"]', "[null]", "null", '"a"', "[1]", '["a",]', "{}"]


def texts(seed):
    """Texts of UnaryRequest, good and bad ones, that ask for an error."""
    chance = random.Random(seed)

    def some_header():
        return "{%s}" % ",".join(chance.sample([
            '"name":%s' % chance.choice(STRINGS), '"value":%s' % chance.choice(LISTS),
            '"other":{"a":[1,{}]}'], chance.randrange(3)))

    def definition():
        members = [
            '"%s":[%s,%s]' % (
                chance.choice(["responseHeaders", "response_headers"]), some_header(),
                some_header()),
            '"responseDelayMs":%s' % chance.choice(
                ["0", '"0"', "null", "-0", "0.0", "-1", "x"]),
            '"unknown":%s' % chance.choice(NUMBERS), '"responseTrailers":null']
        error = '"error":{%s}' % ",".join(chance.sample([
            '"code":%s' % chance.choice(CODES), '"message":%s' % chance.choice(STRINGS),
            '"details":[]', '"more":%s' % chance.choice(LISTS)], chance.randrange(4)))
        return "{%s}" % ",".join(chance.sample(members, chance.randrange(3)) + [error])

    for value in STRINGS:
        yield '{"responseDefinition":{"error":{"message":%s}}}' % value
    for value in CODES:
        yield '{"responseDefinition":{"error":{"code":%s}}}' % value
    for value in NUMBERS:
        yield '{"responseDefinition":{"error":{},"responseDelayMs":%s}}' % value
    for value in BYTES:
        yield '{"responseDefinition":{"error":{}},"requestData":%s}' % value
    for value in LISTS:
        header = '{"name":"a","value":%s}' % value
        yield '{"responseDefinition":{"error":{},"responseHeaders":[%s]}}' % header
    for _ in range(ROUNDS):
        parts = ['"responseDefinition":%s' % definition()]
        if chance.random() < 0.3:
            parts.append('"requestData":%s' % chance.choice(BYTES))
        if chance.random() < 0.1:
            parts.append(chance.choice(parts))
        yield "{%s}" % ",".join(parts)


def expected(text):
    """The message that protobuf reads; None if it reads none."""
    try:
        return json_format.Parse(
            text, message_class("UnaryRequest")(), ignore_unknown_fields=True)
    except (json_format.ParseError, ValueError, TypeError):
        return None


def found(reply):
    """The message that the server has read; None if it refused the text."""
    if reply.status_code == 400 and not reply.json().get("details"):
        assert reply.json()["code"] == "invalid_argument", reply.text
        return None
    detail = reply.json()["details"][0]["value"]
    info = message_class("ConformancePayload.RequestInfo")()
    info.ParseFromString(base64.b64decode(detail + "=" * (-len(detail) % 4)))
    read = message_class("UnaryRequest")()
    assert info.requests[0].Unpack(read)
    return read


def reader(http):
    """One test: all texts."""
    seed = random.randrange(2 ** 32)

    def body():
        read = 0
        for text in texts(seed):
            reply = http.post(
                SERVICE + "Unary", content=text.encode(),
                headers={"content-type": "application/json"})
            wanted, got = expected(text), found(reply)
            read += got is not None
            assert got == wanted, f"seed {seed}: {text}: {got} instead of {wanted}, {reply.text}"
        assert read > ROUNDS / 10, f"seed {seed}: only {read} texts are messages"
    yield f"protobuf's reader, seed {seed}", body
