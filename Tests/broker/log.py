"""The log of one partition: batches, the high watermark, and what transactions do to both ends."""

from dataclasses import dataclass

from . import batches


@dataclass
class Aborted:
    """A transaction that was aborted: a read_committed client skips its records."""

    producer_id: int
    first: int
    last: int


class PartitionLog:
    """A log. Its high watermark is its end: everything that is written is replicated at once."""

    def __init__(self):
        self.start = 0
        self.end = 0
        self.batches = []
        # First offset of each open transaction, by producer id.
        self.open = {}
        self.aborted = []
        # (epoch, first offset) for OffsetForLeaderEpoch, oldest first.
        self.epochs = []
        self._last_sequences = {}
        self._waiters = set()

    # Writing.

    def append(self, data, epoch):
        """Appends a batch; returns it as it lies in the log."""
        batch = batches.place(data, self.end, epoch)
        known = self._last_sequences.get(batch.producer_id)
        if batch.producer_id >= 0 and batch.base_sequence >= 0:
            if known and known[:2] == (batch.producer_epoch, batch.base_sequence):
                # A retry of what has been written: answered, not written again.
                return known[2]
            self._last_sequences[batch.producer_id] = (
                batch.producer_epoch, batch.base_sequence, batch)
        if not self.epochs or self.epochs[-1][0] != epoch:
            self.epochs.append((epoch, self.end))
        if batch.is_transactional and not batch.is_control:
            self.open.setdefault(batch.producer_id, batch.base)
        self.batches.append(batch)
        self.end = batch.last + 1
        self.wake()
        return batch

    def end_transaction(self, is_commit, producer, time, epoch):
        """Writes the marker that ends the transaction of `producer`, an (id, epoch)."""
        marker = self.append(batches.build_control(is_commit, producer, time), epoch)
        first = self.open.pop(producer[0], None)
        if first is not None and not is_commit:
            self.aborted.append(Aborted(producer[0], first, marker.base))
        self.wake()

    def delete_before(self, offset):
        """Moves the start of the log, as DeleteRecords and retention do."""
        self.start = max(self.start, min(offset, self.end))
        self.batches = [one for one in self.batches if one.last >= self.start]
        self.aborted = [one for one in self.aborted if one.last >= self.start]

    def compact(self):
        """Drops batches all of whose records have a newer one with the same key.

        Control batches and the newest batch stay, as the cleaner leaves the active segment.
        """
        newest = {}
        for batch in self.batches:
            if not batch.is_control:
                newest.update({record.key: record.offset for record in batch.records()})
        self.batches = [
            batch for batch in self.batches
            if batch.is_control or batch is self.batches[-1] or any(
                newest[record.key] == record.offset for record in batch.records())
        ]

    # Reading.

    @property
    def stable(self):
        """The last stable offset: nothing from here on may be seen by read_committed."""
        return min(self.open.values(), default=self.end)

    def limit(self, is_committed):
        """Where a reader of an isolation level must stop."""
        return self.stable if is_committed else self.end

    def read(self, offset, largest, is_committed):
        """Whole batches from an offset on, at least one if there is any, up to `largest` bytes."""
        limit = self.limit(is_committed)
        found, size = [], 0
        for batch in self._from(offset):
            if batch.base >= limit or (found and size + len(batch.data) > largest):
                break
            found.append(batch)
            size += len(batch.data)
        return found

    def _from(self, offset):
        low, high = 0, len(self.batches)
        while low < high:
            middle = (low + high) // 2
            if self.batches[middle].last < offset:
                low = middle + 1
            else:
                high = middle
        for index in range(low, len(self.batches)):
            yield self.batches[index]

    def aborted_within(self, first, last):
        """The aborted transactions that touch a range of offsets."""
        return [one for one in self.aborted if one.last >= first and one.first <= last]

    def records(self):
        """All records in the log, without those of control batches."""
        return [
            record for batch in self.batches if not batch.is_control
            for record in batch.records() if record.offset >= self.start
        ]

    def at_time(self, time, is_committed):
        """(offset, time) of the first record that is not older than `time`, or None."""
        limit = self.limit(is_committed)
        for batch in self.batches:
            if batch.max_time < time:
                continue
            for record in batch.records():
                if record.timestamp >= time and self.start <= record.offset < limit:
                    return record.offset, record.timestamp
        return None

    def newest(self):
        """(offset, time) of the record with the largest time, or None."""
        best = None
        for batch in self.batches:
            if batch.is_control or (best and batch.max_time <= best[1]):
                continue
            for record in batch.records():
                if best is None or record.timestamp > best[1]:
                    best = (record.offset, record.timestamp)
        return best

    def end_of_epoch(self, epoch):
        """(epoch, end offset) of the largest epoch that is not above `epoch`."""
        best, end = -1, -1
        for index, (one, _) in enumerate(self.epochs):
            if one <= epoch:
                after = self.epochs[index + 1:index + 2]
                best, end = one, after[0][1] if after else self.end
        return best, end

    # Waiting.

    def add_waiter(self, event):
        """The event is set when the log changes."""
        self._waiters.add(event)

    def remove_waiter(self, event):
        self._waiters.discard(event)

    def wake(self):
        """Wakes whoever waits for a change."""
        for event in self._waiters:
            event.set()
