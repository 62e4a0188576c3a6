"""Groups of the consumer protocol (KIP-848): what the topic says is what the members own."""

import json
import os
import subprocess
import unittest
import uuid
from pathlib import Path

from confluent_kafka import Consumer, ConsumerGroupType

from .base import OnCluster
from .reading import TOPIC, Bytes, replay


def _current(value):
    """The epoch, state and partitions of a record of type 8."""
    data = Bytes(value)
    data.take("h")
    epoch, _, state = data.take("i"), data.take("i"), data.take("b")
    places = set()
    for _ in range(data.varint() - 1):
        topic = uuid.UUID(bytes=data.raw(16))
        places |= {(topic, data.take("i")) for _ in range(data.varint() - 1)}
        data.varint()
    return epoch, state, places


class ModernGroups(OnCluster):
    def member(self, group, topic, name):
        """A member; sessions and heartbeats are the broker's to set."""
        one = Consumer({
            **self.config, "group.id": group, "group.protocol": "consumer", "client.id": name,
            "auto.offset.reset": "earliest", "enable.auto.commit": False,
            "fetch.wait.max.ms": 50})
        self.addCleanup(one.close)
        one.subscribe([topic])
        return one

    def records(self, group):
        """The newest values by (type, member) in the group's partition."""
        found = {}
        for one in self.cluster.records(TOPIC, self.cluster.offsets_partition(group)):
            data = Bytes(bytes.fromhex(one["key"]))
            kind, name = data.take("h"), data.string()
            if name == group and kind not in (1, 2):
                member = data.string() if kind in (5, 7, 8) else None
                value = one["value"]
                found[kind, member] = None if value is None else bytes.fromhex(value)
        return found

    def shared(self, group, members, topic_id):
        """Waits until the members share everything, and the records say so."""
        def agrees():
            for one in members:
                one.poll(0.02)
            if self.cluster.group(group)["state"] != "Stable":
                return False
            own = sorted(
                sorted((topic_id, place.partition) for place in one.assignment())
                for one in members)
            written = sorted(
                sorted(_current(value)[2]) for (kind, _), value in self.records(group).items()
                if kind == 8 and value is not None)
            return sum(map(len, own)) == 4 and own == written

        self.eventually(agrees, within=15)

    def test_members_share_and_hand_over(self):
        topic = self.topic(2)
        topic_id = uuid.UUID(self.cluster.topic_id(topic))
        first = self.member("modern", topic, "one")
        self.take(first, 8)
        first.commit(asynchronous=False)
        read = replay(self.config, self.cluster.offsets_partition("modern"))
        self.assertEqual(read.offsets["modern"], {(topic, number): 2 for number in range(4)})
        second = self.member("modern", topic, "two")
        self.shared("modern", [first, second], topic_id)
        third = self.member("modern", topic, "three")
        self.shared("modern", [first, second, third], topic_id)
        first.close()
        self.shared("modern", [second, third], topic_id)
        second.close()
        third.close()
        left = self.records("modern")
        self.assertEqual(
            [key for key, value in left.items() if key[1] and value is not None], [])
        self.assertEqual(self.cluster.group("modern")["state"], "Empty")
        self.assertEqual(self.cluster.delete_group("modern"), 0)
        self.assertEqual([one for one in self.records("modern").values() if one], [])

    def test_the_old_request_sees_it_dead_and_the_list_knows_its_type(self):
        topic = self.topic(1)
        member = self.member("seen", topic, "one")
        self.take(member, 4)
        found = self.admin.list_consumer_groups().result(10)
        kinds = {one.group_id: one.type for one in found.valid}
        self.assertEqual(kinds["seen"], ConsumerGroupType.CONSUMER)
        self.cluster.set_versions("DescribeGroups", (0, 5))
        self.addCleanup(self.cluster.set_versions, "DescribeGroups", (0, 6))
        admin = self.fresh_admin()
        described = admin.describe_consumer_groups(["seen"])["seen"].result(10)
        self.assertEqual((described.state.name, described.members), ("DEAD", []))

    @unittest.skipUnless(os.environ.get("VOLE"), "the environment names no vole")
    def test_vole_decodes_every_record(self):
        topic = self.topic(1)
        member = self.member("decoded", topic, "one")
        self.take(member, 4)
        member.commit(asynchronous=False)
        lines = self.cluster.records(TOPIC, self.cluster.offsets_partition("decoded"))
        text = "".join(
            json.dumps({"key": one["key"], "value": one["value"]}) + "\n" for one in lines)
        done = subprocess.run(
            [Path(os.environ["VOLE"]), "decode"], input=text, capture_output=True, text=True,
            timeout=20, check=True)
        kinds = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertNotIn("malformed", {one["type"] for one in kinds})
        self.assertLessEqual({5, 7, 8}, {one.get("keyType") for one in kinds})
