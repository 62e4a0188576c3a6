"""Producers and members of consumer groups: genuine clients, each with a habit."""

import threading
import time
from concurrent.futures import Future
from queue import SimpleQueue

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition


class Feed:
    """Produces into topics, a few records a second into each partition."""

    # Seconds between two rounds; each round adds one record to each partition.
    PAUSE = 0.2

    def __init__(self, world):
        self._world = world
        self._producer = Producer(world.client_config(linger_ms=0))
        self._topics = set()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def add(self, topic, backlog=0):
        """Begins to feed a topic, after `backlog` records in each partition."""
        with self._lock:
            for _ in range(backlog):
                self._round([topic])
            self._producer.flush(30)
            self._topics.add(topic)

    def remove(self, topic):
        """Stops to feed a topic; on return its log ends stand still."""
        with self._lock:
            self._topics.discard(topic)
            assert self._producer.flush(30) == 0, "records could not be produced"

    def close(self):
        self._ended.set()
        self._thread.join(10)
        self._producer.flush(10)

    def _run(self):
        while not self._ended.wait(self.PAUSE):
            with self._lock:
                self._round(sorted(self._topics))

    def _round(self, topics):
        for topic in topics:
            for partition in range(self._world.partitions):
                self._producer.produce(topic, value=b"x" * 20, partition=partition)
        self._producer.poll(0)


# What a member does between two commits: it gets the member, and returns the offsets to commit
# by (topic, partition).


def read_everything(member):
    """Has processed all that it was given."""
    return dict(member.fetched)


def read_slowly(member):
    """Has processed one record more of each partition, however many it was given."""
    return {
        place: min(member.committed.get(place, 0) + 1, end) for place, end in member.fetched.items()
    }


def stand_still(member):
    """Has processed nothing: commits again what it committed before."""
    return {place: member.committed.get(place, 0) for place in member.fetched}


def say_nothing(member):
    """Hangs: commits nothing at all."""
    return {}


def walk_back(member):
    """Was reset, and is reset again and again: commits a smaller offset each time."""
    return {
        place: max(0, member.committed.get(place, end) - 1) for place, end in member.fetched.items()
    }


class Member:
    """A member of a group in a thread of its own, which commits every `interval` seconds."""

    def __init__(
        self, world, group, topics, habit, interval=0.5, client_id="e2e-client",
        protocol="classic"
    ):
        self.world = world
        self.group = group
        self.client_id = client_id
        self.habit = habit
        self.interval = interval
        self.fetched = {}
        self.committed = {}
        # Commits of all partitions since the assignment.
        self.rounds = 0
        self.failure = None
        self._assigned = []
        self._questions = SimpleQueue()
        self._ended = threading.Event()
        world.uses(group)
        self._consumer = Consumer(
            world.consumer_config(group, protocol, client_id=client_id))
        self._consumer.subscribe(topics, on_assign=self._on_assign, on_revoke=self._on_revoke)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _on_assign(self, consumer, partitions):
        # In the new protocol these come and go beside those that stay.
        self._assigned += partitions
        for one in consumer.committed(partitions, timeout=20):
            place = (one.topic, one.partition)
            self.fetched[place] = self.committed[place] = max(0, one.offset)

    def _on_revoke(self, consumer, partitions):
        gone = {(one.topic, one.partition) for one in partitions}
        self._assigned = [
            one for one in self._assigned if (one.topic, one.partition) not in gone]
        self.rounds = 0
        for place in gone:
            self.fetched.pop(place, None)
            self.committed.pop(place, None)

    @property
    def assignment(self):
        """The (topic, partition) pairs that this member owns now."""
        return sorted((one.topic, one.partition) for one in self._assigned)

    def check(self):
        """Fails when the thread has failed."""
        if self.failure:
            raise RuntimeError(f"member of {self.group}: {self.failure}")

    def lag(self):
        """The lag by (topic, partition), as this client computes it from what brokers say."""
        self.check()
        offsets = self.offsets()
        ends = self.world.log_ends(offsets)
        return {place: max(0, ends[place] - offset) for place, offset in offsets.items()}

    def offsets(self):
        """The committed offset by (topic, partition), as the group's coordinator answers it."""
        places = [TopicPartition(*place) for place in self.assignment]
        answered = self._in_thread(lambda: self._consumer.committed(places, timeout=20))
        return {(one.topic, one.partition): one.offset for one in answered if one.offset >= 0}

    def send_offsets(self, producer, offset):
        """Adds one offset of all partitions to a producer's transaction."""
        places = [TopicPartition(*place, offset) for place in self.assignment]
        metadata = self._in_thread(self._consumer.consumer_group_metadata)
        producer.send_offsets_to_transaction(places, metadata, 30)

    def _in_thread(self, question):
        """Asks in the thread of the consumer: a second thread may wait there for ever."""
        answer = Future()
        self._questions.put((question, answer))
        return answer.result(timeout=60)

    def close(self):
        """Leaves the group.

        librdkafka 2.16 once did not return from this in the new protocol; nobody waits for ever.
        """
        self._ended.set()
        self._thread.join(20)
        leaving = threading.Thread(target=self._consumer.close, daemon=True)
        leaving.start()
        leaving.join(30)
        assert not leaving.is_alive(), f"the client {self.client_id} does not close"

    def _run(self):
        due = time.monotonic()
        try:
            while not self._ended.is_set():
                message = self._consumer.poll(0.05)
                while message is not None:
                    if message.error() and message.error().fatal():
                        raise KafkaException(message.error())
                    if not message.error():
                        self.fetched[(message.topic(), message.partition())] = message.offset() + 1
                    message = self._consumer.poll(0)
                while not self._questions.empty():
                    question, answer = self._questions.get()
                    try:
                        answer.set_result(question())
                    except Exception as error:  # the asker's to judge
                        answer.set_exception(error)
                if self._assigned and time.monotonic() >= due:
                    due = time.monotonic() + self.interval
                    self._commit(self.habit(self))
        except Exception as error:  # told to the scenario by check()
            self.failure = error

    def _commit(self, offsets):
        if not offsets:
            return
        wanted = [TopicPartition(*place, offset) for place, offset in offsets.items()]
        try:
            answered = self._consumer.commit(offsets=wanted, asynchronous=False)
        except KafkaException:
            # A rebalance came between; the next round commits anew.
            return
        done = [one for one in answered if one.error is None]
        self.rounds += len(done) == len(self._assigned)
        for one in done:
            self.committed[(one.topic, one.partition)] = one.offset


class SimpleGroup:
    """A group without members: offsets that an application commits for partitions it chose."""

    def __init__(self, world, group):
        self.world = world
        self.group = group
        world.uses(group)
        self._consumer = Consumer(world.consumer_config(group))

    def commit(self, offsets):
        """Commits offsets by (topic, partition)."""
        wanted = [TopicPartition(*place, offset) for place, offset in offsets.items()]
        answered = self._consumer.commit(offsets=wanted, asynchronous=False)
        assert all(one.error is None for one in answered), answered

    def close(self):
        self._consumer.close()
