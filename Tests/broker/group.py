"""A classic consumer group: its members, its generations, and when it rebalances.

Kafka: `ClassicGroup` and `GroupMetadataManager.classicGroupJoin…`. Answers that have to wait for
other members are futures; what is written into `__consumer_offsets` goes through `write`.
"""

import asyncio
import copy
import uuid
from dataclasses import dataclass, field

from .errors import Error
from .records import group_key

EMPTY = "Empty"
PREPARING = "PreparingRebalance"
COMPLETING = "CompletingRebalance"
STABLE = "Stable"
DEAD = "Dead"


@dataclass
class Member:
    """A member; times in ms."""

    member_id: str
    instance_id: str
    client_id: str
    host: str
    session_timeout: int
    rebalance_timeout: int
    # (name, metadata) of each assignor, the preferred one first.
    protocols: list
    subscription: bytes = b""
    assignment: bytes = b""
    joining: asyncio.Future = field(default=None, repr=False)
    syncing: asyncio.Future = field(default=None, repr=False)
    timer: asyncio.TimerHandle = field(default=None, repr=False)

    def copy(self):
        """What of it is written down."""
        return Member(
            self.member_id, self.instance_id, self.client_id, self.host, self.session_timeout,
            self.rebalance_timeout, list(self.protocols), self.subscription, self.assignment)


@dataclass
class Written:
    """A generation as the newest record of type 2 has it."""

    protocol_type: str
    generation: int
    protocol: str
    leader: str
    members: list


