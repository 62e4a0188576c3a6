"""Raw HTTP/2 frames (RFC 9113), as a client that keeps no rule writes them."""

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING = 0, 1, 2, 3, 4, 6
WINDOW_UPDATE, CONTINUATION = 8, 9

END_STREAM = ACK = 0x1
END_HEADERS = 0x4


def frame(kind, flags=0, stream=0, payload=b""):
    """One frame."""
    head = len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big")
    return head + payload


def integer(number, prefix):
    """A number behind a prefix of so many bits (RFC 7541 section 5.1)."""
    most = (1 << prefix) - 1
    if number < most:
        return bytes([number])
    written = [most]
    number -= most
    while number >= 128:
        written.append(number & 127 | 128)
        number >>= 7
    return bytes([*written, number])


def string(text):
    """A string without Huffman's code."""
    return integer(len(text), 7) + text


def literal(name, value):
    """A field that touches no table (RFC 7541 section 6.2.2)."""
    return b"\0" + string(name) + string(value)


def request(stream, path=b"/livez", method=b"GET", ends=True, more=()):
    """A whole request in one frame."""
    fields = [(b":method", method), (b":scheme", b"http"), (b":path", path), (b":authority", b"x")]
    block = b"".join(literal(name, value) for name, value in [*fields, *more])
    return frame(HEADERS, END_HEADERS | (END_STREAM if ends else 0), stream, block)


def settings(*entries):
    """SETTINGS with entries of an identifier and a value each."""
    return frame(SETTINGS, payload=b"".join(
        name.to_bytes(2, "big") + value.to_bytes(4, "big") for name, value in entries))


def window(increment, stream=0):
    """WINDOW_UPDATE."""
    return frame(WINDOW_UPDATE, 0, stream, increment.to_bytes(4, "big"))


def reset(stream):
    """RST_STREAM with CANCEL."""
    return frame(RST_STREAM, 0, stream, (8).to_bytes(4, "big"))


# What an honest client begins with.
OPENING = PREFACE + settings() + frame(SETTINGS, ACK)
