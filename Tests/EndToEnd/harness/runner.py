"""Scenarios and the runner: one line for each, then `N passed, N failed`."""

import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

_scenarios = []


class CannotRun(Exception):
    """A scenario has nothing to run on here; the text says why."""


# How many scenarios run beside each other: clients, brokers and agents share the machine.
_BESIDE = 10


class Scenario:
    def __init__(self, name, function, alone, is_long):
        self.name = name
        self.function = function
        # Whether nothing else may run beside it, because it measures.
        self.alone = alone
        # Whether it mostly waits, for up to a minute: such a one begins first.
        self.is_long = is_long


def scenario(name, alone=False, is_long=False):
    """Makes a function a scenario. It gets the context, and fails by raising.

    What it returns, if anything, is a text that is shown beside its result: a measured figure.
    """
    def add(function):
        _scenarios.append(Scenario(name, function, alone, is_long))
        return function

    return add


class Runner:
    """Runs scenarios, those that measure one by one, the others beside each other.

    `begin` makes a context: a world, and what scenarios share.
    """

    def __init__(self, begin, wanted, unwanted=()):
        self._begin = begin
        self._chosen = [
            one for one in _scenarios
            if (not wanted or any(text in one.name for text in wanted))
            and not any(text in one.name for text in unwanted)
        ]
        self._print = threading.Lock()
        self._failures = []
        self.passed = 0
        self.failed = 0
        self.left_out = 0

    @property
    def count(self):
        """How many scenarios there are to run."""
        return len(self._chosen)

    def run(self):
        with self._begin() as context:
            for one in self._chosen:
                if one.alone:
                    self._run_one(one, context)
            beside = [one for one in self._chosen if not one.alone]
            beside.sort(key=lambda one: not one.is_long)
            with ThreadPoolExecutor(_BESIDE) as pool:
                for _ in pool.map(lambda one: self._run_one(one, context), beside):
                    pass
        # Deadlines and measurements suffer when everything runs at once on a busy machine. What
        # failed is told above, and has to pass by itself, where nothing happened before.
        again, self._failures = self._failures, []
        for one in again:
            print(f"again, by itself: {one.name}", flush=True)
            self.failed -= 1
            with self._begin() as context:
                self._run_one(one, context)

    def _run_one(self, one, context):
        begun = time.monotonic()
        try:
            note = one.function(context)
            self._tell("passed", one, begun, note or "")
            self.passed += 1
        except CannotRun as reason:
            self._tell("not run", one, begun, str(reason))
            self.left_out += 1
        except BaseException as error:  # a scenario must not take the others with it
            self._tell("FAILED", one, begun, "")
            text = str(error) if isinstance(error, AssertionError) and str(error) else ""
            with self._print:
                print("  " + (text or traceback.format_exc()).replace("\n", "\n  "), flush=True)
                if text:
                    print(f"  at {_place(error)}", flush=True)
                log = context.shared_log()
                if log and "log of the agent" not in text:
                    print("  log of the shared agent:\n" + log, flush=True)
            self.failed += 1
            self._failures.append(one)

    def _tell(self, result, one, begun, note):
        seconds = time.monotonic() - begun
        with self._print:
            print(f"{result:8}{seconds:6.1f} s  {one.name}{': ' if note else ''}{note}", flush=True)


def _place(error):
    """The line of the scenario where an error arose."""
    frames = [
        one for one in traceback.extract_tb(error.__traceback__) if "/scenarios/" in one.filename
    ]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "the harness"
