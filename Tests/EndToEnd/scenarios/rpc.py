"""The RPC interface with clients that others wrote: connectrpc, httpx, curl; and its schema."""

import json
import os
import subprocess
import threading
import time
from pathlib import Path
from urllib.parse import quote

import httpx
from connectrpc.code import Code
from connectrpc.errors import ConnectError
from google.protobuf import json_format

from harness.agent import configuration, toml
from harness.clients import read_everything, stand_still
from harness.context import CLUSTER, expect_full_windows
from harness.proto import GROUPS, HEALTH, ROOT, RPC, schema
from harness.runner import scenario
from harness.waiting import equal, eventually


def _refused(call):
    """The code and message of a call that must fail."""
    try:
        answer = call()
    except ConnectError as error:
        return error.code, error.message
    raise AssertionError(f"it answers {answer}")


@scenario("the schema: protoc takes it without a warning, and every declaration is documented")
def documented(context):
    bare = []
    for file in schema().files.file:
        if not file.name.startswith(("vole/", "grpc/")):
            continue
        told = {tuple(one.path) for one in file.source_code_info.location
                if one.leading_comments.strip()}
        for number, service in enumerate(file.service):
            places = [((6, number), service.name)]
            places += [((6, number, 2, index), f"{service.name}.{one.name}")
                       for index, one in enumerate(service.method)]
            bare += [name for place, name in places if place not in told]
    equal("declarations without a comment", bare, [])


@scenario("the golden examples: protobuf reads each, and writes the same again")
def golden(context):
    files = sorted((ROOT / "golden").iterdir())
    assert len(files) > 20, files
    for file in files:
        text = file.read_text()
        method, *_, kind, _ = file.name.split(".")
        if kind == "error":
            error = json.loads(text)
            error = error.get("error", error)
            assert Code(error["code"]) and error["message"], error
            continue
        service = HEALTH if method in ("Check", "Watch") else GROUPS
        info = schema().method(service, method)
        message = (info.input if kind == "request" else info.output)()
        if ".malformed." in file.name:
            try:
                json_format.Parse(text, message)
            except json_format.ParseError:
                continue
            raise AssertionError(f"{file.name} is read")
        # Nothing unknown, nothing twice, every value in its range.
        json_format.Parse(text, message)
        written = json_format.MessageToDict(message)
        # What is at its default is said all the same where people read it.
        found = json.loads(text)
        if service == HEALTH and kind == "response":
            found = {name: value for name, value in found.items() if value != "UNKNOWN"}
        equal(file.name, written, found)


@scenario("connectrpc: unary by POST and GET with and without gzip, errors, on HTTP/1.1 and h2c")
def unary(context):
    agent = context.agent
    agent.wait_until_ready()
    group = context.group("never-committed")
    for is_http2 in (False, True):
        for options in ({}, {"send_compression": None}):
            rpc = RPC(agent, is_http2, **options)
            for use_get in (False, True):
                status = rpc.call("GetGroupStatus", group=group, use_get=use_get).status
                equal("the group", (status.cluster, status.group), (CLUSTER, group))
                equal("the verdict", status.Verdict.Name(status.verdict), "UNKNOWN")
                listed = rpc.call("ListGroups", use_get=use_get).groups
                assert group in [one.group for one in listed], listed
                about = rpc.call("GetAgentInfo", use_get=use_get).agent
                assert about.ready and about.version and about.clusters[0].name == CLUSTER, about
            code, message = _refused(lambda: rpc.call("GetGroupStatus", group="typo"))
            equal("an unknown group", (code, message),
                  (Code.NOT_FOUND, 'group "typo" is not watched'))
            equal("no group", _refused(lambda: rpc.call("GetGroupStatus"))[0],
                  Code.INVALID_ARGUMENT)
            equal("a level without tokens", _refused(lambda: rpc.call("SetLogLevel", level=1))[0],
                  Code.PERMISSION_DENIED)
            checked = rpc.call("Check", HEALTH, service="")
            equal("the agent's health", checked.status, checked.SERVING)
            equal("a group's health", rpc.call("Check", HEALTH, service=group).status,
                  checked.UNKNOWN)
            equal("an unknown service", _refused(lambda: rpc.call("Check", HEALTH, service="x"))[0],
                  Code.NOT_FOUND)


