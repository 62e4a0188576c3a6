"""Requests about records: Produce, Fetch, ListOffsets, OffsetForLeaderEpoch."""

import asyncio

from kafka.protocol.consumer import (
    FetchRequest, FetchResponse, ListOffsetsRequest, ListOffsetsResponse,
    OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse)
from kafka.protocol.producer import ProduceRequest, ProduceResponse

from . import batches
from .errors import Error
from .wire import answers

_LATEST = -1
_EARLIEST = -2
_MAX_TIMESTAMP = -3
_EARLIEST_LOCAL = -4


@answers(ProduceRequest, ProduceResponse)
async def produce(session, request):
    """Appends batches; no answer with acks=0."""
    topics = []
    for topic in request.topic_data:
        name, error = _name(session, topic, 13, "name")
        parts = [
            _append(session, request, name, error, one) for one in topic.partition_data
        ]
        topics.append(ProduceResponse.TopicProduceResponse(
            name=name, topic_id=topic.topic_id, partition_responses=parts))
    if request.acks == 0:
        return None
    return ProduceResponse(responses=topics, throttle_time_ms=0)


def _name(session, topic, first, field):
    """The name of a topic that is named by its id from version `first` on: (name, error)."""
    if session.version < first:
        return getattr(topic, field), Error.NONE
    found = session.state.topic_with_id(topic.topic_id)
    return (found.name, Error.NONE) if found else (None, Error.UNKNOWN_TOPIC_ID)


def _append(session, request, name, error, one):
    base = -1
    partition = None
    if not error:
        error = session.fault(topic=name, partition=one.index)
    if not error and not session.allowed("Write", "Topic", name):
        error = Error.TOPIC_AUTHORIZATION_FAILED
    if not error:
        partition, error = session.state.led_by(session.node.id, name, one.index)
    if not error:
        try:
            found = batches.split(one.records)
        except (ValueError, IndexError):
            error = Error.CORRUPT_MESSAGE
        else:
            for data in found:
                error = session.transactions.check(request.transactional_id, data, partition)
                if error:
                    break
                batch = partition.log.append(data, partition.epoch)
                base = batch.base if base < 0 else base
    return ProduceResponse.TopicProduceResponse.PartitionProduceResponse(
        index=one.index, error_code=error, base_offset=base, log_append_time_ms=-1,
        log_start_offset=partition.log.start if partition else -1, record_errors=[])


