"""The records of `__consumer_offsets` that a broker writes, byte by byte.

Kafka: `OffsetCommitKey`, `OffsetCommitValue`, `GroupMetadataKey`, `GroupMetadataValue` and the
embedded `ConsumerProtocolSubscription`, `ConsumerProtocolAssignment`.
"""

import struct
import time


def partition_of(group, count):
    """The partition of `__consumer_offsets` that holds a group.

    Kafka: `Utils.abs(groupId.hashCode()) % count`, over UTF-16 code units.
    """
    units = group.encode("utf-16-be")
    value = 0
    for index in range(0, len(units), 2):
        value = (31 * value + (units[index] << 8 | units[index + 1])) & 0xFFFFFFFF
    if value >= 0x80000000:
        value -= 0x100000000
    return (0 if value == -0x80000000 else abs(value)) % count


def _string(text):
    if text is None:
        return b"\xff\xff"
    data = text.encode()
    return struct.pack(">h", len(data)) + data


def _bytes(data):
    return struct.pack(">i", len(data)) + data


def offset_key(group, topic, partition):
    """The key of a committed offset: type 1."""
    return b"\x00\x01" + _string(group) + _string(topic) + struct.pack(">i", partition)


def offset_value(offset, timestamp=None):
    """A committed offset without metadata: version 3; the time is now unless given, in ms."""
    timestamp = int(time.time() * 1000) if timestamp is None else timestamp
    return struct.pack(">hqi", 3, offset, -1) + _string("") + struct.pack(">q", timestamp)


def group_key(group):
    """The key of a classic group's metadata: type 2."""
    return b"\x00\x02" + _string(group)


def group_value(generation, members):
    """A generation of a classic group: version 3.

    `members` are dictionaries with member_id, client_id, host and assignment, which is a
    dictionary of partition lists by topic.
    """
    leader = members[0]["member_id"] if members else None
    out = b"\x00\x03" + _string("consumer") + struct.pack(">i", generation)
    out += _string("range" if members else None) + _string(leader)
    out += struct.pack(">qi", int(time.time() * 1000), len(members))
    for member in members:
        topics = sorted(member["assignment"])
        subscription = struct.pack(">hi", 0, len(topics))
        subscription += b"".join(_string(topic) for topic in topics) + struct.pack(">i", -1)
        assignment = struct.pack(">hi", 0, len(topics))
        for topic in topics:
            partitions = member["assignment"][topic]
            assignment += _string(topic) + struct.pack(">i", len(partitions))
            assignment += b"".join(struct.pack(">i", number) for number in partitions)
        assignment += struct.pack(">i", -1)
        out += _string(member["member_id"]) + _string(None) + _string(member["client_id"])
        out += _string(member["host"]) + struct.pack(">ii", 300_000, 10_000)
        out += _bytes(subscription) + _bytes(assignment)
    return out
