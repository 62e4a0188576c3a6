"""What an agent costs: start-up, memory, threads, processor time; budgets bind release builds."""

import re
import time
from pathlib import Path

from harness.agent import configuration
from harness.broker_world import BrokerWorld
from harness.clients import SimpleGroup
from harness.context import CLUSTER, status
from harness.runner import scenario
from harness.waiting import eventually

# Budgets, with their units.
LISTENING_MS = 30
READY_MS = 1000
RESIDENT_MB = 14.0
IDLE_PERCENT = 0.2
# How long the idle agent is watched, in seconds.
IDLE_TIME = 20.0
PARTITIONS = 12
# Names that threads may have: the loop, librdkafka's, and the loop's helpers.
THREADS = re.compile(r"vole|rdk:.*")


def _budget(context, what, figure, budget, unit):
    text = f"{what} {figure:g} {unit} (budget {budget:g})"
    if context.is_release:
        assert figure <= budget, text
    return text


def _commit_to(world, group):
    """Commits once to `PARTITIONS` partitions."""
    topics = [
        world.create_topic(f"topic-idle-{number}")
        for number in range(PARTITIONS // world.partitions)
    ]
    simple = SimpleGroup(world, group)
    simple.commit({
        (topic, number): 0 for topic in topics for number in range(world.partitions)})
    simple.close()


def _quiet_group(context, world):
    """A group whose partition of the offsets topic no other group of these tests uses."""
    if not world.is_real:
        return "idle"
    used = context.offsets_partitions_in_use()
    for number in range(1000):
        group = world.name(f"idle-{number}")
        if world.offsets_partition(group) not in used:
            return group
    return group


@scenario("start-up: listening and ready in time", alone=True)
def start_up(context):
    world = context.world
    group = context.group("started")
    _commit_to(world, group)
    listening, ready = [], []
    for _ in range(5):
        with context.start(configuration(world, groups=[group], cluster=CLUSTER)) as agent:
            listening.append(agent.listening_after * 1000)
            line = agent.wait_for_log("ready: commits and log-end offsets were read", 20)
            ready.append((line["seen"] - agent.started) * 1000)
    # The best of five: this machine may be busy with something else.
    return "; ".join((
        _budget(context, "listening after", round(min(listening), 1), LISTENING_MS, "ms"),
        _budget(context, "ready after", round(min(ready)), READY_MS, "ms")))


class Process:
    """What the kernel says of a process."""

    def __init__(self, pid):
        self._path = Path(f"/proc/{pid}")

    def resident_megabytes(self):
        rollup = (self._path / "smaps_rollup").read_text()
        return int(re.search(r"^Rss:\s+(\d+) kB", rollup, re.M)[1]) / 1000 * 1.024

    def peak_megabytes(self):
        """The largest resident memory so far."""
        text = (self._path / "status").read_text()
        return int(re.search(r"^VmHWM:\s+(\d+) kB", text, re.M)[1]) / 1000 * 1.024

    def thread_names(self):
        return sorted(
            (one / "comm").read_text().strip() for one in (self._path / "task").iterdir())

    def processor_seconds(self):
        """Processor time of all threads that live now, in seconds; precise to nanoseconds."""
        return sum(
            int((one / "schedstat").read_text().split()[0])
            for one in (self._path / "task").iterdir()) / 1e9

    def wake_ups(self):
        return sum(
            int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", (one / "status").read_text(),
                          re.M)[1])
            for one in (self._path / "task").iterdir())

    def libraries(self):
        maps = (self._path / "maps").read_text()
        return {Path(line.split()[-1]).name for line in maps.splitlines() if ".so" in line}


@scenario("an idle agent: memory, threads, processor time", alone=True)
def idle(context):
    world = context.world if context.world.is_real else BrokerWorld()
    group = _quiet_group(context, world)
    _commit_to(world, group)
    # As it is when nothing is set: heads every 10 s, long waits at the broker.
    config = configuration(world, groups=[group], cluster=CLUSTER, intervals=10, offset_refresh=10,
                           properties={"fetch.wait.max.ms": "5000"})
    with context.start(config) as agent:
        agent.wait_until_ready()
        eventually("the group is there", lambda: status(agent, group)["partition_count"] > 0)
        process = Process(agent.pid)
        eventually("the agent is at rest", _Rest(process), within=20, pause=1)
        before, wake_ups, begun = process.processor_seconds(), process.wake_ups(), time.monotonic()
        eventually("the time is over", lambda: time.monotonic() - begun >= IDLE_TIME, IDLE_TIME + 5)
        elapsed = time.monotonic() - begun
        used = (process.processor_seconds() - before) / elapsed * 100
        woken = (process.wake_ups() - wake_ups) / elapsed
        names = process.thread_names()
        strange = [name for name in names if not THREADS.fullmatch(name)]
        assert not strange, f"threads of another kind: {strange} of {names}"
        shared = [name for name in process.libraries()
                  if "dispatch" in name or "swift" in name.lower()]
        if context.is_release:
            assert not shared, f"shared libraries of the Swift runtime: {shared}"
        figures = [
            _budget(context, "resident", round(process.resident_megabytes(), 2), RESIDENT_MB, "MB"),
            f"{len(names)} threads",
            _budget(context, "processor", round(used, 3), IDLE_PERCENT, "%"),
            f"{woken:.1f} wake-ups/s",
        ]
    if world is not context.world:
        world.close()
    return ", ".join(figures)


class _Rest:
    """True when the last second cost little."""

    def __init__(self, process):
        self._process = process
        self._last = process.processor_seconds()

    def __call__(self):
        now = self._process.processor_seconds()
        used, self._last = now - self._last, now
        assert 0 < used < 0.01, f"{used * 1000:.1f} ms of processor time in the last second"
        return True
