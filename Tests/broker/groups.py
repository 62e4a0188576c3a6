"""The group coordinators of all brokers: groups by name, and what they commit.

A group lives in one partition of `__consumer_offsets`; whoever leads that coordinates it.
"""

import asyncio
from dataclasses import dataclass

from . import batches, records
from .errors import Error
from .group import COMPLETING, EMPTY, PREPARING, Group
from .modern import ModernGroup

_LARGEST_METADATA = 4096


@dataclass
class Commit:
    """A committed offset; times in ms."""

    offset: int
    leader_epoch: int
    metadata: str
    time: int
    expiry: int = None
    topic_id: object = None
    # Where its record lies.
    at: int = -1


class Groups:
    """All groups of a cluster."""

    def __init__(self, state):
        self._state = state
        self._groups = {}
        state.on_topic_deleted = self._topic_deleted
        state.on_leader_changed = self._leader_changed

    # Finding groups.

    def coordinated(self, node, name):
        """The error when a node does not coordinate a group."""
        if records.TOPIC not in self._state.topics:
            return Error.NOT_COORDINATOR
        found = self._state.coordinator(name)
        return Error.NONE if found is node else Error.NOT_COORDINATOR

    def get(self, name):
        """A group, or None."""
        return self._groups.get(name)

    def get_or_create(self, name, protocol_type=None):
        """A group that has a member, or will have an offset."""
        group = self._groups.get(name)
        if group is None:
            group = Group(name, asyncio.get_running_loop(), self._state.rebalance_delay)
            group.write = lambda written: self._write_group(group, written)
            self._groups[name] = group
            if protocol_type is not None and self._state.flavour == "new":
                group.write_new()
        if protocol_type is not None:
            group.protocol_type = protocol_type
        return group

    def modern(self, name):
        """A group of the consumer protocol, made of one without members or of none; or None."""
        known = self._groups.get(name)
        if known is not None and known.kind == "consumer":
            return known
        if known is not None and known.state != EMPTY:
            return None
        group = ModernGroup(
            name, asyncio.get_running_loop(), self._places,
            lambda pairs: self.append(name, pairs))
        if known is not None:
            group.offsets, group.open_offsets = known.offsets, known.open_offsets
            pairs = [(key, None) for key in known.metadata_keys()]
            if pairs:
                self.append(name, pairs)
        self._groups[name] = group
        return group

    def _places(self, topic):
        found = self._state.topics.get(topic)
        return [(found.id, one.number) for one in found.partitions] if found else []

    def coordinated_by(self, node):
        """The groups of a node."""
        return [group for group in self._groups.values()
                if self._state.coordinator(group.name) is node]

    # Writing.

    def append(self, name, pairs, producer=None):
        """Writes records of a group into its partition; returns the batch."""
        partition = self._state.offsets_partition(name)
        node = self._state.nodes[partition.leader]
        data = batches.build(pairs, node.now(), producer)
        return partition.log.append(data, partition.epoch)

    def _write_group(self, group, written):
        time = self._state.nodes[self._state.offsets_partition(group.name).leader].now()
        value = records.group_value(written, time)
        self.append(group.name, [(records.group_key(group.name), value)])

    def may_commit(self, group, generation, member_id, instance_id, is_transactional=False):
        """The error of a commit, if any (Kafka: `ClassicGroup.validateOffsetCommit`)."""
        if group is None:
            return Error.ILLEGAL_GENERATION if generation >= 0 else Error.NONE
        if generation < 0 and not member_id and instance_id is None:
            if is_transactional or group.state == EMPTY:
                return Error.NONE
            return Error.UNKNOWN_MEMBER_ID
        error = group.check(member_id, instance_id, generation)
        if not error and group.state == COMPLETING and not is_transactional:
            error = Error.REBALANCE_IN_PROGRESS
        if not error and group.state != PREPARING:
            group.touch(group.members[member_id])
        return error

    def check_commit(self, topic, number, metadata):
        """The error of one partition of a commit."""
        if self._state.partition(topic, number) is None:
            return Error.UNKNOWN_TOPIC_OR_PARTITION
        if len(metadata or "") > _LARGEST_METADATA:
            return Error.OFFSET_METADATA_TOO_LARGE
        return Error.NONE

    def commit(self, group, commits, producer=None):
        """Writes offsets by (topic, partition); those of a transaction wait for its end."""
        if not commits:
            return
        is_new = self._state.flavour == "new"
        pairs = [
            (records.offset_key(group.name, *place),
             records.offset_value(commit, 4 if is_new else 3))
            for place, commit in commits.items()
        ]
        batch = self.append(group.name, pairs, producer)
        for number, (place, commit) in enumerate(commits.items()):
            commit.at = batch.base + number
            if producer is None:
                group.offsets[place] = commit
            else:
                group.open_offsets.setdefault(producer[0], {})[place] = commit

    def end_transaction(self, partition, producer_id, is_commit):
        """A marker was written into a partition of `__consumer_offsets`."""
        for group in self._groups.values():
            if self._state.offsets_partition(group.name) is not partition:
                continue
            for place, commit in group.open_offsets.pop(producer_id, {}).items():
                known = group.offsets.get(place)
                if is_commit and (known is None or known.at < commit.at):
                    group.offsets[place] = commit

    # Deleting.

    def delete(self, name):
        """Deletes a group without members; returns the error."""
        group = self._groups.get(name)
        if group is None:
            return Error.GROUP_ID_NOT_FOUND
        if group.state != EMPTY:
            return Error.NON_EMPTY_GROUP
        self.delete_offsets(group, list(group.offsets))
        pairs = [(key, None) for key in group.metadata_keys()]
        if pairs:
            self.append(name, pairs)
        del self._groups[name]
        return Error.NONE

    def delete_offsets(self, group, places):
        """Writes tombstones for offsets, also for those of open transactions."""
        pairs = []
        for place in places:
            group.offsets.pop(place, None)
            for pending in group.open_offsets.values():
                pending.pop(place, None)
            pairs.append((records.offset_key(group.name, *place), None))
        if pairs:
            self.append(group.name, pairs)

    def expire(self, name):
        """What happens after `offsets.retention.minutes`: offsets go, an empty group too."""
        group = self._groups[name]
        self.delete_offsets(group, list(group.offsets))
        if group.state == EMPTY:
            self.delete(name)

    def _topic_deleted(self, topic):
        for group in self._groups.values():
            places = [place for place in group.offsets if place[0] == topic.name]
            self.delete_offsets(group, places)

    # Coordinators that move.

    def _leader_changed(self, partition):
        if partition.topic == records.TOPIC:
            for group in self._in(partition):
                group.unload()
                group.load()

    def _in(self, partition):
        return [group for group in self._groups.values()
                if self._state.offsets_partition(group.name) is partition]

    def node_stopped(self, node):
        """A node is down: its groups stand still."""
        for partition in self._of(node):
            for group in self._in(partition):
                group.unload()

    def node_started(self, node):
        """A node is back and reads its groups."""
        for partition in self._of(node):
            for group in self._in(partition):
                group.load()

    def _of(self, node):
        topic = self._state.topics.get(records.TOPIC)
        return [one for one in topic.partitions if one.leader == node.id] if topic else []
