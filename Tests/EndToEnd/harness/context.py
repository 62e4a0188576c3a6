"""What scenarios share: the world, a feed of records, and the agent that watches their groups."""

import threading
from contextlib import contextmanager
from urllib.parse import quote

from . import burrow
from .agent import Agent, configuration
from .broker_world import BrokerWorld
from .clients import Feed, Member
from .waiting import eventually

CLUSTER = "e2e"
# The groups that the shared agent watches; scenarios name theirs from here.
GROUPS = [
    "healthy", "slow", "stalled", "stopped", "rewinding", "recovering", "shared-by-two",
    "leaving", "kcat", "kafka-python", "transactional", "new-protocol", "never-committed",
    "beside-foreign",
    "группа-ünïcode-組", "with/slash:colon", "rdk-classic",
    # Of scenarios beside those: a group must have its members to itself.
    "scraped", "измерения-ünïcode-組", "recovering-rpc", "shared-in-rpc",
]
# Commits in a window of the shared agent.
INTERVALS = 6


class Context:
    """What a scenario gets."""

    def __init__(self, vole, world, directory, is_release):
        self.vole = vole
        self.world = world
        self.directory = directory
        # Whether budgets apply: figures of a debug build say nothing.
        self.is_release = is_release
        self.feed = Feed(world)
        self._lock = threading.Lock()
        self._agent = None

    def group(self, text):
        """The name of a group in this world."""
        return self.world.name(text)

    def offsets_partitions_in_use(self):
        """The partitions of `__consumer_offsets` that the groups of the shared agent lie in."""
        return {self.world.offsets_partition(self.group(text)) for text in GROUPS}

    def topic(self, text, backlog=0):
        """Creates a topic and begins to feed it."""
        name = self.world.create_topic(f"topic-{text}")
        self.feed.add(name, backlog)
        return name

    @property
    def agent(self):
        """The agent that watches `GROUPS`; it starts when it is needed first."""
        with self._lock:
            if self._agent is None:
                names = [self.group(text) for text in GROUPS]
                self._agent = self.start(configuration(
                    self.world, groups=names, cluster=CLUSTER, intervals=INTERVALS))
                self._agent.is_shared = True
        return self._agent

    def shared_log(self):
        """The last lines of the shared agent's log, nothing while there is none."""
        return self._agent.log_text() if self._agent is not None else ""

    def start(self, config=None, arguments=(), environment=None):
        """Starts an agent of the scenario's own; it is ended by `with` or `close`."""
        return Agent(self.vole, self.directory, config, arguments, environment)

    @contextmanager
    def own_brokers(self, **options):
        """Test brokers that a scenario may break: a world, and a feed of records for it."""
        world = BrokerWorld(**options)
        feed = Feed(world)
        try:
            yield world, feed
        finally:
            feed.close()
            world.close()

    @contextmanager
    def member(self, group, topics, habit, world=None, **more):
        """A member of a group for as long as the block lasts."""
        one = Member(world or self.world, group, topics, habit, **more)
        try:
            yield one
            one.check()
        finally:
            one.close()

    def close(self):
        """Ends what scenarios shared; fails when the agent did not end well."""
        self.feed.close()
        if self._agent is not None:
            self._agent.close()


# What is asked of an agent about one group.


def status(agent, group, listing="status", cluster=CLUSTER):
    """The checked status object of Burrow's API."""
    path = f"/v3/kafka/{quote(cluster, safe='')}/consumer/{quote(group, safe='')}/{listing}"
    decoded = f"/v3/kafka/{cluster}/consumer/{group}/{listing}"
    return burrow.checked(agent.get(path), cluster, group, decoded)


def probe(agent, group, name):
    """Status code and text of a probe of a group."""
    return agent.probe(f"/consumer/{quote(group, safe='')}/{name}")


def expect_verdict(agent, group, verdict, partition_statuses, readyz, within=75):
    """Waits until every answer about a group agrees on a verdict.

    `partition_statuses` are those that partitions may have, and at least one must have; None for
    a group without trouble.
    """
    def check():
        short = status(agent, group)
        found = {one["status"] for one in short["partitions"]}
        assert short["status"] == verdict, f"/status says {short['status']}, partitions {found}"
        full = status(agent, group, "lag")
        assert full["status"] == verdict, f"/lag says {full['status']}"
        if partition_statuses is None:
            assert not found, f"/status lists partitions with {found}"
        else:
            assert found and found <= partition_statuses, f"partitions are {found}"
        code, text = probe(agent, group, "readyz")
        assert code == readyz and text.startswith(f"{group} {verdict}: "), f"readyz {code} {text}"
        code, text = probe(agent, group, "livez")
        assert code == 200 and text.startswith(f"{group} {verdict}: "), f"livez {code} {text}"
        return full

    return eventually(f"{group} is {verdict}", check, within)


def expect_full_windows(agent, group, within=60):
    """Waits until a group is OK with every window full: from then on all probes can judge it."""
    def check():
        found = status(agent, group)
        assert found["status"] == "OK" and found["complete"] == 1, found
        return True

    eventually(f"every window of {group} is full", check, within)


def expect_lags(agent, member):
    """Waits until the agent shows exactly the offsets and lags that the client itself computes.

    The topics must not be fed any more.
    """
    def check():
        member.check()
        lags = member.lag()
        offsets = member.offsets()
        full = status(agent, member.group, "lag")
        shown = {
            (one["topic"], one["partition"]): one for one in full["partitions"] if one["end"]
        }
        assert lags and set(shown) == set(lags), f"{sorted(shown)} instead of {sorted(lags)}"
        found = {place: one["current_lag"] for place, one in shown.items()}
        assert found == lags, f"current_lag is {found}, the client computes {lags}"
        ends = {place: one["end"]["offset"] for place, one in shown.items()}
        assert ends == offsets, f"end offsets are {ends}, the coordinator says {offsets}"
        assert full["totallag"] == sum(lags.values()), full["totallag"]
        assert full["maxlag"]["current_lag"] == max(lags.values()), full["maxlag"]
        assert full["partition_count"] == len(full["partitions"]), full["partition_count"]
        return True

    eventually(f"lags of {member.group} are those that the client computes", check, 40)
