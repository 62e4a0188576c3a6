"""Groups of genuine clients: what the topic says is what the coordinator answers."""

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, TopicPartition

from .base import OnCluster
from .reading import replay


class Groups(OnCluster):
    def committed(self, group):
        """The offsets that the coordinator answers.

        A client that remembers an old coordinator dies of being told so (librdkafka 2.16: a
        null group in `rd_kafka_handle_OffsetFetch`), so each question has a client of its own.
        """
        admin = self.fresh_admin()
        asked = admin.list_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(group)])
        found = asked[group].result(10).topic_partitions
        return {(one.topic, one.partition): one.offset for one in found}

    def owners(self, group):
        """Client id and host by partition, as the coordinator answers them."""
        described = self.admin.describe_consumer_groups([group])[group].result(10)
        return described.state.name, {
            (place.topic, place.partition): (one.client_id, one.host)
            for one in described.members for place in one.assignment.topic_partitions
        }

    def replayed(self, group):
        return replay(self.config, self.cluster.offsets_partition(group))

    def agree(self, group):
        """The topic and the coordinator say the same of offsets and owners."""
        read = self.replayed(group)
        self.assertEqual(read.offsets.get(group, {}), self.committed(group))
        members = read.groups[group]["members"].values()
        self.assertEqual(self.owners(group)[1], {
            place: (one["client"], one["host"]) for one in members for place in one["places"]})
        return read

    def rebalanced(self, group, consumers, strategy):
        def all_have_some():
            for one in consumers:
                one.poll(0.01)
            state, owners = self.owners(group)
            return state == "STABLE" and len({client for client, _ in owners.values()}) == \
                len(consumers) and len(owners) == 4

        self.eventually(all_have_some)

    def join_and_leave(self, group, strategy):
        topic = self.topic(3)
        first = self.consumer(group, [topic], partition_assignment_strategy=strategy,
                              client_id="one")
        self.take(first, 12)
        first.commit(asynchronous=False)
        self.assertEqual(self.agree(group).offsets[group], {(topic, n): 3 for n in range(4)})
        second = self.consumer(group, [topic], partition_assignment_strategy=strategy,
                               client_id="two")
        self.rebalanced(group, [first, second], strategy)
        self.agree(group)
        second.close()
        self.rebalanced(group, [first], strategy)
        read = self.agree(group)
        self.assertEqual(read.generations[group], sorted(read.generations[group]))
        first.close()
        self.assertEqual(self.owners(group), ("EMPTY", {}))
        self.assertEqual(self.replayed(group).groups[group]["members"], {})

    def test_eager_members_join_and_leave(self):
        self.join_and_leave("eager", "range")

    def test_cooperative_members_join_and_leave(self):
        self.join_and_leave("cooperative", "cooperative-sticky")

    def test_a_static_member_comes_back_without_a_rebalance(self):
        topic = self.topic(1)
        first = self.consumer("static", [topic], group_instance_id="pod-0")
        self.take(first, 4)
        generation = self.cluster.group("static")["generation"]
        first.close()
        again = self.consumer("static", [topic], group_instance_id="pod-0")
        self.take(again, 4)
        found = self.cluster.group("static")
        self.assertEqual(found["generation"], generation)
        self.assertEqual([one["instance_id"] for one in found["members"]], ["pod-0"])
        self.agree("static")

    def test_a_member_that_falls_silent_is_put_out(self):
        topic = self.topic(1)
        consumer = self.consumer("silent", [topic], session_timeout_ms=300)
        self.take(consumer, 4)
        self.cluster.delay("Heartbeat", 2, client="rdkafka", times=1)
        self.eventually(lambda: self.cluster.group("silent")["state"] == "Empty")
        # It comes back by itself.
        self.eventually(lambda: consumer.poll(0.02) is not None
                        or self.cluster.group("silent")["state"] == "Stable")

    def test_a_group_without_members_commits_and_is_deleted(self):
        topic = self.topic()
        simple = Consumer({**self.config, "group.id": "simple"})
        simple.commit(
            offsets=[TopicPartition(topic, 1, 5, "note"), TopicPartition(topic, 2, 0)],
            asynchronous=False)
        read = self.replayed("simple")
        self.assertEqual(read.offsets["simple"], {(topic, 1): 5, (topic, 2): 0})
        self.assertNotIn("simple", read.groups)
        self.assertEqual(self.committed("simple"), read.offsets["simple"])
        simple.close()
        self.admin.delete_consumer_groups(["simple"])["simple"].result(10)
        self.assertEqual(self.replayed("simple").offsets["simple"], {})
        self.assertIsNone(self.cluster.group("simple"))

    def test_a_deleted_topic_takes_its_offsets_along(self):
        topic = self.topic()
        for number in range(3):
            self.cluster.commit("orphan", topic, number, 7)
        self.assertEqual(len(self.committed("orphan")), 3)
        self.admin.delete_topics([topic])[topic].result(10)
        self.assertEqual(self.committed("orphan"), {})
        self.assertEqual(self.replayed("orphan").offsets["orphan"], {})

    def test_groups_are_listed_by_the_broker_that_coordinates_them(self):
        topic = self.topic()
        names = {f"listed-{number}" for number in range(12)}
        for name in names:
            self.cluster.commit(name, topic, 0, 1)
        self.assertGreater(len({self.cluster.coordinator(name) for name in names}), 1)
        found = self.admin.list_consumer_groups().result(10)
        self.assertEqual(found.errors, [])
        self.assertLessEqual(names, {one.group_id for one in found.valid})

    def test_a_coordinator_moves_and_nothing_is_lost(self):
        topic = self.topic(2)
        consumer = self.consumer("moving", [topic])
        self.take(consumer, 8)
        consumer.commit(asynchronous=False)
        before = self.committed("moving")
        old = self.cluster.coordinator("moving")
        self.cluster.move_coordinator("moving", old % 3 + 1)
        self.assertEqual(self.committed("moving"), before)
        self.produce(topic, 1)
        self.take(consumer, 4)
        consumer.commit(asynchronous=False)
        self.assertEqual(set(self.agree("moving").offsets["moving"].values()), {3})


class OldGroups(Groups):
    """The same on the versions of Kafka 2.8, whose commits have no topic ids."""

    options = {"flavour": "old", "offsets_partitions": 3}
