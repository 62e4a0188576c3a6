"""What a cluster is made of: nodes, topics, partitions, and what was set up for a test."""

import time
import uuid
from dataclasses import dataclass, field

from . import records
from .acls import Acls
from .counters import Counters
from .errors import Error
from .faults import Faults
from .log import PartitionLog


@dataclass
class Node:
    """A broker as the others know it."""

    id: int
    host: str = "127.0.0.1"
    port: int = 0
    is_up: bool = False
    # What its clock is ahead of ours, in ms.
    clock_offset: int = 0

    def now(self):
        """The time of its clock in ms."""
        return int(time.time() * 1000) + self.clock_offset


@dataclass
class Partition:
    """A partition; its only replica follows its leader wherever that is moved to."""

    topic: str
    number: int
    leader: int
    epoch: int = 0
    log: PartitionLog = field(default_factory=PartitionLog)


@dataclass
class Topic:
    """A topic."""

    name: str
    id: uuid.UUID
    partitions: list

    @property
    def is_internal(self):
        return self.name == records.TOPIC


class State:
    """A cluster. All of it belongs to one event loop."""

    def __init__(self, brokers, partitions, flavour):
        self.nodes = {number: Node(number) for number in range(1, brokers + 1)}
        self.flavour = flavour
        self.cluster_id = "vole-test-cluster"
        # Partitions of a topic that a client's request creates.
        self.default_partitions = partitions
        # Partitions of `__consumer_offsets`, which the first FindCoordinator creates.
        self.offsets_partitions = 50
        self.auto_create = False
        self.topics = {}
        self.faults = Faults()
        self.acls = Acls()
        self.counters = Counters()
        # (minimum, maximum) by (broker or None, API), None for "not there"; over the flavour's.
        self.versions = {}
        self.security = None
        # Traces of requests that this fixture could not answer.
        self.failures = []
        # Seconds that a new group waits for further members.
        self.rebalance_delay = 0.0
        # Set by the coordinators: called with a topic that was deleted, or a partition of
        # `__consumer_offsets` that got another leader.
        self.on_topic_deleted = lambda topic: None
        self.on_leader_changed = lambda partition: None

    # Topics.

    def create_topic(self, name, count):
        """Creates a topic, with leaders in turn."""
        ids = sorted(self.nodes)
        topic = Topic(name, uuid.uuid4(), [
            Partition(name, number, ids[number % len(ids)]) for number in range(count)
        ])
        self.topics[name] = topic
        return topic

    def delete_topic(self, name):
        """Deletes a topic; whoever waits for its records is told that it is gone."""
        topic = self.topics.pop(name)
        for partition in topic.partitions:
            partition.log.wake()
        self.on_topic_deleted(topic)

    def topic_with_id(self, topic_id):
        """The topic with an id, or None."""
        found = [one for one in self.topics.values() if one.id == topic_id]
        return found[0] if found else None

    def partition(self, topic, number):
        """A partition, or None."""
        found = self.topics.get(topic)
        if found is None or not 0 <= number < len(found.partitions):
            return None
        return found.partitions[number]

    # Leaders.

    def leader(self, partition):
        """The node that leads a partition, or None while that is down."""
        node = self.nodes.get(partition.leader)
        return node if node and node.is_up else None

    def led_by(self, node_id, topic, number, epoch=-1):
        """A partition for a request that only its leader may answer: (partition, error).

        `epoch` is the leader epoch that the client knows of.
        """
        partition = self.partition(topic, number)
        if partition is None:
            return None, Error.UNKNOWN_TOPIC_OR_PARTITION
        if partition.leader != node_id:
            return None, Error.NOT_LEADER_OR_FOLLOWER
        if 0 <= epoch < partition.epoch:
            return None, Error.FENCED_LEADER_EPOCH
        if epoch > partition.epoch:
            return None, Error.UNKNOWN_LEADER_EPOCH
        return partition, Error.NONE

    def move_leader(self, topic, number, node_id):
        """Gives a partition another leader."""
        partition = self.partition(topic, number)
        partition.leader = node_id
        partition.epoch += 1
        partition.log.wake()
        self.on_leader_changed(partition)

    # Coordinators.

    def offsets_partition(self, key):
        """The partition of `__consumer_offsets` that a group, or transactional id, lies in."""
        partitions = self.topics[records.TOPIC].partitions
        return partitions[records.partition_of(key, len(partitions))]

    def coordinator(self, key):
        """The node that coordinates a group or a transactional id, or None."""
        return self.leader(self.offsets_partition(key))

    # Versions.

    def versions_of(self, node_id, api, flavours):
        """The versions of an API that a node answers, or None for none."""
        found = flavours[self.flavour].get(api)
        for place in ((None, api), (node_id, api)):
            if place in self.versions:
                found = self.versions[place]
        return found
