"""Waiting for a condition until a deadline; the only way in which a test lets time pass."""

import time


class TooLate(AssertionError):
    """A condition did not come true before its deadline."""


def eventually(what, check, within=60.0, pause=0.1):
    """Repeats `check` until it returns something that counts as true, and returns that.

    An AssertionError in `check` means "not yet" and is what is shown when the deadline passes.
    """
    deadline = time.monotonic() + within
    while True:
        try:
            result = check()
            reason = f"last result: {result!r}"
            if result:
                return result
        except AssertionError as error:
            reason = str(error)
        if time.monotonic() >= deadline:
            raise TooLate(f"{what}: not within {within:g} s ({reason})")
        time.sleep(pause)


def always(what, check, during, pause=0.2):
    """Repeats `check` for `during` seconds; it must never fail."""
    deadline = time.monotonic() + during
    while time.monotonic() < deadline:
        try:
            assert check() is not False, "it does not hold"
        except AssertionError as error:
            raise AssertionError(f"{what}: {error}") from error
        time.sleep(pause)


def equal(what, found, expected):
    """Asserts that two values are equal, and says both when they are not."""
    assert found == expected, f"{what} is {found!r} instead of {expected!r}"
