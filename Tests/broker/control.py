"""A cluster in a thread of its own, for tests that do not care about event loops."""

import asyncio
import inspect
import threading
from dataclasses import dataclass

# Those who answer requests register themselves.
from . import api_cluster, api_data, api_groups  # noqa: F401
from . import api_modern, api_offsets, api_topics, api_transactions  # noqa: F401
from . import records
from .commands import Commands
from .groups import Groups
from .server import Broker
from .state import State
from .transactions import Transactions

# Seconds that a command may take.
_PATIENCE = 30


@dataclass
class Coordinators:
    """The coordinators of groups and of transactions."""

    groups: Groups
    transactions: Transactions


class Cluster:
    """A running cluster. Its methods are those of `Commands`, callable from any thread."""

    def __init__(
        self, brokers=3, partitions=4, offsets_partitions=50, flavour="new", security=None,
        auto_create=False, without_offsets_topic=False
    ):
        """Starts `brokers` brokers on ports of their own.

        `partitions` is the number that topics get by default. `flavour` is "new" for Kafka 4.1 and
        later or "old" for 2.8: versions of requests and of the records of commits. `security` is a
        `sasl.Security`. Without the offsets topic, it comes with the first FindCoordinator.
        """
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._state = State(brokers, partitions, flavour)
        self._state.offsets_partitions = offsets_partitions
        self._state.security = security
        self._state.auto_create = auto_create
        if not without_offsets_topic:
            self._state.create_topic(records.TOPIC, offsets_partitions)
        groups = Groups(self._state)
        coordinators = Coordinators(groups, Transactions(self._state, groups))
        self._brokers = {
            number: Broker(self._state, node, coordinators)
            for number, node in self._state.nodes.items()
        }
        self._commands = Commands(self._state, self._brokers, coordinators)
        for number in self._brokers:
            self.start(number)

    def __getattr__(self, name):
        if name.startswith("_") or not hasattr(Commands, name):
            raise AttributeError(name)
        return lambda *given, **named: self.command(name, *given, **named)

    def command(self, name, /, *given, **named):
        """Runs a command in the loop of the cluster and returns its result."""
        async def run():
            result = getattr(self._commands, name)(*given, **named)
            return await result if inspect.isawaitable(result) else result

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(_PATIENCE)

    def close(self):
        """Stops all brokers and the thread."""
        async def end():
            for broker in self._brokers.values():
                await broker.stop()
                broker.close()
            # Whoever is still waiting for an answer is told that the cluster is gone.
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(_PATIENCE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE)
        self._loop.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
