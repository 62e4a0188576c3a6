"""TLS, SASL and rights: what a client is let in with, and what it is then refused or not told."""

import base64
import json
import tempfile
import time

from broker.sasl import Security
from broker.tls import Certificates
from confluent_kafka import (
    Consumer, ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition)
from confluent_kafka.admin import AdminClient, OffsetSpec

from .base import OnCluster

_ADMIN = {"sasl.mechanisms": "PLAIN", "sasl.username": "admin", "sasl.password": "admin-secret"}
_ALICE = {"sasl.mechanisms": "PLAIN", "sasl.username": "alice", "sasl.password": "alice-secret"}


class Secured(OnCluster):
    """TLS, three mechanisms, and rights for nobody but the admin."""

    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        certificates = Certificates(directory.name)
        cls.options = {"security": Security(
            certificates.server_context(), ["PLAIN", "SCRAM-SHA-256", "OAUTHBEARER"],
            {"admin": "admin-secret", "alice": "alice-secret"})}
        super().setUpClass()
        cls.plain = {
            **cls.config, "security.protocol": "sasl_ssl",
            "ssl.ca.location": certificates.authority}
        cls.config = {**cls.plain, **_ADMIN}
        cls.admin = cls.new_admin(_ADMIN)
        cls.cluster.authorize(super_users=["User:admin"])

    @classmethod
    def new_admin(cls, login):
        return AdminClient({**cls.plain, **login})

    def setUp(self):
        self.cluster.revoke()

    def refused(self, future):
        """The code of the error that an answer is."""
        with self.assertRaises(KafkaException) as raised:
            future.result(10)
        return raised.exception.args[0].code()

    def alice(self):
        """An admin client that remembers nothing."""
        return self.new_admin(_ALICE)

    # Logging in.

    def topics_of(self, login, within=5):
        return set(self.new_admin(login).list_topics(timeout=within).topics)

    def test_plain_and_scram_let_in_who_knows_the_password(self):
        topic = self.topic()
        self.cluster.allow("User:alice", "Describe", "Topic", topic)
        for mechanism in ("PLAIN", "SCRAM-SHA-256"):
            login = {**_ALICE, "sasl.mechanisms": mechanism}
            self.assertEqual(self.topics_of(login), {topic})
            problems = []
            wrong = {**login, "sasl.password": "x", "error_cb": problems.append}
            client = self.new_admin(wrong)
            self.eventually(lambda: client.poll(0.05) and problems)
            self.assertEqual(problems[0].code(), KafkaError._AUTHENTICATION)

    def test_a_token_lets_in_the_one_it_names(self):
        topic = self.topic()
        self.cluster.allow("User:pod", "Describe", "Topic", topic)
        parts = [{"alg": "none"}, {"sub": "pod", "exp": int(time.time()) + 60}]
        token = ".".join(
            base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=")
            for one in parts) + "."
        login = {
            "sasl.mechanisms": "OAUTHBEARER", "oauth_cb": lambda _: (token, time.time() + 60)}
        self.assertEqual(self.topics_of(login), {topic})

    def test_changed_passwords_hold_for_new_connections(self):
        topic = self.topic()
        self.cluster.allow("User:bob", "Describe", "Topic", topic)
        bob = {**_ALICE, "sasl.username": "bob", "sasl.password": "first"}
        self.cluster.set_user("bob", "first")
        self.assertEqual(self.topics_of(bob), {topic})
        self.cluster.set_user("bob", "second")
        with self.assertRaises(KafkaException):
            self.topics_of(bob, 0.5)
        self.assertEqual(self.topics_of({**bob, "sasl.password": "second"}), {topic})

    # Rights.

    def consumed(self, topic):
        """What reading a topic gives alice: an error code, or 0."""
        consumer = Consumer({
            **self.plain, **_ALICE, "group.id": "x", "auto.offset.reset": "earliest",
            "enable.partition.eof": True})
        self.addCleanup(consumer.close)
        consumer.assign([TopicPartition(topic, 0, 0)])
        message = consumer.poll(10)
        code = message.error().code() if message.error() else 0
        return 0 if code == KafkaError._PARTITION_EOF else code

    def test_reading_a_topic_needs_read(self):
        topic = self.topic(1)
        self.cluster.allow("User:alice", "Describe", "Group", "x")
        self.cluster.allow("User:alice", "Describe", "Topic", topic)
        self.assertEqual(self.consumed(topic), KafkaError.TOPIC_AUTHORIZATION_FAILED)
        self.cluster.allow("User:alice", "Read", "Topic", topic)
        self.assertEqual(self.consumed(topic), 0)

    def test_metadata_and_list_offsets_need_describe(self):
        topic = self.topic(1)
        place = TopicPartition(topic, 0)
        alice = self.alice()
        self.assertEqual(alice.list_topics(timeout=5).topics, {})
        found = alice.list_topics(topic, timeout=5).topics[topic]
        self.assertEqual(found.error.code(), KafkaError.TOPIC_AUTHORIZATION_FAILED)
        # The client asks nobody, because it is not told of a leader.
        self.assertEqual(
            self.refused(alice.list_offsets({place: OffsetSpec.latest()})[place]),
            KafkaError._NOENT)
        self.cluster.allow("User:alice", "Describe", "Topic", "topic-*")
        self.assertEqual(set(alice.list_topics(timeout=5).topics), set(self.own_topics()))
        self.assertEqual(
            alice.list_offsets({place: OffsetSpec.latest()})[place].result(5).offset, 1)

    def own_topics(self):
        return [name for name in self.cluster.topics() if name.startswith("topic-")]

    def test_groups_are_left_out_of_the_list_without_a_word(self):
        topic = self.topic()
        for name in ("mine-1", "mine-2", "theirs"):
            self.cluster.commit(name, topic, 0, 1)

        def listed():
            alice = self.alice()
            found = alice.list_consumer_groups().result(10)
            self.assertEqual(found.errors, [])
            return {one.group_id for one in found.valid} & {"mine-1", "mine-2", "theirs"}

        self.assertEqual(listed(), set())
        self.cluster.allow("User:alice", "Describe", "Group", "mine-*")
        self.assertEqual(listed(), {"mine-1", "mine-2"})
        self.cluster.allow("User:alice", "Describe", "Cluster")
        self.assertEqual(listed(), {"mine-1", "mine-2", "theirs"})

    def test_offsets_need_the_group_and_each_topic(self):
        topic, group = self.topic(), "guarded"
        self.cluster.create_topic("topic-other")
        self.cluster.commit(group, topic, 0, 1)
        self.cluster.commit(group, "topic-other", 0, 2)

        def asked(places=None):
            # Kept, because a client that goes takes its answers along.
            self.asker = self.alice()
            wanted = ConsumerGroupTopicPartitions(group, places)
            return self.asker.list_consumer_group_offsets([wanted])[group]

        self.assertEqual(self.refused(asked()), KafkaError.GROUP_AUTHORIZATION_FAILED)
        self.cluster.allow("User:alice", "Describe", "Group", group)
        # All topics: what may not be seen is left out. By name: each partition says so.
        self.assertEqual(asked().result(10).topic_partitions, [])
        self.cluster.allow("User:alice", "Describe", "Topic", topic)
        found = asked().result(10).topic_partitions
        self.assertEqual([(one.topic, one.offset) for one in found], [(topic, 1)])
        named = asked([TopicPartition(topic, 0), TopicPartition("topic-other", 0)])
        found = {one.topic: one for one in named.result(10).topic_partitions}
        self.assertEqual(found[topic].offset, 1)
        self.assertEqual(
            found["topic-other"].error.code(), KafkaError.TOPIC_AUTHORIZATION_FAILED)

    def test_describing_a_group_needs_describe(self):
        topic, group = self.topic(), "described"
        self.cluster.commit(group, topic, 0, 1)
        alice = self.alice()
        self.assertEqual(
            self.refused(alice.describe_consumer_groups([group])[group]),
            KafkaError.GROUP_AUTHORIZATION_FAILED)
        self.cluster.allow("User:alice", "Read", "Group", group)
        found = alice.describe_consumer_groups([group])[group].result(10)
        self.assertEqual(found.state.name, "EMPTY")
