"""Requests about committed offsets: OffsetCommit, OffsetFetch, OffsetDelete, TxnOffsetCommit."""

from kafka.protocol.consumer import (
    OffsetCommitRequest, OffsetCommitResponse, OffsetDeleteRequest, OffsetDeleteResponse,
    OffsetFetchRequest, OffsetFetchResponse)
from kafka.protocol.producer import TxnOffsetCommitRequest, TxnOffsetCommitResponse

from .errors import Error
from .groups import Commit
from .wire import answers

# OffsetCommit names topics by their ids from this version on, and OffsetFetch as well.
_TOPIC_IDS = 10


def _refused(session, name, operation):
    error = Error.NONE
    if not session.allowed(operation, "Group", name):
        error = Error.GROUP_AUTHORIZATION_FAILED
    return error or session.fault(group=name) or session.groups.coordinated(session.node, name)


@answers(OffsetCommitRequest, OffsetCommitResponse)
async def offset_commit(session, request):
    """Commits what may be committed; each partition has its own error."""
    error = _refused(session, request.group_id, "Read")
    generation = request.generation_id_or_member_epoch if session.version >= 1 else -1
    member_id = request.member_id if session.version >= 1 else ""
    group = session.groups.get(request.group_id)
    if not error:
        error = session.groups.may_commit(
            group, generation, member_id or "", request.group_instance_id)
    retention = request.retention_time_ms if 2 <= session.version <= 4 else -1
    answered, commits = [], {}
    kind = OffsetCommitResponse.OffsetCommitResponseTopic
    for topic in request.topics:
        name, unknown = _named(session, topic)
        parts = []
        for one in topic.partitions:
            refused = error or unknown or _check(session, name, one)
            if not refused:
                commits[name, one.partition_index] = _commit(
                    session, name, one, retention, with_id=True)
            parts.append(kind.OffsetCommitResponsePartition(
                partition_index=one.partition_index, error_code=refused))
        answered.append(kind(name=name, topic_id=topic.topic_id, partitions=parts))
    if commits:
        group = session.groups.get_or_create(request.group_id)
        session.groups.commit(group, commits)
    return OffsetCommitResponse(throttle_time_ms=0, topics=answered)


def _named(session, topic):
    if session.version < _TOPIC_IDS:
        return topic.name, Error.NONE
    found = session.state.topic_with_id(topic.topic_id)
    return (found.name, Error.NONE) if found else (None, Error.UNKNOWN_TOPIC_ID)


def _check(session, name, one):
    if not session.allowed("Read", "Topic", name):
        return Error.TOPIC_AUTHORIZATION_FAILED
    return (session.fault(topic=name, partition=one.partition_index)
            or session.groups.check_commit(name, one.partition_index, one.committed_metadata))


def _commit(session, name, one, retention, with_id):
    now = session.node.now()
    return Commit(
        offset=one.committed_offset, leader_epoch=one.committed_leader_epoch,
        metadata=one.committed_metadata or "", time=now,
        expiry=now + retention if retention != -1 else None,
        topic_id=session.state.topics[name].id if with_id else None)


@answers(TxnOffsetCommitRequest, TxnOffsetCommitResponse)
async def txn_offset_commit(session, request):
    """Commits within a transaction: the records wait for its marker."""
    error = _refused(session, request.group_id, "Read")
    group = session.groups.get(request.group_id)
    if not error:
        error = session.groups.may_commit(
            group, request.generation_id if session.version >= 3 else -1,
            request.member_id or "" if session.version >= 3 else "", request.group_instance_id,
            is_transactional=True)
    producer = (request.producer_id, request.producer_epoch)
    if not error:
        error = session.transactions.check_producer(request.transactional_id, *producer)
    answered, commits = [], {}
    kind = TxnOffsetCommitResponse.TxnOffsetCommitResponseTopic
    for topic in request.topics:
        parts = []
        for one in topic.partitions:
            refused = error or _check(session, topic.name, one)
            if not refused:
                # Coordinators put no topic id into these.
                commits[topic.name, one.partition_index] = _commit(
                    session, topic.name, one, -1, with_id=False)
            parts.append(kind.TxnOffsetCommitResponsePartition(
                partition_index=one.partition_index, error_code=refused))
        answered.append(kind(name=topic.name, partitions=parts))
    if commits:
        group = session.groups.get_or_create(request.group_id)
        session.groups.commit(group, commits, producer)
    return TxnOffsetCommitResponse(throttle_time_ms=0, topics=answered)


