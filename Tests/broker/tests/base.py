"""What the tests share: a cluster for a class of tests, and clients that are quiet."""

import time
import unittest

from broker import Cluster
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient


class OnCluster(unittest.TestCase):
    """Tests on one cluster; each takes names of its own."""

    options = {}

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(**cls.options)
        cls.addClassCleanup(cls.cluster.close)
        cls.config = {"bootstrap.servers": cls.cluster.bootstrap(), "log_level": 0}
        # It must outlive what it is asked: a client without owner takes its answers along.
        cls.admin = AdminClient(cls.config)

    def tearDown(self):
        self.cluster.clear()
        self.assertEqual(self.cluster.failures(), [])

    def fresh_admin(self, **more):
        """A client that remembers nothing."""
        return AdminClient({**self.config, **more})

    def topic(self, records=0):
        """A topic named after the test, with records in each of its four partitions."""
        name = f"topic-{self.id().rpartition('.')[2]}"
        self.cluster.create_topic(name)
        self.produce(name, records)
        return name

    def produce(self, name, records):
        producer = Producer({**self.config, "linger.ms": 0})
        for number in range(records):
            for partition in range(4):
                producer.produce(name, f"{number}".encode(), partition=partition)
        self.assertEqual(producer.flush(10), 0)

    def consumer(self, group, topics, **more):
        """A member of a group."""
        config = {name.replace("_", "."): value for name, value in more.items()}
        one = Consumer({
            **self.config, "group.id": group, "auto.offset.reset": "earliest",
            "enable.auto.commit": False, "session.timeout.ms": 10_000,
            "heartbeat.interval.ms": 100, "fetch.wait.max.ms": 50, **config})
        self.addCleanup(one.close)
        one.subscribe(topics)
        return one

    def take(self, consumer, count):
        """Polls until so many records have come; returns them."""
        found = []

        def enough():
            message = consumer.poll(0.05)
            if message is not None and not message.error():
                found.append(message)
            return len(found) >= count

        self.eventually(enough, pause=0)
        return found

    def eventually(self, check, within=10, pause=0.02):
        """Waits until `check` returns something that counts as true, and returns that."""
        deadline = time.monotonic() + within
        while True:
            result = check()
            if result:
                return result
            self.assertLess(time.monotonic(), deadline, "it does not come true")
            time.sleep(pause)
