"""Clients that share no code with librdkafka 2.16: kafka-python, and kcat with librdkafka 2.0."""

import json
import os
import shutil
import subprocess
import threading
import unittest
from pathlib import Path

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka import TopicPartition as Place

from .base import OnCluster
from .reading import TOPIC, replay


class Member(threading.Thread):
    """A member in a thread of its own, as this client wants it; leaves when told."""

    def __init__(self, topic, **config):
        super().__init__(daemon=True)
        self.consumer = KafkaConsumer(
            topic, auto_offset_reset="earliest", enable_auto_commit=False,
            heartbeat_interval_ms=100, session_timeout_ms=10_000, **config)
        self.seen = {}
        self.has_committed = False
        self._leaves = threading.Event()
        self.start()

    def run(self):
        while not self._leaves.is_set():
            for place, found in self.consumer.poll(timeout_ms=200).items():
                self.seen[place] = found[-1].offset
            owned = self.consumer.assignment()
            if len(owned) == 2 and owned <= set(self.seen) and not self.has_committed:
                self.consumer.commit()
                self.has_committed = True
        self.consumer.close()

    def places(self):
        return {(place.topic, place.partition) for place in self.consumer.assignment()}

    def leave(self):
        self._leaves.set()
        self.join(10)


class KafkaPython(OnCluster):
    def test_members_join_commit_and_leave(self):
        topic = self.topic()
        servers = self.config["bootstrap.servers"].split(",")
        producer = KafkaProducer(bootstrap_servers=servers)
        for partition in range(4):
            producer.send(topic, b"x", partition=partition)
        producer.close(5)
        members = [
            Member(topic, bootstrap_servers=servers, group_id="python", client_id=name)
            for name in ("one", "two")
        ]
        self.eventually(lambda: all(one.has_committed for one in members), within=20)
        read = replay(self.config, self.cluster.offsets_partition("python"))
        self.assertEqual(read.offsets["python"], {(topic, number): 1 for number in range(4)})
        self.assertEqual(
            {one["client"]: one["places"] for one in read.groups["python"]["members"].values()},
            {one.consumer.config["client_id"]: one.places() for one in members})
        admin = KafkaAdminClient(bootstrap_servers=servers)
        found = admin.list_group_offsets(["python"])["python"]
        self.assertEqual(found[Place(topic, 3)].offset, 1)
        admin.close()
        for one in members:
            one.leave()
        self.assertEqual(self.cluster.group("python")["state"], "Empty")


class OldKafkaPython(KafkaPython):
    options = {"flavour": "old"}


@unittest.skipIf(shutil.which("kcat") is None, "there is no kcat in PATH")
class Kcat(OnCluster):
    def kcat(self, *arguments):
        return subprocess.run(
            ["kcat", "-b", self.config["bootstrap.servers"], *arguments], check=True,
            capture_output=True, timeout=20, text=True).stdout

    def test_it_lists_and_reads(self):
        topic = self.topic(3)
        listed = json.loads(self.kcat("-L", "-J"))
        self.assertEqual(len(listed["brokers"]), 3)
        self.assertIn(topic, [one["topic"] for one in listed["topics"]])
        read = self.kcat("-C", "-t", topic, "-e", "-q", "-f", "%p %o %s\n").split("\n")
        self.assertEqual(
            sorted(filter(None, read)),
            sorted(f"{number} {offset} {offset}" for number in range(4) for offset in range(3)))

    def test_its_group_is_read_from_the_offsets_topic(self):
        topic = self.topic(2)
        process = subprocess.Popen(
            ["kcat", "-b", self.config["bootstrap.servers"], "-q", "-G", "kcat", topic,
             "-X", "auto.offset.reset=earliest", "-X", "auto.commit.interval.ms=100"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self.eventually(lambda: [
                one["offset"] for one in (self.cluster.group("kcat") or {}).get("offsets", [])
            ] == [2, 2, 2, 2], within=15)
        finally:
            process.terminate()
            process.wait(10)
        read = replay(self.config, self.cluster.offsets_partition("kcat"))
        self.assertEqual(read.offsets["kcat"], {(topic, number): 2 for number in range(4)})


@unittest.skipUnless(os.environ.get("VOLE"), "the environment names no vole")
class Vole(OnCluster):
    def test_it_decodes_every_record(self):
        """`vole decode` knows what the coordinators write, and counts nothing as malformed."""
        topic = self.topic(2)
        consumer = self.consumer("decoded", [topic])
        self.take(consumer, 8)
        consumer.commit(asynchronous=False)
        consumer.close()
        number = self.cluster.offsets_partition("decoded")
        lines = self.cluster.records(TOPIC, number)
        self.assertGreater(len(lines), 6)
        text = "".join(
            json.dumps({"partition": number, **{
                name: one[name] for name in ("offset", "key", "value")}}) + "\n"
            for one in lines)
        done = subprocess.run(
            [Path(os.environ["VOLE"]), "decode"], input=text, capture_output=True, text=True,
            timeout=20)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(topic, done.stdout)
