"""Record batches of message format 2, made and taken apart by kafka-python.

The one thing that its builder leaves out is a control batch, which only brokers write: for that the
attributes are set and the checksum is renewed here.
"""

import struct
from dataclasses import dataclass

from kafka.record.default_records import DefaultRecordBase, DefaultRecordBatchBuilder
from kafka.record.memory_records import MemoryRecords
from kafka.record.util import calc_crc32c

_LARGEST = 1 << 30
_EPOCH_OFFSET = struct.calcsize(">qi")


@dataclass
class Batch:
    """A batch as it lies in a log."""

    data: bytearray
    base: int
    last: int
    epoch: int
    first_time: int
    max_time: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    is_transactional: bool
    is_control: bool

    def records(self):
        """The records; those of a control batch have `type`."""
        return list(MemoryRecords(bytes(self.data)).next_batch())


def build(records, time, producer=None):
    """A batch of (key, value) pairs, all with the same time in ms.

    `producer` is (id, epoch) for a transactional batch.
    """
    producer_id, producer_epoch = producer or (-1, -1)
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=0, is_transactional=producer is not None,
        producer_id=producer_id, producer_epoch=producer_epoch,
        # Coordinators write without sequence numbers.
        base_sequence=-1, batch_size=_LARGEST)
    for number, (key, value) in enumerate(records):
        builder.append(number, time, key, value, [])
    return bytearray(builder.build())


def build_control(is_commit, producer, time, coordinator_epoch=0):
    """The marker that ends a transaction of `producer`, an (id, epoch)."""
    key = struct.pack(">hh", 0, 1 if is_commit else 0)
    data = build([(key, struct.pack(">hi", 0, coordinator_epoch))], time, producer)
    at = DefaultRecordBase.ATTRIBUTES_OFFSET
    attributes = struct.unpack_from(">h", data, at)[0] | DefaultRecordBase.CONTROL_MASK
    struct.pack_into(">h", data, at, attributes)
    checksum = calc_crc32c(memoryview(data)[at:])
    struct.pack_into(">I", data, DefaultRecordBase.CRC_OFFSET, checksum)
    return data


def place(data, base, epoch):
    """Gives a batch its offset and leader epoch, neither of which the checksum covers."""
    data = bytearray(data)
    struct.pack_into(">q", data, 0, base)
    struct.pack_into(">i", data, _EPOCH_OFFSET, epoch)
    one = MemoryRecords(bytes(data)).next_batch()
    return Batch(
        data=data, base=base, last=base + one.last_offset_delta, epoch=epoch,
        first_time=one.first_timestamp, max_time=one.max_timestamp, producer_id=one.producer_id,
        producer_epoch=one.producer_epoch, base_sequence=one.base_sequence,
        is_transactional=one.is_transactional, is_control=one.is_control_batch)


def split(data):
    """The batches of a Produce request, each as bytes; raises ValueError for other formats."""
    found = []
    data = bytes(data)
    at = 0
    while at < len(data):
        size = struct.unpack_from(">i", data, at + 8)[0] + 12
        if data[at + 16] != 2:
            raise ValueError("not message format 2")
        found.append(data[at:at + size])
        at += size
    return found
