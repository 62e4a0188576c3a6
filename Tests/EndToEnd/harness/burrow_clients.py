"""What programs that others wrote ask of Burrow, and what they need in its answers.

Each class does what the named program does, request by request, with the same escaping, and reads
the same fields with the same types; it raises where that program would report an error.
"""

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urlsplit


class Refused(AssertionError):
    """An answer that the program would not accept."""


# What Go's url.PathEscape leaves alone.
_PATH_SEGMENT = "$&+:=@-_.~"
# What Go's URL.String leaves alone in a path that is not escaped yet.
_PATH = _PATH_SEGMENT + "/,;"


def escaped_twice(*segments):
    """A path as Telegraf makes it: escaped segments in URL.Path, which String() escapes again."""
    return quote("/".join(quote(one, safe=_PATH_SEGMENT) for one in segments), safe=_PATH)


class _Client:
    """Asks with HTTP/1.1, a connection for each request, and follows redirects."""

    def __init__(self, base, headers=None):
        self._address = urlsplit(base).netloc
        self._headers = headers or {}
        self.requests = []

    def get(self, path, follow=3):
        """Status code and decoded answer."""
        connection = http.client.HTTPConnection(self._address, timeout=5)
        try:
            connection.request("GET", path, headers=self._headers)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        self.requests.append((path, answer.status))
        if answer.status in (301, 302, 307, 308) and follow:
            return self.get(answer.getheader("location"), follow - 1)
        try:
            return answer.status, json.loads(body)
        except ValueError as error:
            raise Refused(f"{path}: {error}: {body[:200]!r}") from error


def _text(value):
    if type(value) is not str:
        raise Refused(f"{value!r} is no string")
    return value


def _texts(value):
    return [_text(one) for one in value or []]


def _int64(value):
    """A number that Go's decoder puts into an int64; nothing else of JSON is one."""
    if value is None:
        return 0
    if type(value) is not int or not -(1 << 63) <= value < 1 << 63:
        raise Refused(f"{value!r} is no int64")
    return value


class Telegraf(_Client):
    """`inputs.burrow` of Telegraf (plugins/inputs/burrow/burrow.go)."""

    CODES = {"OK": 1, "NOT_FOUND": 2, "WARN": 3, "ERR": 4, "STOP": 5, "STALL": 6}

    def gather(self):
        """The measurements of one interval: a list of (name, tags, fields)."""
        self._found = []
        with ThreadPoolExecutor(20) as pool:
            self._pool = pool
            waiting = []
            for cluster in _texts(self._ask("/v3/kafka").get("clusters")):
                waiting.append(pool.submit(self._topics, cluster))
                waiting.append(pool.submit(self._groups, cluster))
            for one in waiting:
                one.result()
        return self._found

    def _ask(self, path):
        status, answer = self.get(path)
        if status != 200:
            raise Refused(f"{path}: wrong response: {status}")
        return answer

    def _topics(self, cluster):
        topics = self._ask("/v3/kafka" + escaped_twice("", cluster, "topic")).get("topics")
        for topic in _texts(topics):
            answer = self._ask("/v3/kafka" + escaped_twice("", cluster, "topic", topic))
            for partition, offset in enumerate(answer.get("offsets") or []):
                self._found.append((
                    "burrow_topic",
                    {"cluster": cluster, "topic": topic, "partition": str(partition)},
                    {"offset": _int64(offset)}))

    def _groups(self, cluster):
        groups = self._ask("/v3/kafka" + escaped_twice("", cluster, "consumer")).get("consumers")
        for group in _texts(groups):
            answer = self._ask("/v3/kafka" + escaped_twice("", cluster, "consumer", group, "lag"))
            self._group(cluster, group, answer["status"])

    def _group(self, cluster, group, status):
        offset = timestamp = 0
        for one in status["partitions"] or []:
            end = one["end"] or {}
            offset += _int64(end.get("offset"))
            timestamp = max(timestamp, _int64(end.get("timestamp")))
            self._found.append((
                "burrow_partition",
                {"cluster": cluster, "group": group, "topic": _text(one["topic"]),
                 "partition": str(_int64(one["partition"])), "owner": _text(one["owner"])},
                {"status": _text(one["status"]), "status_code": self.CODES.get(one["status"], 0),
                 "lag": _int64(one["current_lag"]), "offset": _int64(end.get("offset")),
                 "timestamp": _int64(end.get("timestamp"))}))
        largest = status["maxlag"] or {}
        self._found.append((
            "burrow_group", {"cluster": cluster, "group": group},
            {"status": _text(status["status"]),
             "status_code": self.CODES.get(status["status"], 0),
             "partition_count": _int64(status["partition_count"]),
             "total_lag": _int64(status["totallag"]),
             "lag": _int64(largest.get("current_lag")), "offset": offset,
             "timestamp": timestamp}))


