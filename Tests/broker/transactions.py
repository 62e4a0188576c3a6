"""The transaction coordinator: producers, what their transactions touch, and how those end."""

import asyncio
from dataclasses import dataclass, field

from kafka.record.memory_records import MemoryRecords

from . import records
from .errors import Error


@dataclass
class Transaction:
    """A transactional id and its producer; at most one transaction is open."""

    producer_id: int
    epoch: int
    # Milliseconds after which it is aborted; None for never.
    timeout: int
    # (topic, partition) pairs that it has written to.
    places: set = field(default_factory=set)
    timer: asyncio.TimerHandle = field(default=None, repr=False)


class Transactions:
    """All transactions of a cluster."""

    def __init__(self, state, groups):
        self._state = state
        self._groups = groups
        self._by_id = {}
        self._next_producer = 1000

    def new_producer(self):
        """An id that no producer had before."""
        self._next_producer += 1
        return self._next_producer

    def get(self, name):
        """The transaction of a transactional id, or None."""
        return self._by_id.get(name)

    def init(self, name, timeout):
        """A producer begins: what an earlier one of the same id left open is aborted."""
        found = self._by_id.get(name)
        if found is None:
            found = self._by_id[name] = Transaction(self.new_producer(), 0, timeout)
        else:
            self._end(found, False)
            found.epoch += 1
            found.timeout = timeout
        return found

    def check_producer(self, name, producer_id, epoch):
        """The error of a request within a transaction."""
        found = self._by_id.get(name)
        if found is None or found.producer_id != producer_id:
            return Error.INVALID_PRODUCER_ID_MAPPING
        if found.epoch != epoch:
            return Error.INVALID_PRODUCER_EPOCH
        return Error.NONE

    def check(self, name, data, partition):
        """The error of a batch that is to be appended."""
        batch = MemoryRecords(bytes(data)).next_batch()
        if not batch.is_transactional:
            return Error.NONE
        error = self.check_producer(name, batch.producer_id, batch.producer_epoch)
        if not error and (partition.topic, partition.number) not in self._by_id[name].places:
            error = Error.INVALID_TXN_STATE
        return error

    def add(self, name, places):
        """Partitions become part of a transaction, which begins with the first."""
        found = self._by_id[name]
        if not found.places and found.timeout is not None:
            loop = asyncio.get_running_loop()
            found.timer = loop.call_later(found.timeout / 1000, self._expire, found)
        found.places.update(places)

    def end(self, name, is_commit):
        """Ends a transaction: a marker goes into each partition that it touched."""
        self._end(self._by_id[name], is_commit)

    def _end(self, one, is_commit):
        if one.timer:
            one.timer.cancel()
            one.timer = None
        for topic, number in sorted(one.places):
            partition = self._state.partition(topic, number)
            # A deleted topic needs no marker.
            if partition is not None:
                now = self._state.nodes[partition.leader].now()
                partition.log.end_transaction(
                    is_commit, (one.producer_id, one.epoch), now, partition.epoch)
                if topic == records.TOPIC:
                    self._groups.end_transaction(partition, one.producer_id, is_commit)
        one.places.clear()

    def _expire(self, one):
        self._end(one, False)
        # Whoever comes late with this epoch is refused.
        one.epoch += 1
