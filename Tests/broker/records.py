"""The records that a coordinator writes into `__consumer_offsets`, byte by byte.

Kafka: `OffsetCommitKey`, `OffsetCommitValue`, `GroupMetadataKey`, `GroupMetadataValue` of the
group coordinator. These have no classes in kafka-python, which only speaks with brokers.
"""

import struct

TOPIC = "__consumer_offsets"


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


def string(text):
    if text is None:
        return b"\xff\xff"
    data = text.encode()
    return struct.pack(">h", len(data)) + data


def _bytes(data):
    return struct.pack(">i", len(data)) + data


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def compact_string(text):
    data = text.encode()
    return varint(len(data) + 1) + data


def offset_key(group, topic, partition):
    """The key of a committed offset: type 1."""
    return b"\x00\x01" + string(group) + string(topic) + struct.pack(">i", partition)


def offset_value(commit, version):
    """A committed offset: version 1 with an expiry, else 3 or 4.

    `commit` has offset, leader_epoch, metadata, time and expiry in ms, topic_id.
    """
    if commit.expiry is not None:
        return (struct.pack(">hq", 1, commit.offset) + string(commit.metadata)
                + struct.pack(">qq", commit.time, commit.expiry))
    head = struct.pack(">hqi", version, commit.offset, commit.leader_epoch)
    if version == 3:
        return head + string(commit.metadata) + struct.pack(">q", commit.time)
    tags = b"\x00"
    if commit.topic_id is not None:
        tags = b"\x01\x00\x10" + commit.topic_id.bytes
    return head + compact_string(commit.metadata) + struct.pack(">q", commit.time) + tags


def group_key(group):
    """The key of a classic group's metadata: type 2."""
    return b"\x00\x02" + string(group)


def group_value(state, time):
    """A generation of a classic group: version 3.

    `state` has protocol_type, generation, protocol, leader and members, each of which has
    member_id, instance_id, client_id, host, rebalance_timeout, session_timeout (ms),
    subscription and assignment.
    """
    out = b"\x00\x03" + string(state.protocol_type or "") + struct.pack(">i", state.generation)
    out += string(state.protocol) + string(state.leader)
    out += struct.pack(">qi", time, len(state.members))
    for member in state.members:
        out += string(member.member_id) + string(member.instance_id)
        out += string(member.client_id) + string(member.host)
        out += struct.pack(">ii", member.rebalance_timeout, member.session_timeout)
        out += _bytes(member.subscription) + _bytes(member.assignment)
    return out