@answers(FetchRequest, FetchResponse)
async def fetch(session, request):
    """Batches from offsets on; waits up to `max_wait_ms` for `min_bytes`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + request.max_wait_ms / 1000
    changed = asyncio.Event()
    logs = _logs(session, request)
    for log in logs:
        log.add_waiter(changed)
    try:
        while True:
            changed.clear()
            topics, size, has_error = _read(session, request)
            left = deadline - loop.time()
            if size >= request.min_bytes or has_error or left <= 0:
                break
            try:
                await asyncio.wait_for(changed.wait(), left)
            except asyncio.TimeoutError:
                pass
    finally:
        for log in logs:
            log.remove_waiter(changed)
    _count(session, topics)
    # Session 0: every request of the client names all partitions that it wants.
    return FetchResponse(
        throttle_time_ms=0, error_code=Error.NONE, session_id=0, responses=topics)


def _logs(session, request):
    found = []
    for topic in request.topics:
        name, _ = _name(session, topic, 13, "topic")
        for one in topic.partitions:
            partition = session.state.partition(name, one.partition)
            if partition is not None:
                found.append(partition.log)
    return found


def _read(session, request):
    """The answer as it would be now: (topics, bytes, whether an error makes waiting useless)."""
    topics, size, has_error = [], 0, False
    is_committed = request.isolation_level == 1
    for topic in request.topics:
        name, error = _name(session, topic, 13, "topic")
        parts = []
        for one in topic.partitions:
            left = max(0, request.max_bytes - size)
            part = _read_one(session, name, error, one, is_committed, left)
            size += len(part.records)
            has_error = has_error or part.error_code != 0
            parts.append(part)
        topics.append(FetchResponse.FetchableTopicResponse(
            topic=name, topic_id=topic.topic_id, partitions=parts))
    return topics, size, has_error


def _read_one(session, name, error, one, is_committed, left):
    kind = FetchResponse.FetchableTopicResponse.PartitionData
    partition = None
    if not error and not session.allowed("Read", "Topic", name):
        error = Error.TOPIC_AUTHORIZATION_FAILED
    if not error:
        partition, error = session.state.led_by(
            session.node.id, name, one.partition, one.current_leader_epoch)
    error = session.fault(topic=name, partition=one.partition) or error
    log = partition.log if partition else None
    if not error and not log.start <= one.fetch_offset <= log.end:
        error = Error.OFFSET_OUT_OF_RANGE
    if error:
        return kind(
            partition_index=one.partition, error_code=error, high_watermark=-1,
            last_stable_offset=-1, log_start_offset=-1, aborted_transactions=None, records=b"")
    # The first batch of an answer is given even when it is larger than asked for.
    found = []
    if left > 0:
        found = log.read(one.fetch_offset, min(left, one.partition_max_bytes), is_committed)
    aborted = None
    if is_committed:
        last = found[-1].last if found else one.fetch_offset
        aborted = [
            kind.AbortedTransaction(producer_id=gone.producer_id, first_offset=gone.first)
            for gone in log.aborted_within(one.fetch_offset, last)
        ]
    return kind(
        partition_index=one.partition, error_code=Error.NONE, high_watermark=log.end,
        last_stable_offset=log.stable, log_start_offset=log.start, aborted_transactions=aborted,
        records=b"".join(batch.data for batch in found))


def _count(session, topics):
    for topic in topics:
        for part in topic.partitions:
            session.state.counters.count_records(
                session.client, topic.topic, part.partition_index, len(part.records))


@answers(ListOffsetsRequest, ListOffsetsResponse)
async def list_offsets(session, request):
    """Offsets by time, or the start, end or newest record of partitions."""
    is_committed = session.version >= 2 and request.isolation_level == 1
    topics = []
    for topic in request.topics:
        kind = ListOffsetsResponse.ListOffsetsTopicResponse
        parts = [
            _list_one(session, kind, topic.name, one, is_committed) for one in topic.partitions
        ]
        topics.append(kind(name=topic.name, partitions=parts))
    return ListOffsetsResponse(throttle_time_ms=0, topics=topics)


def _list_one(session, kind, name, one, is_committed):
    partition, error = session.state.led_by(
        session.node.id, name, one.partition_index, one.current_leader_epoch)
    if not session.allowed("Describe", "Topic", name):
        error = Error.TOPIC_AUTHORIZATION_FAILED
    error = session.fault(topic=name, partition=one.partition_index) or error
    offset, time, old = -1, -1, []
    if not error:
        offset, time = _offset_at(partition.log, one.timestamp, is_committed)
        old = [offset]
    return kind.ListOffsetsPartitionResponse(
        partition_index=one.partition_index, error_code=error, old_style_offsets=old,
        timestamp=time, offset=offset, leader_epoch=-1 if error else partition.epoch)


def _offset_at(log, timestamp, is_committed):
    if timestamp == _LATEST:
        return log.limit(is_committed), -1
    if timestamp in (_EARLIEST, _EARLIEST_LOCAL):
        return log.start, -1
    if timestamp == _MAX_TIMESTAMP:
        return log.newest() or (-1, -1)
    return log.at_time(timestamp, is_committed) or (-1, -1)


@answers(OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse)
async def offset_for_leader_epoch(session, request):
    """Where leader epochs end: clients ask after a leader has moved."""
    topics = []
    for topic in request.topics:
        kind = OffsetForLeaderEpochResponse.OffsetForLeaderTopicResult
        parts = []
        for one in topic.partitions:
            partition, error = session.state.led_by(
                session.node.id, topic.topic, one.partition, one.current_leader_epoch)
            if not session.allowed("Describe", "Topic", topic.topic):
                error = Error.TOPIC_AUTHORIZATION_FAILED
            error = session.fault(topic=topic.topic, partition=one.partition) or error
            epoch, end = -1, -1
            if not error:
                epoch, end = partition.log.end_of_epoch(one.leader_epoch)
            parts.append(kind.EpochEndOffset(
                error_code=error, partition=one.partition, leader_epoch=epoch, end_offset=end))
        topics.append(kind(topic=topic.topic, partitions=parts))
    return OffsetForLeaderEpochResponse(throttle_time_ms=0, topics=topics)
