"""What a test can do to a cluster besides talking Kafka with it.

Every public method is a command: of `Cluster` in Python, and of `run` as a line of JSON whose
"command" is the method's name and whose other fields are its arguments. All run in the event loop
of the cluster, between two requests.
"""

from . import batches, records
from .acls import Acl
from .errors import Error
from .faults import Fault
from .group import STABLE
from .groups import Commit


class Commands:
    """The commands of a cluster."""

    def __init__(self, state, brokers, coordinators):
        self._state = state
        self._brokers = brokers
        self._groups = coordinators.groups
        self._transactions = coordinators.transactions
        # (transactional id, Transaction) of what `open_transaction` began, by its producer id.
        self._hung = {}

    # Brokers and leaders.

    def bootstrap(self):
        """The addresses of all brokers, `host:port` separated by commas."""
        return ",".join(f"{node.host}:{node.port}" for node in self._state.nodes.values())

    async def stop(self, broker, failover=False):
        """Takes a broker away: nobody listens, connections are closed, what it led has no leader.

        With `failover` what it led gets other leaders.
        """
        await self._brokers[broker].stop()
        self._groups.node_stopped(self._state.nodes[broker])
        if failover:
            up = [node.id for node in self._state.nodes.values() if node.is_up]
            for topic in self._state.topics.values():
                for one in topic.partitions:
                    if one.leader == broker:
                        self._state.move_leader(
                            topic.name, one.number, up[one.number % len(up)])

    async def start(self, broker):
        """Brings a broker back, at the same address."""
        await self._brokers[broker].start()
        self._groups.node_started(self._state.nodes[broker])

    def disconnect(self, broker):
        """Closes all connections to a broker, which goes on listening."""
        self._brokers[broker].disconnect()

    def leader(self, topic, partition):
        """The broker that leads a partition, even while it is down."""
        return self._state.partition(topic, partition).leader

    def move_leader(self, topic, partition, broker):
        """Gives a partition another leader; a client that asks the old one is told so."""
        self._state.move_leader(topic, partition, broker)

    def coordinator(self, group):
        """The broker that coordinates a group."""
        return self._state.offsets_partition(group).leader

    def move_coordinator(self, group, broker):
        """Gives a group, and all others in its partition, another coordinator."""
        partition = self._state.offsets_partition(group)
        self._state.move_leader(records.TOPIC, partition.number, broker)

    def offsets_partition(self, group):
        """The partition of `__consumer_offsets` that a group lies in."""
        return self._state.offsets_partition(group).number

    def set_clock(self, milliseconds, broker=None):
        """What the clock of a broker, or of all, is ahead of ours."""
        for node in self._state.nodes.values():
            if broker in (None, node.id):
                node.clock_offset = milliseconds

    def set_versions(self, api, versions, broker=None):
        """The [minimum, maximum] versions of an API, e.g. "ListGroups"; None takes it away."""
        self._state.versions[broker, api] = tuple(versions) if versions else None

    def set_rebalance_delay(self, seconds):
        """How long a new group waits for more members (group.initial.rebalance.delay.ms)."""
        self._state.rebalance_delay = seconds

    # Topics and logs.

    def create_topic(self, topic, partitions=None):
        """Creates a topic, or leaves the one that is there; returns its id."""
        if topic in self._state.topics:
            return str(self._state.topics[topic].id)
        count = partitions or self._state.default_partitions
        return str(self._state.create_topic(topic, count).id)

    def delete_topic(self, topic):
        """Deletes a topic: groups lose their offsets of it."""
        self._state.delete_topic(topic)

    def recreate_topic(self, topic, partitions=None, keep_offsets=False):
        """Deletes a topic and creates it again at once: another id, offsets from 0.

        With `keep_offsets` groups keep what they committed, as when a coordinator misses that the
        topic was away.
        """
        old = self._state.topics[topic]
        if keep_offsets:
            del self._state.topics[topic]
        else:
            self._state.delete_topic(topic)
        return self.create_topic(topic, partitions or len(old.partitions))

    def topics(self):
        """The number of partitions by topic."""
        return {name: len(one.partitions) for name, one in self._state.topics.items()}

    def topic_id(self, topic):
        """The id of a topic."""
        return str(self._state.topics[topic].id)

    def delete_records(self, topic, partition, offset):
        """Moves the log start of a partition, as retention and DeleteRecords do; -1: its end."""
        log = self._log(topic, partition)
        log.delete_before(log.end if offset == -1 else offset)

    def compact(self, topic, partition):
        """Cleans the log of a partition: batches whose keys all have newer records are gone."""
        self._log(topic, partition).compact()

    def watermarks(self, topic, partition):
        """Log start, last stable offset and high watermark."""
        log = self._log(topic, partition)
        return {"start": log.start, "stable": log.stable, "end": log.end}

    def _log(self, topic, partition):
        return self._state.partition(topic, partition).log

    def append(self, topic, partition, pairs, time=None):
        """Writes (key, value) pairs in one batch, as bytes or hexadecimal text; the base offset."""
        place = self._state.partition(topic, partition)
        time = self._state.nodes[place.leader].now() if time is None else time
        data = batches.build([tuple(map(_bytes, pair)) for pair in pairs], time)
        return place.log.append(data, place.epoch).base

    def append_raw(self, topic, partition, batch, times=1):
        """Appends a batch as it is, whatever it is: only its offset is set; the last base."""
        place = self._state.partition(topic, partition)
        data = _bytes(batch)
        for _ in range(times):
            base = place.log.append(data, place.epoch).base
        return base

    def write_offsets_record(self, group, key, value):
        """Puts a record into the partition of a group that no coordinator here would write."""
        place = self._state.offsets_partition(group)
        return self.append(records.TOPIC, place.number, [(key, value)])

    def records(self, topic, partition):
        """All records in a log but markers: offset, time, and key and value as hexadecimal."""
        return [
            {"offset": one.offset, "time": one.timestamp, "key": _hex(one.key),
             "value": _hex(one.value)}
            for one in self._log(topic, partition).records()
        ]

    # Groups.

    def group(self, group):
        """What the coordinator knows of a group, or None."""
        found = self._groups.get(group)
        if found is None:
            return None
        return {
            "state": found.state, "generation": found.generation, "protocol": found.protocol,
            "members": [
                {"member_id": one.member_id, "instance_id": one.instance_id,
                 "client_id": one.client_id, "host": one.host}
                for one in found.members.values()
            ],
            "offsets": [
                {"topic": topic, "partition": number, "offset": one.offset, "time": one.time}
                for (topic, number), one in sorted(found.offsets.items())
            ],
        }

    def commit(self, group, topic, partition, offset, time=None, metadata=""):
        """Commits an offset as an administrator does, or a group without members."""
        node = self._state.nodes[self._state.offsets_partition(group).leader]
        self._groups.commit(self._groups.get_or_create(group), {(topic, partition): Commit(
            offset, -1, metadata, node.now() if time is None else time, None,
            self._state.topics[topic].id)})

    def rebalance(self, group):
        """Has the members of a stable group join again."""
        found = self._groups.get(group)
        if found.state == STABLE:
            found.rebalance()

    def remove_member(self, group, member_id):
        """Ends the session of a member, as when its heartbeats stay away."""
        return self._groups.get(group).leave(member_id, None)

    def expire_group(self, group):
        """Offsets expire, as after offsets.retention.minutes; so does a group without members."""
        self._groups.expire(group)

    def delete_group(self, group):
        """Deletes a group without members; the number of the error."""
        return int(self._groups.delete(group))

    # Transactions.

    def open_transaction(self, topic=None, partition=None, group=None, offsets=None, count=1):
        """Leaves a transaction open; the number to end it by.

        With a group: offsets, [topic, partition, offset] each, are committed within it, so that
        it hangs in `__consumer_offsets`. Else `count` records are written into a partition.
        """
        name = f"hung-{len(self._hung)}"
        found = self._transactions.init(name, None)
        producer = (found.producer_id, found.epoch)
        if group is not None:
            number = self._state.offsets_partition(group).number
            self._transactions.add(name, [(records.TOPIC, number)])
            node = self._state.nodes[self._state.offsets_partition(group).leader]
            self._groups.commit(self._groups.get_or_create(group), {
                (one, index): Commit(offset, -1, "", node.now())
                for one, index, offset in offsets
            }, producer)
        else:
            place = self._state.partition(topic, partition)
            self._transactions.add(name, [(topic, partition)])
            time = self._state.nodes[place.leader].now()
            data = batches.build([(None, b"open")] * count, time, producer)
            place.log.append(data, place.epoch)
        self._hung[found.producer_id] = name
        return found.producer_id

    def end_transaction(self, transaction, commit=False):
        """Commits or aborts what `open_transaction` began."""
        self._transactions.end(self._hung.pop(transaction), commit)

    # Faults.

    def inject(self, api, error, times=None, **where):
        """Has an API fail with an error, by name or number; returns a number to clear it by.

        `where` narrows it: broker, topic, partition, group, client (a client id). `times`: how
        often; for ever without.
        """
        return self._state.faults.add(
            Fault(api, Error.named(error), left=times, **where))

    def delay(self, api, seconds, times=None, **where):
        """Has answers of an API come late; `where`: broker, client."""
        return self._state.faults.add(Fault(api, delay=seconds, left=times, **where))

    def cut(self, api, times=None, **where):
        """Has connections closed instead of an API answered; `where`: broker, client."""
        return self._state.faults.add(Fault(api, close=True, left=times, **where))

    def clear(self, fault=None):
        """Clears one of the faults above, or all of them."""
        self._state.faults.clear(fault)

    # Rights.

    def authorize(self, is_on=True, super_users=()):
        """Switches the rights on: without an `allow` nobody but super users may do anything."""
        self._state.acls.is_on = is_on
        self._state.acls.super_users = set(super_users)

    def allow(self, principal, operation, resource, name="*"):
        """Gives a right, e.g. ("User:alice", "Read", "Topic", "orders-*")."""
        self._state.acls.add(Acl(principal, operation, resource, name))

    def revoke(self, **like):
        """Takes away the rights with these fields; all of them without any."""
        self._state.acls.remove(**like)

    def set_user(self, user, password):
        """Sets a password for SASL, or with None takes the user away."""
        if password is None:
            self._state.security.users.pop(user, None)
        else:
            self._state.security.users[user] = password

    def set_token(self, token, user):
        """Lets an OAUTHBEARER token in; from the first one on, no other."""
        self._state.security.tokens = {**(self._state.security.tokens or {}), token: user}

    # Load.

    def counters(self, client=None):
        """Requests, bytes_in and bytes_out by API, of one client id or all."""
        return self._state.counters.by_api(client)

    def fetched(self, client=None):
        """Bytes of records that Fetch gave, by topic and partition, of one client id or all."""
        found = {}
        for (topic, number), size in self._state.counters.fetched(client).items():
            found.setdefault(topic, {})[number] = size
        return found

    def failures(self):
        """Traces of requests that the fixture could not answer; there should be none."""
        return list(self._state.failures)

    def reset_counters(self):
        """Counts from zero."""
        self._state.counters.reset()


def _bytes(data):
    return bytes.fromhex(data) if isinstance(data, str) else data


def _hex(data):
    return None if data is None else data.hex()
