"""Requests that create, delete, shorten and describe topics."""

from kafka.protocol.admin import (
    CreateTopicsRequest, CreateTopicsResponse, DeleteRecordsRequest, DeleteRecordsResponse,
    DeleteTopicsRequest, DeleteTopicsResponse, DescribeConfigsRequest, DescribeConfigsResponse)

from .errors import Error
from .wire import answers

_TOPIC = 2


@answers(CreateTopicsRequest, CreateTopicsResponse)
async def create_topics(session, request):
    """Creates topics; a topic that existed before gets a new id and begins at offset 0."""
    results = []
    for wanted in request.topics:
        count = wanted.num_partitions
        count = session.state.default_partitions if count == -1 else count
        error = session.fault(topic=wanted.name)
        if error:
            pass
        elif not (session.allowed("Create", "Cluster")
                  or session.allowed("Create", "Topic", wanted.name)):
            error = Error.TOPIC_AUTHORIZATION_FAILED
        elif wanted.name in session.state.topics:
            error = Error.TOPIC_ALREADY_EXISTS
        elif count < 1:
            error = Error.INVALID_PARTITIONS
        topic_id = None
        if not error and not request.validate_only:
            topic_id = session.state.create_topic(wanted.name, count).id
        results.append(CreateTopicsResponse.CreatableTopicResult(
            name=wanted.name, topic_id=topic_id, error_code=error, error_message=None,
            num_partitions=count, replication_factor=1, configs=[]))
    return CreateTopicsResponse(throttle_time_ms=0, topics=results)


@answers(DeleteTopicsRequest, DeleteTopicsResponse)
async def delete_topics(session, request):
    """Deletes topics by name or id."""
    state = session.state
    if session.version >= 6:
        wanted = [(one.name, one.topic_id) for one in request.topics]
    else:
        wanted = [(name, None) for name in request.topic_names]
    results = []
    for name, topic_id in wanted:
        if name is None:
            found = state.topic_with_id(topic_id)
            name = found.name if found else None
        error = session.fault(topic=name)
        if not error and name not in state.topics:
            error = Error.UNKNOWN_TOPIC_OR_PARTITION
        if not error and not session.allowed("Delete", "Topic", name):
            error = Error.TOPIC_AUTHORIZATION_FAILED
        if not error:
            topic_id = state.topics[name].id
            state.delete_topic(name)
        results.append(DeleteTopicsResponse.DeletableTopicResult(
            name=name, topic_id=topic_id, error_code=error, error_message=None))
    return DeleteTopicsResponse(throttle_time_ms=0, responses=results)


@answers(DeleteRecordsRequest, DeleteRecordsResponse)
async def delete_records(session, request):
    """Moves the start of partitions; offset -1 is their end."""
    topics = []
    for topic in request.topics:
        results = []
        for one in topic.partitions:
            partition, error = session.state.led_by(
                session.node.id, topic.name, one.partition_index)
            if not session.allowed("Delete", "Topic", topic.name):
                error = Error.TOPIC_AUTHORIZATION_FAILED
            error = session.fault(topic=topic.name, partition=one.partition_index) or error
            if not error and one.offset > partition.log.end:
                error = Error.OFFSET_OUT_OF_RANGE
            if not error:
                log = partition.log
                log.delete_before(log.end if one.offset == -1 else one.offset)
            results.append(DeleteRecordsResponse.DeleteRecordsTopicResult
                           .DeleteRecordsPartitionResult(
                               partition_index=one.partition_index, error_code=error,
                               low_watermark=-1 if error else partition.log.start))
        topics.append(DeleteRecordsResponse.DeleteRecordsTopicResult(
            name=topic.name, partitions=results))
    return DeleteRecordsResponse(throttle_time_ms=0, topics=topics)


@answers(DescribeConfigsRequest, DescribeConfigsResponse)
async def describe_configs(session, request):
    """Nothing is configured; what is looked at is the right."""
    results = []
    for one in request.resources:
        error = session.fault(topic=one.resource_name)
        if one.resource_type == _TOPIC:
            if not session.allowed("DescribeConfigs", "Topic", one.resource_name):
                error = Error.TOPIC_AUTHORIZATION_FAILED
        elif not session.allowed("DescribeConfigs", "Cluster"):
            error = Error.CLUSTER_AUTHORIZATION_FAILED
        results.append(DescribeConfigsResponse.DescribeConfigsResult(
            error_code=error, error_message=None, resource_type=one.resource_type,
            resource_name=one.resource_name, configs=[]))
    return DescribeConfigsResponse(throttle_time_ms=0, results=results)
