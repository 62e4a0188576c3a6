"""Runs all tests, the classes beside each other: most of their time is waiting.

    python -W ignore -m broker.tests [NAME]...

Prints what failed, then one line; the exit code is 1 when something did.
"""

import io
import os
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Classes at a time.
_BESIDE = 8


def classes(names):
    """A suite for each class of tests, the chosen ones or all."""
    loader = unittest.TestLoader()
    here = Path(__file__).parent
    names = names or [f"broker.tests.{one.stem}" for one in sorted(here.glob("test_*.py"))]
    found = {}
    pending = [loader.loadTestsFromName(name) for name in names]
    while pending:
        for one in pending.pop():
            if isinstance(one, unittest.TestSuite):
                pending.append(one)
            else:
                found.setdefault(type(one), unittest.TestSuite()).addTest(one)
    return found.values()


def run(suite):
    """The result of a suite, and what it printed."""
    out = io.StringIO()
    return unittest.TextTestRunner(stream=out).run(suite), out.getvalue()


def main():
    begun = time.monotonic()
    count = skipped = failed = 0
    with ThreadPoolExecutor(_BESIDE) as pool:
        for result, text in pool.map(run, classes(sys.argv[1:])):
            count += result.testsRun
            skipped += len(result.skipped)
            if not result.wasSuccessful():
                failed += len(result.failures) + len(result.errors)
                print(text)
    print(f"{count - failed - skipped} passed, {failed} failed, {skipped} skipped, "
          f"{time.monotonic() - begun:.0f} seconds", flush=True)
    # Threads of clients must not keep the process.
    os._exit(1 if failed else 0)


if __name__ == "__main__":
    main()