class _Watcher:
    """Follows a stream in a thread of its own."""

    def __init__(self, messages):
        self.seen = []
        self.failure = None
        self._messages = messages
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            for message in self._messages:
                self.seen.append((time.monotonic(), message))
        except ConnectError as error:
            self.failure = error

    def verdicts(self):
        """What was seen, each verdict once in a row."""
        found = [one.status.Verdict.Name(one.status.verdict) for _, one in self.seen]
        return [one for index, one in enumerate(found) if index == 0 or found[index - 1] != one]


@scenario("connectrpc: a stream tells each change of a verdict, on HTTP/1.1 and h2c", is_long=True)
def streams(context):
    agent = context.agent
    topic = context.topic("recovering-rpc")
    group = context.group("recovering-rpc")
    with context.member(group, [topic], read_everything, interval=1.0) as member:
        expect_full_windows(agent, group)
        watchers = [
            _Watcher(RPC(agent, is_http2).watch(
                "WatchGroupStatus", group=group, timeout_ms=100_000))
            for is_http2 in (False, True)]
        health = _Watcher(RPC(agent).watch("Watch", HEALTH, service=group, timeout_ms=100_000))

        def seen(*verdicts):
            def check():
                member.check()
                for one in watchers:
                    assert one.failure is None, one.failure
                    equal("what was seen", one.verdicts()[-len(verdicts):], list(verdicts))
                return True
            return check

        eventually("both streams say OK", seen("OK"))
        member.habit = stand_still
        eventually("both streams say ERR", seen("ERR"))
        member.habit = read_everything
        eventually("both streams say OK again", seen("ERR", "OK"))
        owner = watchers[0].seen[-1][1].status.partitions[0].owner
        equal("the owner", owner.client_id, "e2e-client")
        found = [one.ServingStatus.Name(one.status) for _, one in health.seen]
        assert found[-2:] == ["NOT_SERVING", "SERVING"], found


@scenario("connectrpc: a deadline ends a stream, and a message comes at each interval asked for")
def deadlines(context):
    agent = context.agent
    agent.wait_until_ready()
    group = context.group("never-committed")
    for is_http2 in (False, True):
        begun = time.monotonic()
        watcher = _Watcher(RPC(agent, is_http2).watch(
            "WatchGroupStatus", group=group, max_interval_seconds=1, timeout_ms=2500))
        eventually("the stream ends", lambda: watcher.failure is not None, 10)
        assert 2 < time.monotonic() - begun < 5, time.monotonic() - begun
        equal("why", watcher.failure.code, Code.DEADLINE_EXCEEDED)
        assert len(watcher.seen) >= 3, watcher.seen


@scenario("curl: every call of proto-json/README.md is answered")
def by_hand(context):
    count = 0
    # Watched by name, so that there is something to say of it whether it ever committed or not.
    with context.start(configuration(context.world, groups=["orders"], cluster=CLUSTER)) as agent:
        environment = {"AGENT": agent.base, "PATH": os.environ["PATH"]}
        for line in (ROOT / "README.md").read_text().splitlines():
            if not line.startswith(("curl ", "printf ")) or "$TOKEN" in line:
                continue
            line = line.replace("curl ", "curl -sS --max-time 2 ", 1)
            done = subprocess.run(
                ["bash", "-c", line], env=environment, capture_output=True, timeout=20)
            is_stream = line.startswith("printf ")
            answer = done.stdout[5:] if is_stream else done.stdout
            # Without a history there is no number of replicas, which is said so.
            is_early = "GetScaleHint" in line and json.loads(answer).get("code") == "unavailable"
            assert is_early or b'"code"' not in answer and json.loads(answer), f"{line}: {done}"
            count += 1
    assert count >= 8, count


