"""Members whose client has nothing of librdkafka in it: the agent has, and could be wrong alike."""

import threading

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import RebalanceInProgressError

from harness.context import status
from harness.runner import CannotRun, scenario
from harness.waiting import equal, eventually


class Member(threading.Thread):
    """A member of kafka-python that commits what it has read; its client wants one thread."""

    def __init__(self, world, group, topic, client_id):
        super().__init__(daemon=True)
        self.client_id = client_id
        # By (topic, partition), as the client itself says.
        self.positions = {}
        self.failure = None
        self._leaves = threading.Event()
        self._consumer = KafkaConsumer(
            topic, bootstrap_servers=world.bootstrap.split(","), group_id=group,
            client_id=client_id, auto_offset_reset="earliest", enable_auto_commit=False,
            heartbeat_interval_ms=500, session_timeout_ms=10_000)
        world.uses(group)
        self.start()

    def run(self):
        try:
            while not self._leaves.is_set():
                self._consumer.poll(timeout_ms=200)
                places = self._consumer.assignment()
                if places:
                    try:
                        self._consumer.commit()
                    except RebalanceInProgressError:
                        continue  # the next poll takes part in it
                self.positions = {
                    (place.topic, place.partition): self._consumer.position(place)
                    for place in places
                }
        except Exception as error:  # told by `check`, in the thread of the test
            self.failure = error
        self._consumer.close()

    def end_offsets(self, topic, count):
        """The log ends, asked for with a client of their own."""
        asker = KafkaConsumer(bootstrap_servers=self._consumer.config["bootstrap_servers"])
        try:
            return {
                (place.topic, place.partition): end
                for place, end in asker.end_offsets(
                    [TopicPartition(topic, number) for number in range(count)]).items()
            }
        finally:
            asker.close()

    def check(self):
        if self.failure:
            raise self.failure

    def leave(self):
        self._leaves.set()
        self.join(20)


@scenario("members of kafka-python: owners, offsets and lags are those that they say themselves")
def kafka_python(context):
    if context.world.properties:
        raise CannotRun("kafka-python does not know librdkafka's properties")
    group = context.group("kafka-python")
    topic = context.topic("kafka-python")
    members = [
        Member(context.world, group, topic, name) for name in ("python-one", "python-two")]

    def shown():
        return {
            (one["topic"], one["partition"]): one
            for one in status(context.agent, group, "lag")["partitions"]
        }

    def agree(present):
        def check():
            for one in present:
                one.check()
            said = {place: one.client_id for one in present for place in one.positions}
            equal("how many are owned", len(said), context.world.partitions)
            found = {place: one["client_id"] for place, one in shown().items()}
            equal("the owners", found, said)
            return True
        return check

    try:
        eventually("both members own what they say", agree(members), 40)
        context.feed.remove(topic)
        ends = members[0].end_offsets(topic, context.world.partitions)

        def lags_agree():
            said = {place: at for one in members for place, at in one.positions.items()}
            found = shown()
            equal("the offsets", {place: one["end"]["offset"] for place, one in found.items()},
                  said)
            equal("the lags", {place: one["current_lag"] for place, one in found.items()},
                  {place: ends[place] - said[place] for place in said})
            return True

        eventually("offsets and lags are those that the members say", lags_agree, 40)
        members[1].leave()
        eventually("the other owns all after one has left", agree(members[:1]), 40)
    finally:
        for one in members:
            one.leave()
