"""The records of groups of the consumer protocol (KIP-848) in `__consumer_offsets`.

Kafka: `ConsumerGroupMetadata…` (types 3 and 5), `ConsumerGroupTargetAssignment…` (6 and 7) and
`ConsumerGroupCurrentMemberAssignment…` (8). Keys have the old encoding, values the flexible one.
"""

import struct

from .records import compact_string, string, varint

METADATA = 3
PARTITIONS = 4
MEMBER = 5
TARGET = 6
TARGET_MEMBER = 7
CURRENT = 8

# No tagged fields.
_END = b"\x00"


def key(kind, group, member=None):
    """The key of a record of a group, or of one of its members."""
    data = struct.pack(">h", kind) + string(group)
    return data if member is None else data + string(member)


def _nullable(text):
    return b"\x00" if text is None else compact_string(text)


def _array(items):
    return varint(len(items) + 1) + b"".join(items)


def _places(places):
    """Partitions by topic id."""
    return _array([
        topic.bytes + _array([struct.pack(">i", one) for one in sorted(numbers)]) + _END
        for topic, numbers in sorted(places.items()) if numbers
    ])


def epoch(value):
    """The value of types 3 and 6."""
    return struct.pack(">hi", 0, value) + _END


def member(one):
    """The value of type 5."""
    return (
        b"\x00\x00" + _nullable(one.instance_id) + _nullable(one.rack_id)
        + compact_string(one.client_id) + compact_string(one.host)
        + _array([compact_string(topic) for topic in sorted(one.topics)])
        + _nullable(one.regex) + struct.pack(">i", one.rebalance_timeout)
        + _nullable(one.assignor) + _END)


def target(places):
    """The value of type 7."""
    return b"\x00\x00" + _places(places) + _END


def current(one):
    """The value of type 8."""
    return (
        struct.pack(">hiib", 0, one.epoch, one.previous_epoch, one.state)
        + _places(one.by_topic(one.assigned)) + _places(one.by_topic(one.revoking)) + _END)
