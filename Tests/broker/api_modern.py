"""ConsumerGroupHeartbeat, the one request of the consumer protocol (KIP-848)."""

from uuid import uuid4

from kafka.protocol.api_message import ApiMessage

from . import schemas
from .api_groups import refused
from .errors import Error
from .modern import HEARTBEAT_INTERVAL, Member
from .wire import answers


class ConsumerGroupHeartbeatRequest(ApiMessage, load_json=schemas.__name__):
    """Kafka: `ConsumerGroupHeartbeatRequest.json`."""


class ConsumerGroupHeartbeatResponse(ApiMessage, load_json=schemas.__name__):
    """Kafka: `ConsumerGroupHeartbeatResponse.json`."""


_LEAVES = (-1, -2)


@answers(ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse)
async def consumer_group_heartbeat(session, request):
    """A member joins (epoch 0), leaves (-1, -2), or is still there."""
    error = refused(session, request.group_id, "Read")
    group = None
    if not error:
        group = session.groups.modern(request.group_id)
        if group is None:
            # Members of the classic protocol are still in it.
            error = Error.GROUP_ID_NOT_FOUND
    if error:
        return _response({"error_code": error})
    if request.member_epoch in _LEAVES:
        error = group.leave(request.member_id, request.instance_id)
        return _response({
            "error_code": error, "member_id": request.member_id,
            "member_epoch": request.member_epoch})
    topics = request.subscribed_topic_names
    topics = None if topics is None else frozenset(topics)
    if request.member_epoch == 0:
        return _response(group.join(Member(
            request.member_id or str(uuid4()), request.instance_id, request.rack_id,
            session.client, session.host, request.rebalance_timeout_ms, topics or frozenset(),
            request.subscribed_topic_regex if session.version >= 1 else None,
            request.server_assignor)))
    owned = None
    if request.topic_partitions is not None:
        owned = frozenset(
            (one.topic_id, number) for one in request.topic_partitions
            for number in one.partitions)
    return _response(
        group.heartbeat(request.member_id, request.member_epoch, owned, topics))


def _response(answer):
    kind = ConsumerGroupHeartbeatResponse
    places = answer.pop("assignment", None)
    assignment = None
    if places is not None:
        assignment = kind.Assignment(topic_partitions=[
            kind.Assignment.TopicPartitions(topic_id=topic, partitions=sorted(numbers))
            for topic, numbers in Member.by_topic(places).items()
        ])
    fields = {"member_id": None, "member_epoch": 0, "error_message": None, **answer}
    return kind(
        throttle_time_ms=0, heartbeat_interval_ms=HEARTBEAT_INTERVAL, assignment=assignment,
        **fields)
