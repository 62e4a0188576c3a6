"""A group of the consumer protocol (KIP-848): the coordinator assigns, members reconcile.

Kafka: `ConsumerGroup`, `CurrentAssignmentBuilder`. A member gives up what it must, says so in its
next heartbeat, and only then gets what others have given up. Regular expressions are left to the
clients that resolve them themselves.
"""

import asyncio
from dataclasses import dataclass, field

from . import modern_records as records
from .errors import Error

EMPTY = "Empty"
STABLE = 0
UNREVOKED = 1
UNRELEASED = 2

# What members are told of heartbeats, and when they are put out, in milliseconds. Shorter than
# Kafka's, so that tests need not wait.
HEARTBEAT_INTERVAL = 200
SESSION_TIMEOUT = 10_000


@dataclass
class Member:
    """A member; partitions are (topic id, number) pairs."""

    member_id: str
    instance_id: str
    rack_id: str
    client_id: str
    host: str
    rebalance_timeout: int
    topics: frozenset
    regex: str
    assignor: str
    epoch: int = 0
    previous_epoch: int = -1
    state: int = STABLE
    assigned: frozenset = frozenset()
    revoking: frozenset = frozenset()
    target: frozenset = frozenset()
    # What it was last told.
    told: frozenset = None
    timer: asyncio.TimerHandle = field(default=None, repr=False)

    @staticmethod
    def by_topic(places):
        """Partitions by topic id."""
        found = {}
        for topic, number in places:
            found.setdefault(topic, set()).add(number)
        return found


class ModernGroup:
    """A group as its coordinator knows it."""

    kind = "consumer"
    protocol_type = "consumer"
    protocol = None

    def __init__(self, name, loop, topics, write):
        self.name = name
        self._loop = loop
        # Returns the (topic id, number) pairs of a topic.
        self._topics = topics
        self._write = write
        self.generation = 0
        self.members = {}
        self.offsets = {}
        self.open_offsets = {}

    @property
    def state(self):
        if not self.members:
            return EMPTY
        is_stable = all(one.state == STABLE and one.assigned == one.target
                        for one in self.members.values())
        return "Stable" if is_stable else "Reconciling"

    def metadata_keys(self):
        """The keys that get tombstones when the group is deleted: type 4 never had a value."""
        return [records.key(kind, self.name)
                for kind in (records.TARGET, records.PARTITIONS, records.METADATA)]

    # Heartbeats.

    def join(self, wanted):
        """A member comes, or comes again."""
        known = next((one for one in self.members.values() if wanted.instance_id is not None
                      and one.instance_id == wanted.instance_id), None)
        if known is not None and known.member_id != wanted.member_id:
            self._drop(known)
        if wanted.member_id in self.members:
            self._stop(self.members[wanted.member_id])
        self.members[wanted.member_id] = wanted
        self._write([(records.key(records.MEMBER, self.name, wanted.member_id),
                      records.member(wanted))])
        self._assign()
        return self._answer(wanted)

    def heartbeat(self, member_id, epoch, owned, topics):
        """A sign of life: what the member owns, and what it wants, each None when unchanged."""
        member = self.members.get(member_id)
        if member is None:
            return {"error_code": Error.UNKNOWN_MEMBER_ID}
        if epoch not in (member.epoch, member.previous_epoch):
            return {"error_code": Error.FENCED_MEMBER_EPOCH}
        if topics is not None and topics != member.topics:
            member.topics = topics
            self._write([(records.key(records.MEMBER, self.name, member_id),
                          records.member(member))])
            self._assign()
        if owned is not None and not owned & member.revoking:
            member.revoking = frozenset()
        return self._answer(member)

    def leave(self, member_id, instance_id):
        """A member goes; returns the error."""
        member = self.members.get(member_id)
        if member is None:
            return Error.UNKNOWN_MEMBER_ID
        self._drop(member)
        self._assign()
        return Error.NONE

    def _drop(self, member):
        self._stop(member)
        del self.members[member.member_id]
        self._write([
            (records.key(kind, self.name, member.member_id), None)
            for kind in (records.CURRENT, records.TARGET_MEMBER, records.MEMBER)
        ])

    def _answer(self, member):
        self.touch(member)
        self._reconcile(member)
        assignment = None
        if member.assigned != member.told:
            assignment = member.told = member.assigned
        return {
            "error_code": Error.NONE, "member_id": member.member_id,
            "member_epoch": member.epoch, "assignment": assignment,
        }

    # Assignments.

    def _assign(self):
        """A new epoch: every partition gets one owner, the one it has where that is fair."""
        self.generation += 1
        pairs = [(records.key(records.METADATA, self.name), records.epoch(self.generation))]
        targets = {member_id: set() for member_id in self.members}
        for topic in sorted({topic for one in self.members.values() for topic in one.topics}):
            wanting = sorted(key for key, one in self.members.items() if topic in one.topics)
            self._spread(self._topics(topic), wanting, targets)
        for member_id, places in targets.items():
            member = self.members[member_id]
            if member.target != places or member.previous_epoch < 0:
                member.target = frozenset(places)
                pairs.append((records.key(records.TARGET_MEMBER, self.name, member_id),
                              records.target(member.by_topic(places))))
        pairs.append((records.key(records.TARGET, self.name), records.epoch(self.generation)))
        self._write(pairs)

    def _spread(self, places, wanting, targets):
        least, more = divmod(len(places), len(wanting))
        left = set(places)
        room = {}
        for number, member_id in enumerate(wanting):
            room[member_id] = least + (number < more)
            kept = sorted(left & self.members[member_id].target)[:room[member_id]]
            targets[member_id].update(kept)
            left.difference_update(kept)
            room[member_id] -= len(kept)
        rest = sorted(left)
        for member_id in wanting:
            targets[member_id].update(rest[:room[member_id]])
            rest = rest[room[member_id]:]

    def _reconcile(self, member):
        before = (member.epoch, member.state, member.assigned, member.revoking)
        if not member.revoking:
            gone = member.assigned - member.target
            if gone:
                member.assigned &= member.target
                member.revoking, member.state = gone, UNREVOKED
            else:
                taken = set()
                for one in self.members.values():
                    if one is not member:
                        taken |= one.assigned | one.revoking
                member.assigned = member.assigned | (member.target - taken)
                if member.epoch != self.generation:
                    member.previous_epoch, member.epoch = member.epoch, self.generation
                member.state = STABLE if member.assigned == member.target else UNRELEASED
        if before != (member.epoch, member.state, member.assigned, member.revoking):
            self._write([(records.key(records.CURRENT, self.name, member.member_id),
                          records.current(member))])

    # As of every group.

    def check(self, member_id, instance_id, epoch):
        """The error of a commit of a member, if any."""
        member = self.members.get(member_id)
        if member is None:
            return Error.UNKNOWN_MEMBER_ID
        return Error.NONE if epoch == member.epoch else Error.STALE_MEMBER_EPOCH

    def touch(self, member):
        """Begins the session of a member anew."""
        self._stop(member)
        member.timer = self._loop.call_later(
            SESSION_TIMEOUT / 1000, self._expire, member.member_id)

    def _stop(self, member):
        if member.timer:
            member.timer.cancel()
            member.timer = None

    def _expire(self, member_id):
        if member_id in self.members:
            self.leave(member_id, None)

    def unload(self):
        """Its coordinator goes: nobody is put out meanwhile."""
        for member in self.members.values():
            self._stop(member)

    def load(self):
        """A coordinator reads it from the log, where everything is."""
        for member in self.members.values():
            self.touch(member)
