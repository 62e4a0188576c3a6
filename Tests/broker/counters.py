"""What clients ask for and what they get: the load that one client puts on the brokers."""

from collections import defaultdict


class Counters:
    """Requests and bytes by client id and API, and bytes of records by partition."""

    def __init__(self):
        self.reset()

    def reset(self):
        self._by_api = defaultdict(lambda: [0, 0, 0])
        self._by_place = defaultdict(int)

    def count(self, client, api, received, sent):
        """A request of `received` bytes was answered with `sent` bytes, both with their length."""
        one = self._by_api[client, api]
        one[0] += 1
        one[1] += received
        one[2] += sent

    def count_records(self, client, topic, partition, size):
        """A Fetch was answered with records, or asked for them and got none."""
        self._by_place[client, topic, partition] += size

    def by_api(self, client=None):
        """Requests, bytes to and bytes from the brokers by API, of one client or all."""
        found = {}
        for (one, api), (requests, received, sent) in self._by_api.items():
            if client in (None, one):
                total = found.setdefault(api, {"requests": 0, "bytes_in": 0, "bytes_out": 0})
                total["requests"] += requests
                total["bytes_in"] += received
                total["bytes_out"] += sent
        return found

    def fetched(self, client=None):
        """Bytes of records by [topic, partition] that were asked for in Fetch."""
        found = {}
        for (one, topic, partition), size in self._by_place.items():
            if client in (None, one):
                found[topic, partition] = found.get((topic, partition), 0) + size
        return found
