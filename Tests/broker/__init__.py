"""A Kafka cluster for tests: several brokers in one process, everything in memory.

librdkafka's mock brokers know no DescribeGroups, no isolation level and no authorisation, never
write `__consumer_offsets`, and cannot fail a Metadata request. This fixture does all of that, for
genuine clients that notice no difference. Requests are decoded and responses encoded by the
protocol classes of kafka-python, and records by its batch builder; what stands here is what a
broker does with them.

`Cluster` is the whole of it for Python; `run` is the same for everybody else.
"""

from .control import Cluster

__all__ = ["Cluster"]
