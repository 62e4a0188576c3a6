"""`vole status`, `check` and `explain` as people and scripts use them, against a running agent."""

import json
import os
import re
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from broker.tls import Certificates
from harness.agent import clean_environment, configuration, toml
from harness.clients import read_everything, stand_still
from harness.context import INTERVALS
from harness.runner import scenario
from harness.terminal import Terminal
from harness.waiting import equal, eventually

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"


class Asker:
    """Runs `vole` against one agent."""

    def __init__(self, context, agent):
        self.agent = agent
        self._vole = context.vole

    def command(self, *arguments):
        return [str(self._vole), *arguments, "--server", self.agent.base]

    def run(self, *arguments, environment=None):
        """Exit code, standard output and standard error."""
        done = subprocess.run(
            self.command(*arguments), stdin=subprocess.DEVNULL, capture_output=True, timeout=30,
            env=clean_environment(**(environment or {})))
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def json(self, *arguments, code=None):
        """What `--json` prints."""
        found, output, errors = self.run(*arguments, "--json")
        equal(f"what {arguments} says on stderr", errors, "")
        if code is not None:
            equal(f"the exit code of {arguments}", found, code)
        return json.loads(output)


@contextmanager
def _asked(context, *groups):
    """An agent of the scenario's own that watches groups, and somebody who asks it."""
    names = [context.group(one) for one in groups]
    config = configuration(context.world, groups=names, intervals=INTERVALS)
    with context.start(config) as agent:
        agent.wait_until_ready()
        yield Asker(context, agent), names


def _is(asker, group, verdict):
    """Waits until the agent has a verdict."""
    def check():
        status = asker.json("status", group)["status"]
        assert status["verdict"] == verdict, f"{group} is {status['verdict']}: {status['reason']}"
        return status

    return eventually(f"vole status says that {group} is {verdict}", check, 75)


@scenario("status, check and explain: a group that is OK and one that stalls", is_long=True)
def two_groups(context):
    with _asked(context, "status-runs", "status-stalls") as (asker, (runs, stalls)):
        topic = context.topic("status", backlog=20)
        with (
            context.member(runs, [topic], read_everything),
            context.member(stalls, [topic], read_everything, client_id="status-client") as member,
        ):
            _is(asker, runs, "OK")
            _is(asker, stalls, "OK")
            equal("the exit code without trouble", asker.run("status")[0], 0)
            member.habit = stand_still
            status = _is(asker, stalls, "ERR")

            code, output, errors = asker.run("status")
            equal("the exit code and the complaints", (code, errors), (1, ""))
            assert _COLOUR.search(output) is None, "colours in a file"
            rows = {line.split()[0]: line.split() for line in output.splitlines()}
            equal("the verdicts in the table", (rows[runs][1], rows[stalls][1]), ("OK", "ERR"))
            assert output.splitlines()[-1] == "2 groups: 1 ERR, 1 OK", output
            assert "every commit of the window has the same offset" in output, output

            code, output, errors = asker.run("status", stalls)
            equal("the exit code and the complaints", (code, errors), (1, ""))
            lines = output.splitlines()
            equal("the first line", lines[0], f"{stalls} of cluster e2e  ERR")
            first = lines.index("") + 2
            partitions = [line.split() for line in lines[first:]]
            equal("the partitions", sorted(int(one[1]) for one in partitions),
                  list(range(context.world.partitions)))
            assert {one[0] for one in partitions} == {topic}, output
            assert "STALL" in {one[2] for one in partitions}, output
            assert "(status-client)" in output, "the owner"
            assert status["partitions"][0]["owner"]["clientId"] == "status-client", status

            _checks(asker, runs, stalls)
            _explains(asker, runs, stalls, topic)


def _checks(asker, *groups):
    """`vole check` says what the probe says."""
    for option, name in (("--readiness", "readyz"), ("--liveness", "livez")):
        for path, arguments in [("consumer", [])] + [
                (f"consumer/{quote(group, safe='')}", [group]) for group in groups]:
            def same():
                probed, _ = asker.agent.probe(f"/{path}/{name}")
                code, output, errors = asker.run("check", option, *arguments)
                equal("exit code", code, 0 if probed == 200 else 1)
                equal("complaints", errors, "")
                equal("lines", len(output.splitlines()), 1)
                word = {"--readiness": "ready: ", "--liveness": "live: "}[option]
                assert output.startswith(word if probed == 200 else f"not {word}"), output
                return True

            # The probe may change its answer between the two questions.
            eventually(f"vole check {option} says what /{path}/{name} does", same, 5)
    code, output, _ = asker.run("check", "nobody-watches-me", "--readiness")
    equal("the exit code for a group that is not watched", code, 1)
    assert "not watched" in output, output
    code, output, _ = asker.run("check", "nobody-watches-me", "--liveness")
    equal("the exit code for liveness of one", code, 0)


