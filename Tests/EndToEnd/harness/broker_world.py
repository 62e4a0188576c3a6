"""The cluster that the tests run on by default: test brokers in this process.

They behave as real brokers do and can be told to behave badly: `cluster` takes the commands.
"""

from broker import Cluster
from confluent_kafka.admin import AdminClient

from .waiting import equal
from .world import World


class BrokerWorld(World):
    """A cluster of test brokers."""

    is_real = False

    def __init__(self, properties=None, **options):
        """`options` are those of `broker.Cluster`; `properties` let clients in, if need be."""
        self.cluster = Cluster(partitions=self.partitions, **options)
        brokers = [one.rpartition(":") for one in self.cluster.bootstrap().split(",")]
        super().__init__([(host, int(port)) for host, _, port in brokers], properties or {})
        self._admin = AdminClient(self.client_config())

    def name(self, text):
        """A name for a topic or group that nobody else uses."""
        return text

    def offsets_partition_count(self):
        return self.cluster.topics()["__consumer_offsets"]

    def create_topic(self, text):
        """Creates a topic and returns its name."""
        self.cluster.create_topic(text)
        return text

    def uses(self, group):
        """A client is a member of a group, or commits as one."""

    def delete_topic(self, topic, groups):
        self.cluster.delete_topic(topic)

    def delete_group(self, group):
        equal(f"the error of deleting {group}", self.cluster.delete_group(group), 0)

    def close(self):
        """Ends the brokers; a request that they could not answer fails the tests."""
        failures = self.cluster.failures()
        self.cluster.close()
        assert not failures, "the test brokers failed:\n" + "\n".join(failures)
