"""Errors and delays on demand, and what they apply to."""

from dataclasses import dataclass

from .errors import Error


@dataclass
class Fault:
    """An error that some answers of an API carry, or a delay of them.

    A field that is None applies to everything.
    """

    api: str
    error: Error = Error.NONE
    delay: float = 0
    # Close the connection instead of answering.
    close: bool = False
    broker: int = None
    topic: str = None
    partition: int = None
    group: str = None
    client: str = None
    # How many more times it applies; None until it is cleared.
    left: int = None

    def fits(self, api, broker, client, **where):
        """Whether it applies to a part of an answer."""
        if self.left == 0 or self.api != api:
            return False
        if self.broker not in (None, broker) or self.client not in (None, client):
            return False
        return all(
            getattr(self, name) is None or getattr(self, name) == where.get(name)
            for name in ("topic", "partition", "group"))


class Faults:
    """The faults of a cluster."""

    def __init__(self):
        self._by_number = {}
        self._next = 1

    def add(self, fault):
        """Adds a fault; returns the number to clear it by."""
        number = self._next
        self._next += 1
        self._by_number[number] = fault
        return number

    def clear(self, number=None):
        """Clears one fault, or all of them."""
        if number is None:
            self._by_number.clear()
        else:
            self._by_number.pop(number, None)

    def error(self, api, broker, client, **where):
        """The error for a part of an answer; each call uses up one of its times."""
        for fault in self._by_number.values():
            if fault.error and fault.fits(api, broker, client, **where):
                if fault.left is not None:
                    fault.left -= 1
                return fault.error
        return Error.NONE

    def closes(self, api, broker, client):
        """Whether a request's connection is to be closed instead."""
        for fault in self._by_number.values():
            if fault.close and fault.fits(api, broker, client):
                if fault.left is not None:
                    fault.left -= 1
                return True
        return False

    def delay(self, api, broker, client):
        """The seconds to wait before an answer."""
        waits = [one for one in self._by_number.values()
                 if one.delay and one.fits(api, broker, client)]
        for fault in waits:
            if fault.left is not None:
                fault.left -= 1
        return max((one.delay for one in waits), default=0)
