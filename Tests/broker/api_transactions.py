"""Requests of transactional and idempotent producers."""

from kafka.protocol.producer import (
    AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse, EndTxnRequest, EndTxnResponse, InitProducerIdRequest,
    InitProducerIdResponse)

from . import records
from .errors import Error
from .wire import answers


def _refused(session, name):
    if not session.allowed("Write", "TransactionalId", name):
        return Error.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    return session.fault() or session.groups.coordinated(session.node, name)


@answers(InitProducerIdRequest, InitProducerIdResponse)
async def init_producer_id(session, request):
    """Gives a producer its id; a transactional one ends what its predecessor left open."""
    name = request.transactional_id
    if name is None:
        return InitProducerIdResponse(
            throttle_time_ms=0, error_code=session.fault(),
            producer_id=session.transactions.new_producer(), producer_epoch=0)
    error = _refused(session, name)
    if error:
        return InitProducerIdResponse(
            throttle_time_ms=0, error_code=error, producer_id=-1, producer_epoch=-1)
    found = session.transactions.init(name, request.transaction_timeout_ms)
    return InitProducerIdResponse(
        throttle_time_ms=0, error_code=Error.NONE, producer_id=found.producer_id,
        producer_epoch=found.epoch)


@answers(AddPartitionsToTxnRequest, AddPartitionsToTxnResponse)
async def add_partitions_to_txn(session, request):
    """Partitions become part of a transaction."""
    name = request.v3_and_below_transactional_id
    error = _refused(session, name) or session.transactions.check_producer(
        name, request.v3_and_below_producer_id, request.v3_and_below_producer_epoch)
    kind = AddPartitionsToTxnResponse.AddPartitionsToTxnTopicResult
    results = []
    for topic in request.v3_and_below_topics:
        refused = error
        if not refused and not session.allowed("Write", "Topic", topic.name):
            refused = Error.TOPIC_AUTHORIZATION_FAILED
        if not refused and topic.name not in session.state.topics:
            refused = Error.UNKNOWN_TOPIC_OR_PARTITION
        if not refused:
            session.transactions.add(name, [(topic.name, one) for one in topic.partitions])
        results.append(kind(name=topic.name, results_by_partition=[
            kind.AddPartitionsToTxnPartitionResult(
                partition_index=one, partition_error_code=refused)
            for one in topic.partitions
        ]))
    return AddPartitionsToTxnResponse(throttle_time_ms=0, results_by_topic_v3_and_below=results)


@answers(AddOffsetsToTxnRequest, AddOffsetsToTxnResponse)
async def add_offsets_to_txn(session, request):
    """The partition of a group becomes part of a transaction."""
    name = request.transactional_id
    error = _refused(session, name) or session.transactions.check_producer(
        name, request.producer_id, request.producer_epoch)
    if not error and not session.allowed("Read", "Group", request.group_id):
        error = Error.GROUP_AUTHORIZATION_FAILED
    if not error:
        place = session.state.offsets_partition(request.group_id)
        session.transactions.add(name, [(records.TOPIC, place.number)])
    return AddOffsetsToTxnResponse(throttle_time_ms=0, error_code=error)


@answers(EndTxnRequest, EndTxnResponse)
async def end_txn(session, request):
    """Commits or aborts."""
    name = request.transactional_id
    error = _refused(session, name) or session.transactions.check_producer(
        name, request.producer_id, request.producer_epoch)
    if not error:
        session.transactions.end(name, request.committed)
    return EndTxnResponse(throttle_time_ms=0, error_code=error)
