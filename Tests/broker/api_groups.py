"""Requests of members, and about groups: Join to Leave, Describe, List, Delete."""

from kafka.protocol.admin import (
    DeleteGroupsRequest, DeleteGroupsResponse, DescribeGroupsRequest, DescribeGroupsResponse,
    ListGroupsRequest, ListGroupsResponse)
from kafka.protocol.consumer import (
    HeartbeatRequest, HeartbeatResponse, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest,
    LeaveGroupResponse, SyncGroupRequest, SyncGroupResponse)

from .errors import Error
from .group import DEAD, STABLE, Member
from .wire import answers


def refused(session, name, operation):
    """The error that a request for a group gets before anything else is looked at."""
    error = Error.NONE
    if not session.allowed(operation, "Group", name):
        error = Error.GROUP_AUTHORIZATION_FAILED
    return error or session.fault(group=name) or session.groups.coordinated(session.node, name)


@answers(JoinGroupRequest, JoinGroupResponse)
async def join_group(session, request):
    """Answered when all members have joined."""
    error = refused(session, request.group_id, "Read")
    if not error and not request.group_id:
        error = Error.INVALID_GROUP_ID
    group = session.groups.get(request.group_id)
    if not error and group is None and request.member_id:
        error = Error.UNKNOWN_MEMBER_ID
    if not error and group is not None and group.kind != "classic":
        error = Error.INCONSISTENT_GROUP_PROTOCOL
    if error:
        return _joined(session, {"error_code": error, "member_id": request.member_id})
    group = session.groups.get_or_create(request.group_id, request.protocol_type)
    timeout = request.rebalance_timeout_ms
    wanted = Member(
        request.member_id, request.group_instance_id, session.client, session.host,
        request.session_timeout_ms, timeout if timeout >= 0 else request.session_timeout_ms,
        [(one.name, bytes(one.metadata)) for one in request.protocols])
    answer = await group.join(wanted, requires_id=session.version >= 4)
    answer.setdefault("member_id", request.member_id)
    return _joined(session, answer)


def _joined(session, answer):
    old_leader = answer.pop("old_leader", None)
    if old_leader is not None and session.version < 9:
        answer.update(leader=old_leader, members=[])
    members = [
        JoinGroupResponse.JoinGroupResponseMember(
            member_id=one.member_id, group_instance_id=one.instance_id, metadata=one.subscription)
        for one in answer.pop("members", [])
    ]
    name = None if session.version >= 7 else ""
    fields = {
        "generation_id": -1, "protocol_type": None, "protocol_name": name, "leader": "",
        "skip_assignment": False, **answer,
    }
    return JoinGroupResponse(throttle_time_ms=0, members=members, **fields)


@answers(SyncGroupRequest, SyncGroupResponse)
async def sync_group(session, request):
    """Answered when the leader has sent the assignments."""
    error = refused(session, request.group_id, "Read")
    group = session.groups.get(request.group_id)
    if not error and group is None:
        error = Error.UNKNOWN_MEMBER_ID
    answer = {"error_code": error}
    if not error:
        assignments = {one.member_id: bytes(one.assignment) for one in request.assignments}
        answer = await group.sync(
            request.member_id, request.group_instance_id, request.generation_id, assignments)
    answer.setdefault("assignment", b"")
    return SyncGroupResponse(throttle_time_ms=0, **answer)


@answers(HeartbeatRequest, HeartbeatResponse)
async def heartbeat(session, request):
    """Keeps a member in; tells it when there is a rebalance."""
    error = refused(session, request.group_id, "Read")
    group = session.groups.get(request.group_id)
    if not error:
        error = Error.UNKNOWN_MEMBER_ID if group is None else group.heartbeat(
            request.member_id, request.group_instance_id, request.generation_id)
    return HeartbeatResponse(throttle_time_ms=0, error_code=error)


@answers(LeaveGroupRequest, LeaveGroupResponse)
async def leave_group(session, request):
    """Lets one member go, or several that an administrator names."""
    error = refused(session, request.group_id, "Read")
    group = session.groups.get(request.group_id)
    if not error and group is None:
        error = Error.UNKNOWN_MEMBER_ID
    if session.version < 3:
        error = error or group.leave(request.member_id, None)
        return LeaveGroupResponse(throttle_time_ms=0, error_code=error, members=[])
    members = []
    for one in [] if error else request.members:
        members.append(LeaveGroupResponse.MemberResponse(
            member_id=one.member_id, group_instance_id=one.group_instance_id,
            error_code=group.leave(one.member_id, one.group_instance_id)))
    return LeaveGroupResponse(throttle_time_ms=0, error_code=error, members=members)


@answers(DescribeGroupsRequest, DescribeGroupsResponse)
async def describe_groups(session, request):
    """State and members of groups; metadata and assignments only of stable ones."""
    kind = DescribeGroupsResponse.DescribedGroup
    found = []
    for name in request.groups:
        error = refused(session, name, "Describe")
        group = None if error else session.groups.get(name)
        # This request knows nothing of groups of the consumer protocol.
        if group is None or group.kind != "classic":
            state = "" if error else DEAD
            message = None
            if not error and session.version >= 6:
                error, message = Error.GROUP_ID_NOT_FOUND, f"Group {name} not found."
            found.append(kind(
                error_code=error, error_message=message, group_id=name, group_state=state,
                protocol_type="", protocol_data="", members=[]))
            continue
        is_stable = group.state == STABLE
        members = [
            kind.DescribedGroupMember(
                member_id=one.member_id, group_instance_id=one.instance_id,
                client_id=one.client_id, client_host=one.host,
                member_metadata=one.subscription if is_stable else b"",
                member_assignment=one.assignment if is_stable else b"")
            for one in group.members.values()
        ]
        found.append(kind(
            error_code=Error.NONE, error_message=None, group_id=name, group_state=group.state,
            protocol_type=group.protocol_type or "",
            protocol_data=(group.protocol or "") if is_stable else "", members=members))
    return DescribeGroupsResponse(throttle_time_ms=0, groups=found)


@answers(ListGroupsRequest, ListGroupsResponse)
async def list_groups(session, request):
    """The groups that this broker coordinates. Without a right the list is shorter, or empty."""
    states = {one.lower() for one in request.states_filter or []}
    types = {one.lower() for one in request.types_filter or []}
    all_allowed = session.allowed("Describe", "Cluster")
    error = session.fault()
    groups = [
        ListGroupsResponse.ListedGroup(
            group_id=group.name, protocol_type=group.protocol_type or "",
            group_state=group.state, group_type=group.kind)
        for group in ([] if error else session.groups.coordinated_by(session.node))
        if (all_allowed or session.allowed("Describe", "Group", group.name))
        and (not states or group.state.lower() in states)
        and (not types or group.kind in types)
    ]
    return ListGroupsResponse(throttle_time_ms=0, error_code=error, groups=groups)


@answers(DeleteGroupsRequest, DeleteGroupsResponse)
async def delete_groups(session, request):
    """Deletes groups that have no members."""
    results = [
        DeleteGroupsResponse.DeletableGroupResult(
            group_id=name,
            error_code=refused(session, name, "Delete") or session.groups.delete(name))
        for name in request.groups_names
    ]
    return DeleteGroupsResponse(throttle_time_ms=0, results=results)