class Group:
    """A group as its coordinator knows it."""

    kind = "classic"

    def __init__(self, name, loop, delay):
        self.name = name
        self._loop = loop
        # Seconds that the first member waits for others.
        self._delay = delay
        self._is_waiting = False
        self.state = EMPTY
        self.generation = 0
        self.protocol_type = None
        self.protocol = None
        self.leader = None
        self.members = {}
        # Members that were given an id and have not joined with it yet.
        self.pending = set()
        self._timer = None
        # What the newest record says, None before the first.
        self.written = None
        # Committed offsets by (topic, partition), and those of open transactions by producer id.
        self.offsets = {}
        self.open_offsets = {}
        # Called with the generation that is to be written.
        self.write = lambda written: None

    # Joining.

    async def join(self, wanted, requires_id):
        """Lets a member in, and answers when the generation begins.

        `wanted` is a Member, whose id may be empty. `requires_id`: a member without an id is
        first told its own (KIP-394).
        """
        if self.members and not self._common(wanted.protocols):
            return {"error_code": Error.INCONSISTENT_GROUP_PROTOCOL}
        known = self._by_instance(wanted.instance_id)
        if not wanted.member_id:
            if known is not None:
                return await self._join_again_as_static(known, wanted)
            wanted.member_id = f"{wanted.instance_id or wanted.client_id}-{uuid.uuid4()}"
            if requires_id and wanted.instance_id is None:
                self.pending.add(wanted.member_id)
                return {
                    "error_code": Error.MEMBER_ID_REQUIRED, "member_id": wanted.member_id}
            return await self._add(wanted)
        if wanted.member_id in self.pending:
            self.pending.discard(wanted.member_id)
            return await self._add(wanted)
        if wanted.instance_id is not None and known and known.member_id != wanted.member_id:
            return {"error_code": Error.FENCED_INSTANCE_ID}
        member = self.members.get(wanted.member_id)
        if member is None:
            return {"error_code": Error.UNKNOWN_MEMBER_ID}
        is_same = member.protocols == wanted.protocols
        if is_same and (self.state == COMPLETING
                        or (self.state == STABLE and member.member_id != self.leader)):
            return self._joined(member)
        return await self._rejoin(member, wanted)

    def _common(self, protocols):
        names = {name for name, _ in protocols}
        for member in self.members.values():
            names &= {name for name, _ in member.protocols}
        return names

    def _by_instance(self, instance_id):
        for member in self.members.values():
            if instance_id is not None and member.instance_id == instance_id:
                return member
        return None

    async def _add(self, member):
        self.members[member.member_id] = member
        return await self._rejoin(member, member)

    async def _rejoin(self, member, wanted):
        member.protocols = wanted.protocols
        member.session_timeout = wanted.session_timeout
        member.rebalance_timeout = wanted.rebalance_timeout
        if member.joining and not member.joining.done():
            member.joining.set_result({"error_code": Error.UNKNOWN_MEMBER_ID})
        member.joining = answer = self._loop.create_future()
        self._stop(member)
        if self.state == PREPARING:
            self._complete_if_all_joined()
        else:
            self._prepare()
        return await answer

    async def _join_again_as_static(self, known, wanted):
        """A static member that was restarted takes the place of itself (KIP-345)."""
        wanted.member_id = f"{wanted.instance_id}-{uuid.uuid4()}"
        old_id = known.member_id
        for future in (known.joining, known.syncing):
            if future and not future.done():
                future.set_result({"error_code": Error.FENCED_INSTANCE_ID})
        self._stop(known)
        wanted.subscription, wanted.assignment = known.subscription, known.assignment
        is_same = known.protocols == wanted.protocols
        # The place in the order of the members stays.
        self.members = {
            wanted.member_id if key == old_id else key: wanted if key == old_id else one
            for key, one in self.members.items()
        }
        was_leader = self.leader == old_id
        if was_leader:
            self.leader = wanted.member_id
        if self.state != STABLE or not is_same:
            return await self._rejoin(wanted, wanted)
        self._write()
        self.touch(wanted)
        answer = self._joined(wanted)
        # It must not assign: nothing has changed. Versions before 9 cannot say so, and are told
        # of a leader that is no more.
        answer["skip_assignment"] = was_leader
        answer["old_leader"] = old_id if was_leader else self.leader
        return answer

    # A rebalance.

    def rebalance(self):
        """Has all members join again."""
        self._prepare()

    def _prepare(self):
        """Begins a rebalance: every member has to join again."""
        if self.state == COMPLETING:
            self._answer_syncing({"error_code": Error.REBALANCE_IN_PROGRESS})
        was_empty = self.state == EMPTY
        self.state = PREPARING
        if was_empty and self._delay:
            self._is_waiting = True
            self._timer = self._loop.call_later(self._delay, self._complete)
            return
        longest = max((one.rebalance_timeout for one in self.members.values()), default=0)
        self._timer = self._loop.call_later(longest / 1000, self._complete)
        self._complete_if_all_joined()

    def _complete_if_all_joined(self):
        if not self._is_waiting and not self.pending and all(
                one.joining for one in self.members.values()):
            self._complete()

    def _complete(self):
        """Ends the joining: who has not joined is out, and the rest is a generation."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._is_waiting = False
        for member in list(self.members.values()):
            if member.joining is None and member.instance_id is None:
                self._stop(member)
                del self.members[member.member_id]
        self.generation += 1
        if not self.members:
            self.state, self.protocol, self.leader = EMPTY, None, None
            self._write()
            return
        self.protocol = self._vote()
        if self.leader not in self.members or self.members[self.leader].joining is None:
            joined = [one.member_id for one in self.members.values() if one.joining]
            self.leader = (joined or list(self.members))[0]
        self.state = COMPLETING
        for member in self.members.values():
            member.subscription = dict(member.protocols)[self.protocol]
            joining, member.joining = member.joining, None
            self.touch(member)
            if joining and not joining.done():
                joining.set_result(self._joined(member))

    def _vote(self):
        """The assignor that most members prefer among those that all have."""
        common = self._common(next(iter(self.members.values())).protocols)
        votes = [
            next(name for name, _ in member.protocols if name in common)
            for member in self.members.values()
        ]
        return max(dict.fromkeys(votes), key=votes.count)

    def _joined(self, member):
        is_leader = member.member_id == self.leader
        return {
            "error_code": Error.NONE, "generation_id": self.generation,
            "protocol_type": self.protocol_type, "protocol_name": self.protocol,
            "leader": self.leader, "member_id": member.member_id,
            "members": list(self.members.values()) if is_leader else [],
        }

    async def sync(self, member_id, instance_id, generation, assignments):
        """Takes the leader's assignments; answers each member with its own."""
        error = self.check(member_id, instance_id, generation)
        if error:
            return {"error_code": error}
        member = self.members[member_id]
        if self.state == PREPARING:
            return {"error_code": Error.REBALANCE_IN_PROGRESS}
        if self.state == STABLE:
            return self._synced(member)
        self.touch(member)
        if member.syncing and not member.syncing.done():
            member.syncing.set_result({"error_code": Error.UNKNOWN_MEMBER_ID})
        member.syncing = answer = self._loop.create_future()
        if member_id == self.leader:
            for one in self.members.values():
                one.assignment = assignments.get(one.member_id, b"")
            self.state = STABLE
            # The record is written here, when the rebalance ends, and not when it begins.
            self._write()
            for one in self.members.values():
                syncing, one.syncing = one.syncing, None
                if syncing and not syncing.done():
                    self.touch(one)
                    syncing.set_result(self._synced(one))
        return await answer

    def _synced(self, member):
        return {
            "error_code": Error.NONE, "protocol_type": self.protocol_type,
            "protocol_name": self.protocol, "assignment": member.assignment,
        }

    def _answer_syncing(self, answer):
        for member in self.members.values():
            syncing, member.syncing = member.syncing, None
            if syncing and not syncing.done():
                syncing.set_result(answer)

    # Staying and leaving.

    def check(self, member_id, instance_id, generation):
        """The error of a request of a member, if any."""
        known = self._by_instance(instance_id)
        if known and known.member_id != member_id:
            return Error.FENCED_INSTANCE_ID
        if member_id not in self.members:
            return Error.UNKNOWN_MEMBER_ID
        if generation != self.generation:
            return Error.ILLEGAL_GENERATION
        return Error.NONE

    def heartbeat(self, member_id, instance_id, generation):
        """The answer to a sign of life."""
        error = self.check(member_id, instance_id, generation)
        if not error:
            self.touch(self.members[member_id])
            if self.state == PREPARING:
                error = Error.REBALANCE_IN_PROGRESS
        return error

    def leave(self, member_id, instance_id):
        """Lets a member go, which may be named by its instance alone."""
        if instance_id is not None:
            member = self._by_instance(instance_id)
            if member is None:
                return Error.UNKNOWN_MEMBER_ID
            if member_id and member_id != member.member_id:
                return Error.FENCED_INSTANCE_ID
        elif member_id in self.pending:
            self.pending.discard(member_id)
            if self.state == PREPARING:
                self._complete_if_all_joined()
            return Error.NONE
        else:
            member = self.members.get(member_id)
        if member is None:
            return Error.UNKNOWN_MEMBER_ID
        self._remove(member)
        return Error.NONE

    def _remove(self, member):
        self._stop(member)
        self.members.pop(member.member_id, None)
        for future in (member.joining, member.syncing):
            if future and not future.done():
                future.set_result({"error_code": Error.UNKNOWN_MEMBER_ID})
        if self.state in (STABLE, COMPLETING):
            self._prepare()
        elif self.state == PREPARING:
            self._complete_if_all_joined()

    def touch(self, member):
        """Begins the session of a member anew."""
        self._stop(member)
        member.timer = self._loop.call_later(
            member.session_timeout / 1000, self._expire, member.member_id)

    def _stop(self, member):
        if member.timer:
            member.timer.cancel()
            member.timer = None

    def _expire(self, member_id):
        member = self.members.get(member_id)
        if member is not None and member.joining is None:
            self._remove(member)

    # Its record, and coordinators that come and go.

    def metadata_keys(self):
        """The keys that get tombstones when the group is deleted."""
        return [] if self.written is None else [group_key(self.name)]

    def _write(self):
        self.written = Written(
            self.protocol_type, self.generation, self.protocol, self.leader,
            [member.copy() for member in self.members.values()])
        self.write(self.written)

    def write_new(self):
        """Writes generation 0, as coordinators since 4.0 do for a new group."""
        self._write()

    def unload(self):
        """Its coordinator goes: who waits has to look for another one."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._is_waiting = False
        for member in self.members.values():
            self._stop(member)
            for future in (member.joining, member.syncing):
                if future and not future.done():
                    future.set_result({"error_code": Error.NOT_COORDINATOR})
        self.pending.clear()
        self.members = {}

    def load(self):
        """A coordinator reads it from the log: what was not written is forgotten."""
        written = copy.copy(self.written) or Written(None, 0, None, None, [])
        self.protocol_type, self.generation = written.protocol_type, written.generation
        self.protocol, self.leader = written.protocol, written.leader
        self.members = {one.member_id: one.copy() for one in written.members}
        self.state = STABLE if self.members else EMPTY
        for member in self.members.values():
            self.touch(member)
