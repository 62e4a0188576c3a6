"""Requests about the cluster: Metadata, FindCoordinator, DescribeCluster.

ApiVersions is answered by the server itself, because it comes before anybody has logged in.
"""

from kafka.protocol.admin import DescribeClusterRequest, DescribeClusterResponse
from kafka.protocol.metadata import (
    ApiVersionsRequest, ApiVersionsResponse, FindCoordinatorRequest, FindCoordinatorResponse,
    MetadataRequest, MetadataResponse)

from . import records
from .errors import Error
from .wire import answers

_GROUP = 0


@answers(ApiVersionsRequest, ApiVersionsResponse)
async def api_versions(session, request):
    """Never called."""


@answers(MetadataRequest, MetadataResponse)
async def metadata(session, request):
    """Brokers that are up, and topics: those asked for, or all that the client may see."""
    state = session.state
    wanted = request.topics
    if wanted is None or (session.version == 0 and not wanted):
        topics = [
            _topic(session, name) for name in sorted(state.topics)
            if session.allowed("Describe", "Topic", name)
        ]
    else:
        topics = [_wanted(session, request, one) for one in wanted]
    up = [node for node in state.nodes.values() if node.is_up]
    return MetadataResponse(
        throttle_time_ms=0, cluster_id=state.cluster_id, controller_id=up[0].id, topics=topics,
        brokers=[
            MetadataResponse.MetadataResponseBroker(
                node_id=node.id, host=node.host, port=node.port)
            for node in up
        ], error_code=Error.NONE)


def _wanted(session, request, one):
    state = session.state
    name = one.name if session.version >= 10 else getattr(one, "name", one)
    if name is None:
        found = state.topic_with_id(one.topic_id)
        if found is None:
            return _refused(None, Error.UNKNOWN_TOPIC_ID, one.topic_id)
        name = found.name
    if not session.allowed("Describe", "Topic", name):
        return _refused(name, Error.TOPIC_AUTHORIZATION_FAILED)
    if name not in state.topics and state.auto_create and request.allow_auto_topic_creation:
        state.create_topic(name, state.default_partitions)
    return _topic(session, name)


def _refused(name, error, topic_id=None):
    return MetadataResponse.MetadataResponseTopic(
        error_code=error, name=name, topic_id=topic_id, partitions=[])


def _topic(session, name):
    topic = session.state.topics.get(name)
    error = session.fault(topic=name)
    if error or topic is None:
        return _refused(name, error or Error.UNKNOWN_TOPIC_OR_PARTITION)
    partitions = []
    for one in topic.partitions:
        leader = session.state.leader(one)
        error = Error.NONE if leader else Error.LEADER_NOT_AVAILABLE
        partitions.append(MetadataResponse.MetadataResponseTopic.MetadataResponsePartition(
            error_code=error, partition_index=one.number,
            leader_id=leader.id if leader else -1, leader_epoch=one.epoch,
            replica_nodes=[one.leader], isr_nodes=[one.leader],
            offline_replicas=[] if leader else [one.leader]))
    return MetadataResponse.MetadataResponseTopic(
        error_code=Error.NONE, name=name, topic_id=topic.id, is_internal=topic.is_internal,
        partitions=partitions)


@answers(FindCoordinatorRequest, FindCoordinatorResponse)
async def find_coordinator(session, request):
    """Who coordinates groups or transactions. The first question creates the offsets topic."""
    kind = request.key_type if session.version >= 1 else _GROUP
    keys = request.coordinator_keys if session.version >= 4 else [request.key]
    found = [_coordinator(session, kind, key) for key in keys]
    if session.version >= 4:
        return FindCoordinatorResponse(throttle_time_ms=0, coordinators=[
            FindCoordinatorResponse.Coordinator(
                key=key, node_id=node.id if node else -1, host=node.host if node else "",
                port=node.port if node else -1, error_code=error, error_message=None)
            for key, (node, error) in zip(keys, found)
        ])
    node, error = found[0]
    return FindCoordinatorResponse(
        throttle_time_ms=0, error_code=error, error_message=None, node_id=node.id if node else -1,
        host=node.host if node else "", port=node.port if node else -1)


def _coordinator(session, kind, key):
    if kind == _GROUP and not session.allowed("Describe", "Group", key):
        return None, Error.GROUP_AUTHORIZATION_FAILED
    if kind != _GROUP and not session.allowed("Describe", "TransactionalId", key):
        return None, Error.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    error = session.fault(group=key)
    if error:
        return None, error
    if records.TOPIC not in session.state.topics:
        session.state.create_topic(records.TOPIC, session.state.offsets_partitions)
    node = session.state.coordinator(key)
    return node, Error.NONE if node else Error.COORDINATOR_NOT_AVAILABLE


@answers(DescribeClusterRequest, DescribeClusterResponse)
async def describe_cluster(session, request):
    """Brokers that are up; needs no right."""
    up = [node for node in session.state.nodes.values() if node.is_up]
    return DescribeClusterResponse(
        throttle_time_ms=0, error_code=session.fault(), cluster_id=session.state.cluster_id,
        controller_id=up[0].id, brokers=[
            DescribeClusterResponse.DescribeClusterBroker(
                broker_id=node.id, host=node.host, port=node.port)
            for node in up
        ])
