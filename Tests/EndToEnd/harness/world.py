"""What scenarios need of a Kafka, and the real one; the one of the tests is in `broker_world`.

Both have the same face, so that every scenario is written once.
"""

import secrets
import threading

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from broker import records
from .waiting import eventually

OFFSETS_TOPIC = records.TOPIC
# Log lines of the clients are noise: brokers go away on purpose.
_QUIET = {"log_level": "0"}


class World:
    """What both kinds have in common."""

    # Partitions of each topic.
    partitions = 4

    def __init__(self, brokers, properties):
        self.brokers = brokers
        self.properties = properties
        self._offsets_count = None

    @property
    def bootstrap(self):
        """`host:port`, separated by commas."""
        return ",".join(f"{host}:{port}" for host, port in self.brokers)

    def client_config(self, **more):
        """The configuration of a client; keywords are properties with `_` for `.`."""
        config = {"bootstrap.servers": self.bootstrap, **_QUIET, **self.properties}
        config.update({name.replace("_", "."): value for name, value in more.items()})
        return config

    def consumer_config(self, group, protocol="classic", **more):
        """The configuration of a member of a group that commits by itself."""
        if protocol == "classic":
            more.update(session_timeout_ms=10_000, heartbeat_interval_ms=500)
        return self.client_config(
            group_id=group, group_protocol=protocol, enable_auto_commit=False,
            auto_offset_reset="earliest", fetch_wait_max_ms=100, **more)

    def offsets_partition(self, group):
        """The partition of `__consumer_offsets` that a group lies in."""
        if self._offsets_count is None:
            self._offsets_count = self.offsets_partition_count()
        return records.partition_of(group, self._offsets_count)

    def leaders(self, topic):
        """The (host, port) of each partition's leader, by partition."""
        found = self._admin.list_topics(topic, timeout=20)
        return {
            number: (found.brokers[one.leader].host, found.brokers[one.leader].port)
            for number, one in found.topics[topic].partitions.items() if one.leader >= 0
        }

    def owners(self, group):
        """Host and client id by (topic, partition), as the group's coordinator says."""
        # A client remembers the coordinator, and is not told again when that has moved.
        admin = AdminClient(self.client_config())
        described = admin.describe_consumer_groups([group], request_timeout=20)[group]
        return {
            (place.topic, place.partition): (member.host, member.client_id)
            for member in described.result(timeout=30).members if member.assignment
            for place in member.assignment.topic_partitions
        }

    def log_ends(self, places):
        """The log-end offsets by (topic, partition)."""
        asked = {TopicPartition(*place): OffsetSpec.latest() for place in places}
        answers = self._admin.list_offsets(asked, request_timeout=20) if asked else {}
        return {
            (place.topic, place.partition): answer.result(timeout=30).offset
            for place, answer in answers.items()
        }


class KafkaWorld(World):
    """A real cluster; topics and groups get names of their own and are deleted at the end."""

    is_real = True

    def __init__(self, bootstrap, properties):
        host_ports = [one.rpartition(":") for one in bootstrap.split(",")]
        super().__init__([(host, int(port)) for host, _, port in host_ports], properties)
        self._admin = AdminClient(self.client_config())
        # The addresses that brokers give of themselves, not those that were named.
        found = self._admin.list_topics(timeout=30).brokers.values()
        self.brokers = [(one.host, one.port) for one in found]
        self._run = secrets.token_hex(4)
        self._lock = threading.Lock()
        self._topics = []
        self._groups = set()
        self._touch_offsets_topic()

    def name(self, text):
        return f"{text}-vole-{self._run}"

    def _touch_offsets_topic(self):
        """`__consumer_offsets` comes with the first question for a coordinator."""
        group = self.name("first")
        self._groups.add(group)
        with_group = Consumer(self.consumer_config(group))

        def ask():
            try:
                with_group.committed([TopicPartition("none", 0)], timeout=10)
            except KafkaException as error:
                assert error.args[0].code() in (
                    KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION,
                    KafkaError.TOPIC_AUTHORIZATION_FAILED), str(error)
            return self.offsets_partition_count() > 0

        eventually("__consumer_offsets exists", ask, within=60)
        with_group.close()

    def offsets_partition_count(self):
        topics = self._admin.list_topics(timeout=30).topics
        assert OFFSETS_TOPIC in topics, (
            f"{OFFSETS_TOPIC} is not in the cluster's metadata: the principal needs Describe and "
            "Read on it")
        return len(topics[OFFSETS_TOPIC].partitions)

    def create_topic(self, text):
        name = self.name(text)
        created = self._admin.create_topics(
            [NewTopic(name, num_partitions=self.partitions, replication_factor=-1)])
        created[name].result(timeout=30)
        with self._lock:
            self._topics.append(name)

        def has_leaders():
            topic = self._admin.list_topics(name, timeout=10).topics[name]
            return len(topic.partitions) == self.partitions and all(
                one.leader >= 0 for one in topic.partitions.values())

        eventually(f"topic {name} has leaders", has_leaders)
        return name

    def uses(self, group):
        """A client is a member of a group, or commits as one; it is deleted at the end."""
        with self._lock:
            self._groups.add(group)

    def delete_topic(self, topic, groups):
        self._admin.delete_topics([topic])[topic].result(timeout=30)
        with self._lock:
            self._topics.remove(topic)

    def delete_group(self, group):
        def deleted():
            try:
                self._admin.delete_consumer_groups([group])[group].result(timeout=30)
            except KafkaException as error:
                if error.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND:
                    return True
                raise AssertionError(str(error)) from error
            return True

        eventually(f"group {group} can be deleted", deleted, within=30, pause=0.5)
        with self._lock:
            self._groups.discard(group)

    def close(self):
        """Deletes the topics and groups of this run; what cannot be deleted is said."""
        for group in sorted(self._groups):
            try:
                self.delete_group(group)
            except AssertionError as error:
                print(f"left behind: group {group}: {error}")
        if not self._topics:
            return
        for name, deleted in self._admin.delete_topics(self._topics).items():
            try:
                deleted.result(timeout=30)
            except KafkaException as error:
                print(f"left behind: topic {name}: {error}")