@answers(OffsetFetchRequest, OffsetFetchResponse)
async def offset_fetch(session, request):
    """Offsets of one group, or of several from version 8 on; of all topics when none is named."""
    if session.version >= 8:
        groups = []
        for one in request.groups:
            error, topics = _fetch(session, request, one.group_id, one.topics)
            kind = OffsetFetchResponse.OffsetFetchResponseGroup
            groups.append(kind(
                group_id=one.group_id, error_code=error,
                topics=_response(kind.OffsetFetchResponseTopics, "Partitions", topics)))
        return OffsetFetchResponse(throttle_time_ms=0, groups=groups)
    error, topics = _fetch(session, request, request.group_id, request.topics)
    if error and session.version < 2:
        # There is no place for an error of the group: each partition carries it.
        topics = [
            (one.name, None, [(number, None, error) for number in one.partition_indexes])
            for one in request.topics
        ]
    return OffsetFetchResponse(
        throttle_time_ms=0, error_code=error,
        topics=_response(OffsetFetchResponse.OffsetFetchResponseTopic, "Partition", topics))


def _response(kind, plural, topics):
    kind_of_part = getattr(kind, f"OffsetFetchResponse{plural}")
    none = Commit(-1, -1, "", -1)
    has_id = "topic_id" in kind.fields
    return [
        kind(name=name, **({"topic_id": topic_id} if has_id else {}), partitions=[
            kind_of_part(
                partition_index=number, committed_offset=(commit or none).offset,
                committed_leader_epoch=(commit or none).leader_epoch,
                metadata=(commit or none).metadata, error_code=error)
            for number, commit, error in parts
        ])
        for name, topic_id, parts in topics
    ]


def _fetch(session, request, name, wanted):
    """The error of a group, or its topics: (name, id, [(partition, Commit or None, error)])."""
    error = _refused(session, name, "Describe")
    if error:
        return error, []
    group = session.groups.get(name)
    if wanted is None:
        return Error.NONE, _all(session, request, group)
    topics = []
    for one in wanted:
        topic, unknown = _named(session, one)
        if not unknown and not session.allowed("Describe", "Topic", topic):
            unknown = Error.TOPIC_AUTHORIZATION_FAILED
        parts = []
        for number in one.partition_indexes:
            refused = unknown or session.fault(topic=topic, partition=number, group=name)
            parts.append((number, None, refused) if refused else
                         (number, *_look(session, request, group, topic, number)))
        topics.append((topic, getattr(one, "topic_id", None), parts))
    return Error.NONE, topics


def _all(session, request, group):
    by_topic = {}
    for topic, number in sorted(group.offsets) if group else []:
        # Not a word of topics that the client may not see.
        if session.allowed("Describe", "Topic", topic):
            error = session.fault(topic=topic, partition=number, group=group.name)
            found = (None, error) if error else _look(session, request, group, topic, number)
            by_topic.setdefault(topic, []).append((number, *found))
    ids = {name: one.id for name, one in session.state.topics.items()}
    return [
        (name, ids.get(name), parts) for name, parts in by_topic.items()
        if name in ids or session.version < _TOPIC_IDS
    ]


def _look(session, request, group, topic, number):
    """What is committed for a partition: (Commit or None, error)."""
    if group is None:
        return None, Error.NONE
    pending = any((topic, number) in one for one in group.open_offsets.values())
    if pending and session.version >= 7 and request.require_stable:
        return None, Error.UNSTABLE_OFFSET_COMMIT
    commit = group.offsets.get((topic, number))
    known = session.state.topics.get(topic)
    # Of a topic that was deleted and created again nothing is committed.
    if commit and commit.topic_id and known and commit.topic_id != known.id:
        commit = None
    return commit, Error.NONE


@answers(OffsetDeleteRequest, OffsetDeleteResponse)
async def offset_delete(session, request):
    """Deletes offsets of topics that the group does not read."""
    error = _refused(session, request.group_id, "Delete")
    group = session.groups.get(request.group_id)
    if not error and group is None:
        error = Error.GROUP_ID_NOT_FOUND
    answered = []
    kind = OffsetDeleteResponse.OffsetDeleteResponseTopic
    for topic in [] if error else request.topics:
        refused = Error.NONE
        if not session.allowed("Read", "Topic", topic.name):
            refused = Error.TOPIC_AUTHORIZATION_FAILED
        elif group.members:
            refused = Error.NON_EMPTY_GROUP
        places = [(topic.name, one.partition_index) for one in topic.partitions]
        if not refused:
            session.groups.delete_offsets(
                group, [place for place in places if place in group.offsets])
        answered.append(kind(name=topic.name, partitions=[
            kind.OffsetDeleteResponsePartition(partition_index=number, error_code=refused)
            for _, number in places
        ]))
    return OffsetDeleteResponse(error_code=error, throttle_time_ms=0, topics=answered)