class BurrowExporter(_Client):
    """jirwin/burrow_exporter: names as they are, `error` read instead of the status code."""

    CODES = {"NOTFOUND": 1, "OK": 2, "WARN": 3, "ERR": 4, "STOP": 5, "STALL": 6, "REWIND": 7}

    def _ask(self, path):
        _, answer = self.get(path)
        if answer["error"] is not False:
            raise Refused(f"{path}: {answer['message']}")
        return answer

    def scrape(self):
        """The samples of one round, by name and labels."""
        found = {}
        for cluster in _texts(self._ask("/v3/kafka")["clusters"]):
            base = f"/v3/kafka/{cluster}"
            for topic in _texts(self._ask(f"{base}/topic")["topics"]):
                offsets = self._ask(f"{base}/topic/{topic}")["offsets"]
                for partition, offset in enumerate(offsets):
                    found["kafka_burrow_topic_partition_offset", cluster, topic, partition] = (
                        _int64(offset))
            for group in _texts(self._ask(f"{base}/consumer")["consumers"]):
                status = self._ask(f"{base}/consumer/{quote(group)}/lag")["status"]
                if (status["cluster"], status["group"]) != (cluster, group):
                    raise Refused(f"{status} is not of {group}")
                found["kafka_burrow_total_lag", cluster, group] = _int64(status["totallag"])
                found["kafka_burrow_status", cluster, group] = self.CODES[status["status"]]
                for one in status["partitions"]:
                    place = (cluster, group, one["topic"], _int64(one["partition"]))
                    found["kafka_burrow_partition_lag", *place] = _int64(one["current_lag"])
                    found["kafka_burrow_partition_current_offset", *place] = _int64(
                        (one["end"] or {}).get("offset"))
                    found["kafka_burrow_partition_status", *place] = self.CODES[one["status"]]
        return found


class BurrowUI(_Client):
    """GeneralMills/BurrowUI: a page that shows everything of every cluster."""

    def load(self):
        """Clusters with their module, topics with offsets, and groups with their status."""
        found = {}
        for cluster in self._ask("")["clusters"]:
            path = f"/{cluster}"
            topics = self._ask(f"{path}/topic")["topics"]
            groups = self._ask(f"{path}/consumer")["consumers"]
            found[cluster] = {
                "module": self._ask(path)["module"],
                "topics": {one: self._ask(f"{path}/topic/{one}")["offsets"] for one in topics},
                "groups": {one: self._group(f"{path}/consumer/{quote(one)}/lag") for one in groups},
            }
        return found

    def _group(self, path):
        status = self._ask(path)["status"]
        for one in status["partitions"]:
            for name in ("status", "start", "end"):
                if name not in one:
                    raise Refused(f"{one} has no {name}")
        return {name: status[name] for name in
                ("status", "totallag", "partition_count", "partitions", "maxlag")}

    def _ask(self, path):
        status, answer = self.get("/v3/kafka" + path)
        if status != 200:
            raise Refused(f"{path}: {status}")
        return answer


class BurrowDashboard(_Client):
    """joway/burrow-dashboard: the commits of each partition over time."""

    def load(self):
        """By cluster and group: (topic, partition) to a list of (timestamp, lag)."""
        found = {}
        for cluster in self._ask("/v3/kafka")["clusters"]:
            for group in self._ask(f"/v3/kafka/{cluster}/consumer")["consumers"]:
                topics = self._ask(f"/v3/kafka/{cluster}/consumer/{quote(group)}")["topics"]
                found[cluster, group] = {
                    (topic, number): [
                        (_int64(one["timestamp"]), one["lag"])
                        for one in partition["offsets"] if one is not None
                    ]
                    for topic, partitions in topics.items()
                    for number, partition in enumerate(partitions)
                }
        return found

    def _ask(self, path):
        status, answer = self.get(path)
        if status != 200:
            raise Refused(f"{path}: {status}")
        return answer


class KafkaLagcheck(_Client):
    """Financial-Times/kafka-lagcheck: asks with a slash at the end, and for one cluster."""

    def __init__(self, base, cluster):
        super().__init__(base)
        self._cluster = cluster

    def check(self):
        """The status of each group."""
        base = f"/v3/kafka/{self._cluster}/consumer/"
        status, answer = self.get(base)
        if status != 200:
            raise Refused(f"{base}: {status}")
        found = {}
        for group in answer["consumers"]:
            status, answer = self.get(f"{base}{quote(group)}/status")
            if status != 200 or answer["error"]:
                raise Refused(f"{group}: {status} {answer['message']}")
            found[group] = answer["status"]["status"]
        return found
