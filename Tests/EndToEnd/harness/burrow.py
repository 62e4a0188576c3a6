"""The shape of Burrow's `/v3` answers: field names, their order and their types, byte for byte."""

import json

TOP = ["error", "message", "status", "request"]
STATUS = ["cluster", "group", "status", "complete", "partitions", "partition_count", "maxlag",
          "totallag"]
PARTITION = ["topic", "partition", "owner", "client_id", "status", "start", "end", "current_lag",
             "complete"]
COMMIT = ["offset", "timestamp", "observedAt", "lag"]
GROUP_STATUSES = {"NOTFOUND", "OK", "WARN", "ERR"}
PARTITION_STATUSES = {"OK", "WARN", "STOP", "STALL", "REWIND"}


def _keys(what, value, expected):
    assert isinstance(value, dict), f"{what} is {value!r}, not an object"
    assert list(value) == expected, f"{what} has the keys {list(value)} instead of {expected}"


def _whole(what, value, least=0):
    assert type(value) is int and value >= least, f"{what} is {value!r}, not a whole number"


def _share(what, value):
    assert type(value) in (int, float) and 0 <= value <= 1, f"{what} is {value!r}, not 0 to 1"


def _partition(what, value):
    _keys(what, value, PARTITION)
    for name in ("topic", "owner", "client_id"):
        assert type(value[name]) is str, f"{what}.{name} is {value[name]!r}, not a string"
    _whole(f"{what}.partition", value["partition"])
    assert value["status"] in PARTITION_STATUSES, f"{what}.status is {value['status']!r}"
    _whole(f"{what}.current_lag", value["current_lag"])
    _share(f"{what}.complete", value["complete"])
    for name in ("start", "end"):
        commit = value[name]
        if commit is None:
            continue
        _keys(f"{what}.{name}", commit, COMMIT)
        for field in ("offset", "timestamp", "observedAt"):
            _whole(f"{what}.{name}.{field}", commit[field])
        assert commit["observedAt"] % 1000 == 0, f"{what}.{name}.observedAt is not in seconds"
        if commit["lag"] is not None:
            _whole(f"{what}.{name}.lag", commit["lag"])


def checked(answer, cluster, group, path):
    """Checks an answer to `/status` or `/lag` and returns its status object.

    `path` is the path as Burrow repeats it: decoded.
    """
    assert answer.headers["content-type"] == "application/json", answer.headers
    top = json.loads(answer.content)
    _keys("the answer", top, TOP)
    # Go's encoder writes no white space, and floats as short as they can be.
    plain = json.dumps(top, separators=(",", ":"), ensure_ascii=False).encode()
    assert answer.content == plain, f"not Go's form of JSON: {answer.content[:200]!r}"
    assert top["error"] is False and top["message"] == "consumer status returned", top
    _keys("request", top["request"], ["url", "host"])
    assert top["request"]["url"] == path, f"request.url is {top['request']['url']!r}"
    assert top["request"]["host"], "request.host is empty"
    status = top["status"]
    _keys("status", status, STATUS)
    assert (status["cluster"], status["group"]) == (cluster, group), status
    assert status["status"] in GROUP_STATUSES, status
    assert (answer.status_code == 404) == (status["status"] == "NOTFOUND"), answer.status_code
    _share("complete", status["complete"])
    _whole("partition_count", status["partition_count"])
    _whole("totallag", status["totallag"])
    if status["maxlag"] is not None:
        _partition("maxlag", status["maxlag"])
    for index, partition in enumerate(status["partitions"]):
        _partition(f"partitions[{index}]", partition)
    return status
