"""What a reader makes of `__consumer_offsets`: taken apart here, not by those who wrote it."""

import struct

from confluent_kafka import Consumer, TopicPartition
from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment

TOPIC = "__consumer_offsets"


class Bytes:
    """Reads the fields of a record one after the other."""

    def __init__(self, data):
        self._data = data
        self._at = 0

    def take(self, form):
        value = struct.unpack_from(f">{form}", self._data, self._at)[0]
        self._at += struct.calcsize(f">{form}")
        return value

    def raw(self, size):
        self._at += size
        return self._data[self._at - size:self._at]

    def string(self):
        size = self.take("h")
        return None if size < 0 else self.raw(size).decode()

    def bytes(self):
        return self.raw(self.take("i"))

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take("B")
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def compact_string(self):
        return self.raw(self.varint() - 1).decode()


def offset_of(value):
    """The offset, metadata and topic id (or None) of a commit."""
    data = Bytes(value)
    version = data.take("h")
    offset = data.take("q")
    if version == 1:
        return offset, data.string(), None
    data.take("i")
    metadata = data.string() if version == 3 else data.compact_string()
    data.take("q")
    topic_id = None
    if version == 4 and data.varint():
        assert (data.varint(), data.varint()) == (0, 16)
        topic_id = data.raw(16)
    return offset, metadata, topic_id


def generation_of(value):
    """The generation and the members of a record of a classic group."""
    data = Bytes(value)
    assert data.take("h") == 3
    found = {"protocol_type": data.string(), "generation": data.take("i"),
             "protocol": data.string(), "leader": data.string(), "members": {}}
    data.take("q")
    for _ in range(data.take("i")):
        member = data.string()
        one = {"instance": data.string(), "client": data.string(), "host": data.string()}
        data.take("i")
        data.take("i")
        data.bytes()
        assignment = data.bytes()
        one["places"] = set()
        if assignment:
            decoded = ConsumerProtocolAssignment.decode(assignment)
            one["places"] = {
                (topic.topic, number) for topic in decoded.assigned_partitions
                for number in topic.partitions
            }
        found["members"][member] = one
    return found


class Replayed:
    """The end of a replay: committed offsets and newest generations, by group."""

    def __init__(self, messages):
        self.offsets = {}
        self.groups = {}
        # The generations of each group in their order.
        self.generations = {}
        for key, value in messages:
            data = Bytes(key)
            kind, group = data.take("h"), data.string()
            if kind == 1:
                place = (data.string(), data.take("i"))
                offsets = self.offsets.setdefault(group, {})
                if value is None:
                    offsets.pop(place, None)
                else:
                    offsets[place] = offset_of(value)[0]
            elif kind == 2 and value is None:
                self.groups.pop(group, None)
            elif kind == 2:
                self.groups[group] = generation_of(value)
                self.generations.setdefault(group, []).append(self.groups[group]["generation"])


def replay(config, partition, isolation="read_committed"):
    """Reads a partition of `__consumer_offsets` to its end, as the agent does."""
    consumer = Consumer({
        **config, "group.id": "reader", "isolation.level": isolation,
        "enable.partition.eof": True, "auto.offset.reset": "earliest",
        "enable.auto.commit": False, "fetch.wait.max.ms": 50})
    consumer.assign([TopicPartition(TOPIC, partition, 0)])
    found = []
    while True:
        message = consumer.poll(10)
        assert message is not None, "the partition has no end"
        if message.error():
            break
        found.append((message.key(), message.value()))
    consumer.close()
    return Replayed(found)