def _explains(asker, runs, stalls, topic):
    code, output, errors = asker.run("explain", stalls)
    equal("the exit code and the complaints", (code, errors), (1, ""))
    lines = output.splitlines()
    equal("the first line", lines[0], f"{stalls} of cluster e2e  ERR")
    drawn = re.findall(r"\d\d:\d\d:\d\d +[\d,]+ +[\d,]+ +[\d,]+ +─*█+", output)
    assert drawn, f"no window is drawn:\n{output}"
    assert "every commit has the same offset (STALLED)" in output, output
    assert re.search(r"^liveness +(passes|fails)$", output, re.M), output
    assert re.search(r"^readiness +(passes|fails)$", output, re.M), output
    assert re.search(r"^  (yes|no | - )  \S", output, re.M), f"no clause:\n{output}"
    answer = asker.json("explain", stalls)
    for decision in answer["decisions"]:
        name = {"LIVENESS": "livez", "READINESS": "readyz"}.get(decision["probe"])
        if name:
            probed, _ = asker.agent.probe(f"/consumer/{quote(stalls, safe='')}/{name}")
            equal(f"what {name} answers", probed == 200, decision["passes"])
    code, output, errors = asker.run("explain", runs, topic, "0")
    equal("the exit code and the complaints", (code, errors), (0, ""))
    assert f"\n{topic}-0  OK\n" in output, output


@scenario("status --watch: a line for each change", is_long=True)
def watch(context):
    topic = context.topic("watched", backlog=20)
    with _asked(context, "status-watched") as (asker, (group,)), \
            context.member(group, [topic], read_everything) as member:
        _is(asker, group, "OK")
        process = subprocess.Popen(
            asker.command("status", group, "--watch"), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment())
        os.set_blocking(process.stdout.fileno(), False)
        seen = []

        def verdicts():
            for line in (process.stdout.read() or b"").decode().splitlines():
                found = re.fullmatch(rf"{_TIME} {re.escape(group)} ([A-Z]+): .+", line)
                assert found, f"no line of a change: {line!r}"
                if not seen or seen[-1] != found[2]:
                    seen.append(found[2])
            return seen

        try:
            eventually("watch shows OK", lambda: verdicts()[-1:] == ["OK"])
            member.habit = stand_still
            eventually("watch shows ERR", lambda: verdicts()[-1] == "ERR", 75)
            member.habit = read_everything
            eventually("watch shows OK again", lambda: verdicts()[-1] == "OK", 75)
            equal("what it shows in between", "ERR" in seen, True)
        finally:
            process.terminate()
            _, errors = process.communicate(timeout=10)
        equal("complaints", errors, b"")


@scenario("status --watch on a terminal: drawn in place, in colours, within 80 columns",
          is_long=True)
def terminal(context):
    topic = context.topic("terminal", backlog=20)
    with _asked(context, "status-terminal", "status-terminal-b") as (asker, names), \
            context.member(names[0], [topic], read_everything) as member:
        group = names[0]
        _is(asker, group, "OK")
        shown = Terminal(asker.command("status", "--watch"), columns=80, lines=24)

        def row(text):
            rows = [line for line in shown.screen() if line.startswith(group + " ")]
            return bool(rows) and rows[-1].split()[1] == text

        try:
            eventually("the terminal shows OK", lambda: row("OK"))
            member.habit = stand_still
            eventually("the terminal shows ERR", lambda: row("ERR"), 75)
            screen = shown.screen()
            equal("the rows of one group", sum(one.startswith(group + " ") for one in screen), 1)
            assert max(map(len, screen)) <= 80, max(screen, key=len)
            assert "\x1b[31;1mERR\x1b[0m" in shown.written, "no colour"
        finally:
            code, errors = shown.end()
        equal("how it ended", (code, errors), (-signal.SIGTERM, ""))
        plain = Terminal(asker.command("status"), columns=60, lines=24,
                         environment={"NO_COLOR": "1"})
        code, errors = plain.wait()
        equal("how it ended", (code, errors), (1, ""))
        assert "\x1b" not in plain.written, plain.written
        assert max(map(len, plain.screen())) <= 60, plain.written


