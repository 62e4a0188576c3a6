"""Leaders, faults, counters and logs: what a test does to the brokers, as clients see it."""

import json
import subprocess
import sys
import time
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import NewTopic, OffsetSpec

from .base import OnCluster


class Brokers(OnCluster):
    def ask(self, topic, spec, partition=0, within=10):
        """The answer to ListOffsets of one partition."""
        place = TopicPartition(topic, partition)
        asked = self.admin.list_offsets({place: spec}, request_timeout=within)
        return asked[place].result(within + 10)

    def error(self, topic, partition=0, within=2):
        """The error that ListOffsets ends with."""
        with self.assertRaises(KafkaException) as raised:
            self.ask(topic, OffsetSpec.latest(), partition, within)
        return raised.exception.args[0].code()

    def test_offsets_are_found_by_time_and_at_both_ends(self):
        topic = self.topic()
        for when in (1000, 3000, 2000):
            self.cluster.append(topic, 0, [(None, b"x")], time=when)
        found = {
            name: self.ask(topic, spec).offset for name, spec in {
                "start": OffsetSpec.earliest(), "end": OffsetSpec.latest(),
                "newest": OffsetSpec.max_timestamp(), "at": OffsetSpec.for_timestamp(1500),
                "after": OffsetSpec.for_timestamp(5000)}.items()
        }
        self.assertEqual(found, {"start": 0, "end": 3, "newest": 1, "at": 1, "after": -1})

    def test_deleted_records_move_the_start_and_a_reader_behind_it(self):
        topic = self.topic(3)
        self.cluster.delete_records(topic, 0, 2)
        self.assertEqual(self.ask(topic, OffsetSpec.earliest()).offset, 2)
        consumer = Consumer({**self.config, "group.id": "x", "auto.offset.reset": "earliest"})
        self.addCleanup(consumer.close)
        consumer.assign([TopicPartition(topic, 0, 0)])
        self.assertEqual(self.take(consumer, 1)[0].offset(), 2)

    def test_a_recreated_topic_has_another_id_and_begins_anew(self):
        topic = self.topic(2)
        before = self.admin.list_topics(topic).topics[topic]
        self.cluster.recreate_topic(topic)
        self.assertEqual(len(before.partitions), 4)
        self.assertEqual(self.ask(topic, OffsetSpec.latest()).offset, 0)
        self.admin.create_topics([NewTopic("made", 3)])["made"].result(10)
        with self.assertRaises(KafkaException):
            self.admin.create_topics([NewTopic("made", 3)])["made"].result(10)

    def test_a_moved_leader_is_found(self):
        topic = self.topic(1)
        consumer = self.consumer("follows", [topic])
        self.take(consumer, 4)
        for partition in range(4):
            leader = self.cluster.leader(topic, partition)
            self.cluster.move_leader(topic, partition, leader % 3 + 1)
        self.produce(topic, 1)
        self.take(consumer, 4)

    def test_a_stopped_broker_leaves_partitions_without_leader(self):
        topic = self.topic(1)
        self.cluster.stop(2)
        self.addCleanup(self.cluster.start, 2)
        found = self.admin.list_topics(topic, timeout=10).topics[topic].partitions
        self.assertEqual(
            {one.id: one.error.code() if one.error else 0 for one in found.values()},
            {0: 0, 1: KafkaError.LEADER_NOT_AVAILABLE, 2: 0, 3: 0})
        self.assertEqual(self.ask(topic, OffsetSpec.latest()).offset, 1)

    def test_injected_errors_reach_the_client(self):
        topic = self.topic(1)
        self.cluster.inject("ListOffsets", "TOPIC_AUTHORIZATION_FAILED", topic=topic, partition=1)
        self.assertEqual(self.error(topic, 1), KafkaError.TOPIC_AUTHORIZATION_FAILED)
        self.assertEqual(self.ask(topic, OffsetSpec.latest(), 0).offset, 1)
        self.cluster.clear()
        self.assertEqual(self.ask(topic, OffsetSpec.latest(), 1).offset, 1)
        self.cluster.inject("Metadata", "TOPIC_AUTHORIZATION_FAILED", topic=topic)
        found = self.admin.list_topics(topic, timeout=10).topics[topic]
        self.assertEqual(found.error.code(), KafkaError.TOPIC_AUTHORIZATION_FAILED)

    def test_errors_end_after_their_times_and_requests_can_be_cut(self):
        topic = self.topic(1)
        self.cluster.inject("ListOffsets", 6, topic=topic, times=1)
        self.assertEqual(self.error(topic), KafkaError.NOT_LEADER_FOR_PARTITION)
        self.assertEqual(self.ask(topic, OffsetSpec.latest(), 0).offset, 1)
        self.cluster.cut("Metadata", times=2)
        self.assertIn(topic, self.admin.list_topics(timeout=10).topics)

    def test_a_slow_api_is_waited_for(self):
        topic = self.topic(1)
        self.ask(topic, OffsetSpec.latest())
        self.cluster.delay("ListOffsets", 0.4, times=1)
        begun = time.monotonic()
        self.assertEqual(self.ask(topic, OffsetSpec.latest()).offset, 1)
        self.assertGreaterEqual(time.monotonic() - begun, 0.4)

    def test_versions_can_be_taken_away(self):
        self.cluster.set_versions("DescribeGroups", None)
        self.addCleanup(self.cluster.set_versions, "DescribeGroups", (0, 6))
        client = self.fresh_admin()
        with self.assertRaises(KafkaException) as raised:
            client.describe_consumer_groups(["g"])["g"].result(10)
        self.assertEqual(raised.exception.args[0].code(), KafkaError._UNSUPPORTED_FEATURE)

    def test_requests_and_bytes_are_counted(self):
        topic = self.topic(5)
        self.cluster.reset_counters()
        consumer = self.consumer("counted", [topic], client_id="counted")
        self.take(consumer, 20)
        counters = self.cluster.counters("counted")
        self.assertEqual(counters["OffsetFetch"]["requests"], 1)
        fetched = self.cluster.fetched("counted")
        self.assertEqual(set(fetched), {topic})
        self.assertEqual(set(fetched[topic]), {0, 1, 2, 3})
        self.assertGreater(min(fetched[topic].values()), 5 * len("x"))
        self.assertGreater(counters["Fetch"]["bytes_out"], sum(fetched[topic].values()))
        self.assertEqual(self.cluster.counters("nobody"), {})

    def test_clocks_can_be_wrong(self):
        topic = self.topic()
        self.cluster.commit("early", topic, 0, 1)
        self.cluster.set_clock(-60_000)
        self.addCleanup(self.cluster.set_clock, 0)
        self.cluster.commit("early", topic, 1, 1)
        times = [one["time"] for one in self.cluster.group("early")["offsets"]]
        self.assertTrue(59_000 < times[0] - times[1] <= 60_000, times)


class CommandLine(OnCluster):
    def test_run_takes_commands_as_lines(self):
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parents[1] / "run"), "--brokers", "2",
             "--offsets-partitions", "7", "--topic", "orders"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

        def ask(**asked):
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        self.assertEqual(json.loads(process.stdout.readline())["bootstrap"].count(","), 1)
        self.assertEqual(
            ask(command="topics"), {"ok": {"__consumer_offsets": 7, "orders": 4}})
        self.assertEqual(
            ask(command="append", topic="orders", partition=1, pairs=[["6b", None]]), {"ok": 0})
        self.assertEqual(
            ask(command="records", topic="orders", partition=1)["ok"][0]["key"], "6b")
        self.assertIn("KeyError", ask(command="delete_topic", topic="none")["error"])
        self.assertIn("no command", ask(command="_log")["error"])
        self.assertIn("inject(api, error, times=None, **where)", ask(command="help")["ok"])
        process.stdin.close()
        self.assertEqual(process.wait(10), 0)
        process.stdout.close()
