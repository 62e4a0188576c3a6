"""Probes as kubelet and people ask them: curl on HTTP/1.1 and HTTP/2, httpx on HTTP/2, HEAD."""

import subprocess
import threading
from contextlib import contextmanager
from urllib.parse import quote

import httpx

from harness.agent import configuration
from harness.clients import read_everything, stand_still
from harness.context import CLUSTER, INTERVALS, probe
from harness.runner import scenario
from harness.waiting import equal, eventually


class Curl:
    """Asks one URL again and again and keeps the changes of the status code."""

    def __init__(self, url, *options):
        self._command = [
            "curl", "--silent", "--show-error", "--max-time", "5", "--output", "/dev/null",
            "--write-out", "%{http_code} %{http_version}", *options, url,
        ]
        self.codes = []
        self.versions = set()
        self.failure = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._ended.wait(0.2):
            done = subprocess.run(self._command, capture_output=True, text=True)
            if done.returncode != 0:
                self.failure = done.stderr.strip()
                return
            code, version = done.stdout.split()
            self.versions.add(version)
            if not self.codes or self.codes[-1] != int(code):
                self.codes.append(int(code))

    def close(self):
        self._ended.set()
        self._thread.join(10)


@contextmanager
def curl(url, *options):
    one = Curl(url, *options)
    try:
        yield one
    finally:
        one.close()


@scenario("readiness goes 200, 503, 200 as a consumer stalls and recovers, seen by curl")
def recovery(context):
    agent = context.agent
    topic = context.topic("recovering")
    group = context.group("recovering")
    url = f"{agent.base}/consumer/{quote(group, safe='')}/readyz"
    eventually("its gate is over", lambda: probe(agent, group, "readyz")[0] == 200)
    with (
        # One second between commits: a pause of this machine is no stop of the consumer.
        context.member(group, [topic], read_everything, interval=1.0) as member,
        curl(url, "--http1.1") as one,
        curl(url, "--http2-prior-knowledge") as two,
    ):
        both = (one, two)

        def seen(*codes):
            def check():
                member.check()
                for each in both:
                    assert each.failure is None, each.failure
                    assert each.codes == list(codes), f"curl saw {each.codes}"
                return True
            return check

        def is_ok():
            code, text = probe(agent, group, "readyz")
            assert code == 200 and text.startswith(f"{group} OK"), text
            assert member.rounds >= INTERVALS, member.rounds
            return True

        eventually("the consumer is OK", is_ok)
        eventually("curl sees 200", seen(200))
        member.habit = stand_still
        eventually("curl sees 503", seen(200, 503))
        member.habit = read_everything
        eventually("curl sees 200 again", seen(200, 503, 200))
        equal("the versions that curl spoke", [one.versions, two.versions], [{"1.1"}, {"2"}])


@scenario("a group that is watched and never committed is UNKNOWN: ready, live, NOTFOUND in /v3")
def never_committed(context):
    group = context.group("never-committed")
    with context.start(configuration(context.world, groups=[group], cluster=CLUSTER)) as agent:
        agent.wait_until_ready()
        eventually("its gate is over", lambda: probe(agent, group, "readyz")[0] == 200)
        # A start-up probe comes last: it closes the gate.
        for name in ("readyz", "livez", "startupz"):
            code, text = probe(agent, group, name)
            assert (code, text.split(":")[0]) == (200, f"{group} UNKNOWN"), (name, code, text)
        answer = agent.get(f"/v3/kafka/{CLUSTER}/consumer/{group}/status")
        equal("the answer", answer.status_code, 404)
        equal("the status", answer.json()["status"], {
            "cluster": CLUSTER, "group": group, "status": "NOTFOUND", "complete": 1,
            "partitions": [], "partition_count": 0, "maxlag": None, "totallag": 0})
        assert answer.json()["error"] is False, answer.text


@scenario("a group that is not watched: readyz 404, livez and startupz 200, one warning")
def not_watched(context):
    watched = context.group("somebody-watches-me")
    group = context.group("nobody-watches-me")
    with context.start(configuration(context.world, groups=[watched], cluster=CLUSTER)) as agent:
        for _ in range(3):
            for name, expected in (("readyz", 404), ("livez", 200), ("startupz", 200)):
                code, text = probe(agent, group, name)
                equal(f"{name} of a group that is not watched", code, expected)
                assert group in text and "not watched" in text, text
        warned = [line for line in agent.log if line.get("group") == group]
        equal("the number of warnings", len(warned), 1)
        equal("the level of the warning", warned[0]["level"], "warn")


@scenario("HEAD is answered like GET, without the body")
def head(context):
    agent = context.agent
    agent.wait_until_ready()
    group = quote(context.group("never-committed"), safe="")
    for path in ("/livez", "/readyz", "/startupz", "/readyz?verbose", f"/consumer/{group}/livez",
                 "/consumer/unknown/readyz"):
        got = agent.get(path)
        asked = agent.http.head(path)
        equal(f"HEAD {path}", asked.status_code, got.status_code)
        equal(f"the body of HEAD {path}", asked.content, b"")
        equal(f"the type of HEAD {path}", asked.headers["content-type"],
              got.headers["content-type"])
        if "verbose" not in path:
            equal(f"the length of HEAD {path}", asked.headers["content-length"],
                  str(len(got.content)))
    refused = agent.http.head(f"/v3/kafka/e2e/consumer/{group}/status")
    equal("HEAD of Burrow's API", (refused.status_code, refused.headers["allow"]),
          (405, "GET, OPTIONS"))


@scenario("the agent's own probes: ok, verbose, exclude, sub-paths")
def own_probes(context):
    agent = context.agent
    agent.wait_until_ready()
    for name in ("livez", "readyz", "startupz"):
        equal(f"/{name}", agent.probe(f"/{name}"), (200, "ok"))
        code, text = agent.probe(f"/{name}?verbose")
        assert code == 200 and text.endswith(f"{name} check passed\n"), text
        assert "[+]ping ok\n" in text, text
    code, text = agent.probe("/readyz?verbose")
    for check in ("ping", "commits", "heads", "shutdown"):
        assert f"[+]{check} ok" in text, text
    assert "partitions read" in text, text
    equal("/readyz/commits", agent.probe("/readyz/commits"), (200, "ok"))
    equal("/readyz/nonsense", agent.probe("/readyz/nonsense")[0], 404)
    code, text = agent.probe("/readyz?verbose&exclude=heads")
    assert code == 200 and "[+]heads excluded: ok\n" in text, text
    answer = agent.get("/no/such/path")
    equal("an unknown path", (answer.status_code, answer.text),
          (404, '{"error":true,"message":"invalid request type","result":{}}\n'))


@scenario("HTTP/2 with prior knowledge: many requests on one connection")
def http2(context):
    agent = context.agent
    agent.wait_until_ready()
    group = quote(context.group("never-committed"), safe="")
    with httpx.Client(base_url=agent.base, http1=False, http2=True, timeout=10) as client:
        for _ in range(200):
            answer = client.get("/livez")
            equal("the answer", (answer.status_code, answer.text, answer.http_version),
                  (200, "ok", "HTTP/2"))
        equal("HEAD", client.head("/readyz").status_code, 200)
        equal("POST", client.post("/livez", content=b"x" * 1000).status_code, 405)
        answer = client.get(f"/v3/kafka/e2e/consumer/{group}/lag")
        equal("Burrow's API", (answer.status_code, answer.json()["status"]["status"]),
              (404, "NOTFOUND"))