@scenario("curl and httpx: HTTP/1.1, HTTP/2 and the change to it, streams, what is refused")
def other_clients(context):
    agent = context.agent
    agent.wait_until_ready()
    group = context.group("never-committed")
    ask = json.dumps({"group": group})
    url = f"{agent.base}/{GROUPS}/GetGroupStatus"
    for options in (["--http1.1"], ["--http2-prior-knowledge"], ["--http2"]):
        done = subprocess.run(
            ["curl", "--silent", "--show-error", "--max-time", "5", *options, "--header",
             "content-type: application/json", "--data", ask, url],
            capture_output=True, text=True, check=True)
        equal("the group", json.loads(done.stdout)["status"]["group"], group)
    answer = agent.get(f"/{GROUPS}/GetGroupStatus?connect=v1&encoding=json&message={quote(ask)}")
    equal("by GET", (answer.status_code, answer.json()["status"]["group"]), (200, group))
    with httpx.Client(base_url=agent.base, http1=False, http2=True) as client:
        envelope = b"\0" + len(ask.encode()).to_bytes(4, "big") + ask.encode()
        with client.stream(
            "POST", f"/{GROUPS}/WatchGroupStatus", content=envelope,
            headers={"content-type": "application/connect+json"},
        ) as stream:
            first = next(stream.iter_raw())
        equal("the envelope", first[0], 0)
        equal("the group", json.loads(first[5:])["status"]["group"], group)
    equal("a wrong codec", agent.http.post(
        f"/{GROUPS}/ListGroups", content=b"", headers={"content-type": "application/proto"},
    ).status_code, 415)
    answer = agent.http.put(f"/{GROUPS}/ListGroups", content=b"{}")
    equal("a wrong method", (answer.status_code, answer.headers["allow"]), (405, "GET, POST"))


@scenario("CORS: a page of another origin may call where the configuration lets it, else not")
def cross_origin(context):
    origin = "https://dashboard.example"
    asks = {"origin": origin, "access-control-request-method": "POST",
            "access-control-request-headers": "content-type,connect-protocol-version"}
    call, watch = f"/{GROUPS}/ListGroups", f"/{GROUPS}/WatchGroups"
    equal("leave of an agent that gives none", context.agent.http.options(
        call, headers=asks).headers.get("access-control-allow-origin"), None)
    file = Path(context.directory) / f"cors-token-{time.monotonic_ns()}"
    file.write_text("0123456789abcdef\n")
    config = configuration(
        context.world, groups=[context.group("never-committed")], cluster=CLUSTER,
        general={"access-control-allow-origin": origin})
    config += f"[token.page]\nfile = {toml(str(file))}\ngroups = [\"*\"]\n"
    with context.start(config) as agent:
        answer = agent.http.options(call, headers=asks)
        equal("the answer to a browser's question", answer.status_code, 204)
        equal("leave", answer.headers["access-control-allow-origin"], origin)
        equal("methods", answer.headers["access-control-allow-methods"], "GET, POST")
        allowed = answer.headers["access-control-allow-headers"].split(", ")
        needed = {"authorization", "content-type", "connect-protocol-version"}
        assert needed <= set(allowed), allowed
        equal("no question of a browser", agent.http.options(call).status_code, 405)
        token = {"authorization": "Bearer 0123456789abcdef"}
        for headers, code in (({}, 401), (token, 200)):
            answer = agent.http.post(call, json={}, headers={"origin": origin, **headers})
            equal("the call", answer.status_code, code)
            equal("leave to read it", answer.headers["access-control-allow-origin"], origin)
        with agent.http.stream(
            "POST", watch, content=b"\0\0\0\0\x02{}",
            headers={"content-type": "application/connect+json", **token},
        ) as stream:
            equal("leave to read a stream", stream.headers["access-control-allow-origin"], origin)


@scenario("a status in RPC says what the group's own coordinator says")
def agrees(context):
    topic = context.topic("rpc-status")
    group = context.group("shared-in-rpc")
    with context.member(group, [topic], read_everything, interval=0.4, client_id="rpc") as member:
        expect_full_windows(context.agent, group)
        context.feed.remove(topic)

        def check():
            status = RPC(context.agent).call("GetGroupStatus", group=group, windows=True).status
            offsets, lags = member.offsets(), member.lag()
            shown = {(one.topic, one.partition): one for one in status.partitions}
            equal("the offsets", {place: one.committed_offset for place, one in shown.items()},
                  offsets)
            equal("the lags", {place: one.lag for place, one in shown.items()}, lags)
            equal("the owners", {one.owner.client_id for one in shown.values()}, {"rpc"})
            equal("the counts", (status.partition_counts.total, status.partition_counts.ok),
                  (len(offsets), len(offsets)))
            for one in shown.values():
                equal("the newest of the window", one.window[-1].offset, one.committed_offset)
            return True

        eventually("RPC and coordinator agree", check, 40)
