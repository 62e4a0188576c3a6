"""Transactions of a genuine producer: what each isolation level sees, in topics and offsets."""

import logging

from confluent_kafka import IsolationLevel, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import OffsetSpec

from .base import OnCluster
from .reading import TOPIC, replay

_quiet = logging.Logger("quiet")
_quiet.addHandler(logging.NullHandler())

COMMITTED = IsolationLevel.READ_COMMITTED
UNCOMMITTED = IsolationLevel.READ_UNCOMMITTED


class Transactions(OnCluster):
    def producer(self, name):
        one = Producer({**self.config, "transactional.id": name, "linger.ms": 0})
        one.init_transactions(10)
        return one

    def ends(self, topic, partition=0):
        """Log end as each isolation level sees it: (uncommitted, committed)."""
        place = TopicPartition(topic, partition)
        return tuple(
            self.admin.list_offsets({place: OffsetSpec.latest()}, isolation_level=level)[place]
            .result(10).offset for level in (UNCOMMITTED, COMMITTED))

    def test_an_open_transaction_holds_the_stable_offset(self):
        topic = self.topic()
        producer = self.producer("holds")
        producer.begin_transaction()
        producer.produce(topic, b"a", partition=0)
        producer.flush(10)
        self.assertEqual(self.ends(topic), (1, 0))
        producer.commit_transaction(10)
        # The marker takes an offset of its own.
        self.assertEqual(self.ends(topic), (2, 2))

    def test_aborted_records_are_not_read(self):
        topic = self.topic()
        producer = self.producer("aborts")
        for number, ends in enumerate((
                producer.abort_transaction, producer.commit_transaction) * 2):
            producer.begin_transaction()
            producer.produce(topic, f"{number}".encode(), partition=0)
            producer.flush(10)
            ends(10)
        self.produce(topic, 1)
        committed = self.consumer("committed", [topic], isolation_level="read_committed")
        found = [one.value() for one in self.take(committed, 6) if one.partition() == 0]
        self.assertEqual(found, [b"1", b"3", b"0"])
        everything = self.consumer("everything", [topic], isolation_level="read_uncommitted")
        found = [one.value() for one in self.take(everything, 8) if one.partition() == 0]
        self.assertEqual(found, [b"0", b"1", b"2", b"3", b"0"])

    def test_offsets_count_when_their_transaction_commits(self):
        topic = self.topic(3)
        consumer = self.consumer("sends", [topic])
        self.take(consumer, 12)
        number = self.cluster.offsets_partition("sends")
        place = (topic, 0)
        producer = self.producer("sender")

        def shown():
            return {
                isolation: replay(self.config, number, isolation).offsets.get("sends", {}).get(
                    place)
                for isolation in ("read_committed", "read_uncommitted")
            }

        for offset, is_commit, before, after in ((1, True, None, 1), (2, False, 1, 1)):
            producer.begin_transaction()
            producer.send_offsets_to_transaction(
                [TopicPartition(*place, offset)], consumer.consumer_group_metadata(), 10)
            self.assertEqual(
                shown(), {"read_committed": before, "read_uncommitted": offset})
            if is_commit:
                producer.commit_transaction(10)
            else:
                producer.abort_transaction(10)
            self.assertEqual(shown()["read_committed"], after)
            self.assertEqual(consumer.committed([TopicPartition(*place)], 10)[0].offset, after)

    def test_a_hung_transaction_withholds_what_comes_after(self):
        topic = self.topic()
        self.cluster.commit("hung", topic, 0, 1)
        number = self.cluster.offsets_partition("hung")
        hung = self.cluster.open_transaction(group="hung", offsets=[[topic, 1, 9]])
        self.cluster.commit("hung", topic, 0, 2)

        def read():
            return replay(self.config, number).offsets["hung"]

        self.assertEqual(read(), {(topic, 0): 1})
        uncommitted, committed = self.ends(TOPIC, number)
        self.assertGreater(uncommitted, committed)
        self.assertEqual([one["offset"] for one in self.cluster.group("hung")["offsets"]], [2])
        self.cluster.end_transaction(hung, commit=True)
        self.assertEqual(read(), {(topic, 0): 2, (topic, 1): 9})

    def test_a_transaction_that_takes_too_long_is_aborted(self):
        topic = self.topic()
        producer = Producer({
            **self.config, "transactional.id": "late", "linger.ms": 0,
            # What is fatal is logged at any level.
            "logger": _quiet, "transaction.timeout.ms": 1000, "message.timeout.ms": 1000})
        producer.init_transactions(10)
        producer.begin_transaction()
        producer.produce(topic, b"a", partition=0)
        producer.flush(10)
        self.eventually(lambda: self.ends(topic) == (2, 2))
        with self.assertRaises(KafkaException):
            producer.commit_transaction(10)


class OldTransactions(Transactions):
    """The same on the versions of Kafka 2.8."""

    options = {"flavour": "old", "offsets_partitions": 3}
    # Nothing in it depends on versions, and it waits for a second.
    test_a_transaction_that_takes_too_long_is_aborted = None