@scenario("status --agent: version, configuration and how far the reading has come")
def agent(context):
    with _asked(context, "status-agent") as (asker, _):
        # A probe may find everything read in the second before the agent takes note of it.
        eventually("the agent is ready", lambda: asker.json(
            "status", "--agent", code=0)["agent"]["ready"], 5)
        info = asker.json("status", "--agent", code=0)["agent"]
        equal("clusters", [one["name"] for one in info["clusters"]], ["e2e"])
        code, output, errors = asker.run("status", "--agent")
        equal("the exit code and the complaints", (code, errors), (0, ""))
        for text in (info["version"], info["configuration"]["fingerprint"], "cluster e2e",
                     "state          ready"):
            assert text in output, f"{text!r} is not in\n{output}"


@scenario("status: a group that nobody watches is 1, an agent that is gone is 3")
def refused(context):
    with _asked(context, "status-refused") as (asker, _):
        for command in (["status", "nobody-watches-me"], ["explain", "nobody-watches-me"],
                        ["status", "nobody-watches-me", "--watch"]):
            code, output, errors = asker.run(*command)
            equal(f"the exit code of {command}", code, 1)
            equal("standard output", output, "")
            assert errors.count("\n") == 1 and "nobody-watches-me" in errors, errors
    code, output, errors = asker.run("status")
    equal("the exit code", code, 3)
    equal("the complaint", errors, f"vole status: {asker.agent.base}: connection refused\n")
    for option, code in (("--liveness", 0), ("--readiness", 3)):
        equal(f"check {option}", asker.run("check", option)[0], code)
    equal("check --liveness --strict", asker.run("check", "--liveness", "--strict")[0], 3)


@scenario("status finds its agent: TLS, client certificates, a Unix socket, a file; with a token")
def reached(context):
    directory = Path(context.directory) / f"reached-{time.monotonic_ns()}"
    directory.mkdir()
    certificates = Certificates(directory)
    pair = certificates.issue("somebody")
    token, wrong, path = directory / "token", directory / "wrong", directory / "vole.sock"
    token.write_text("0123456789abcdef\n")
    wrong.write_text("fedcba9876543210\n")
    group = context.group("never-committed")
    base = configuration(context.world, groups=[group])
    base = base[:base.index("[httpserver.e2e]")]
    secure = (f"tls = \"t\"\n[tls.t]\ncertfile = {toml(certificates.certificate)}\n"
              f"keyfile = {toml(certificates.key)}\n")
    config = base + f"""
[token.t]
file = {toml(str(token))}
groups = ["*"]
[httpserver.socket]
address = {toml(f"unix:{path}")}
[httpserver.secure]
address = "127.0.0.1:0"
{secure}
[httpserver.mutual]
address = "127.0.0.1:0"
client-certificates = "required"
tls = "m"
[tls.m]
certfile = {toml(certificates.certificate)}
keyfile = {toml(certificates.key)}
cafile = {toml(certificates.authority)}
"""
    with context.start(config) as agent:
        addresses = agent.wait_for_log("listening")["addresses"].split()
        ports = [one.rpartition(":")[2] for one in addresses if not one.startswith("unix:")]
        urls = [f"https://127.0.0.1:{one}" for one in ports]

        def ask(*options, holder=token):
            done = subprocess.run(
                [str(context.vole), "status", group, *map(str, options), "--token-file",
                 str(holder)],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
                env=clean_environment())
            return done.returncode, done.stdout + done.stderr

        trust = ["--ca-file", certificates.authority]
        shown = ["--cert-file", pair[0], "--key-file", pair[1]]
        file = directory / "asked.toml"
        file.write_text(config)
        for options in (
            ["--server", f"unix:{path}"], ["--config", file], ["--server", urls[0], *trust],
            ["--server", urls[0], "--insecure"], ["--server", urls[1], *trust, *shown],
        ):
            code, text = ask(*options)
            # Nothing was ever committed.
            assert code == 0 and text.startswith(f"{group} of cluster "), (options, code, text)
            code, text = ask(*options, holder=wrong)
            assert code == 2 and text.count("\n") == 1 and "token" in text, (options, code, text)
        for options, said in (
            (["--server", urls[0]], "certificate"), (["--server", urls[1], *trust], "certificate"),
            (["--server", urls[0].replace("https", "http")], urls[0][8:]),
        ):
            code, text = ask(*options)
            assert code == 3 and text.count("\n") == 1 and said in text, (options, code, text)
        # The file says whether its first listener is secure.
        port = ports[0]
        file.write_text(base + f'[httpserver.one]\naddress = "127.0.0.1:{port}"\n' + secure)
        code, text = ask("--config", file, *trust)
        assert code == 0 and group in text, (code, text)
