"""What librdkafka's mock brokers leave out: the records of group commits.

The mock keeps committed offsets in memory and never writes `__consumer_offsets`. The bridge is told
of each commit, assignment and deletion that a client really made, and writes the record that a
broker would have written. Everything behind that is what happens with a real broker.
"""

import threading

from confluent_kafka import Producer

from . import records

TOPIC = "__consumer_offsets"
# A client's address as a broker on the same machine writes it.
HOST = "/127.0.0.1"


class Bridge:
    """Writes records into the `__consumer_offsets` of a mock cluster."""

    def __init__(self, config, partition_count):
        self._producer = Producer({**config, "linger.ms": 0, "acks": "all"})
        self._count = partition_count
        self._lock = threading.Lock()
        self._members = {}
        self._generations = {}
        self._stood = {}

    def committed(self, group, offsets):
        """A commit of some offsets, a list of TopicPartition, was answered."""
        with self._lock:
            for one in offsets:
                self._stood.setdefault(group, set()).add((one.topic, one.partition))
                key = records.offset_key(group, one.topic, one.partition)
                self._write(group, key, records.offset_value(one.offset))
            self._producer.flush(10)

    def assigned(self, group, member_id, client_id, partitions):
        """A member was assigned partitions, a list of TopicPartition."""
        assignment = {}
        for one in partitions:
            assignment.setdefault(one.topic, []).append(one.partition)
        with self._lock:
            self._members.setdefault(group, {})[member_id] = {
                "member_id": member_id, "client_id": client_id, "host": HOST,
                "assignment": assignment,
            }
            self._write_group(group)

    def left(self, group, member_id):
        """A member left its group."""
        with self._lock:
            if self._members.get(group, {}).pop(member_id, None):
                self._write_group(group)

    def owners(self, group):
        """The members by (topic, partition), as a broker would show them: host and client id."""
        with self._lock:
            return {
                (topic, partition): (member["host"], member["client_id"])
                for member in self._members.get(group, {}).values()
                for topic, partitions in member["assignment"].items()
                for partition in partitions
            }

    def offsets_deleted(self, group, topic=None):
        """The offsets of a topic were deleted, or those of all topics."""
        with self._lock:
            stood = self._stood.get(group, set())
            for place in sorted(place for place in stood if topic in (None, place[0])):
                stood.discard(place)
                self._write(group, records.offset_key(group, *place), None)
            self._producer.flush(10)

    def group_deleted(self, group):
        """A group was deleted: its offsets, then itself."""
        self.offsets_deleted(group)
        with self._lock:
            self._members.pop(group, None)
            self._write(group, records.group_key(group), None)
            self._producer.flush(10)

    def _write_group(self, group):
        generation = self._generations[group] = self._generations.get(group, 0) + 1
        members = list(self._members[group].values())
        self._write(group, records.group_key(group), records.group_value(generation, members))
        self._producer.flush(10)

    def _write(self, group, key, value):
        partition = records.partition_of(group, self._count)
        self._producer.produce(TOPIC, key=key, value=value, partition=partition)
        self._producer.poll(0)
