"""Wrong usage and wrong configuration: one clear line for each problem, exit code 2."""

import os
import re
import socket
import subprocess
from pathlib import Path

from harness.agent import clean_environment, refused
from harness.runner import CannotRun, scenario
from harness.terminal import Terminal
from harness.waiting import equal, eventually

# A configuration with nothing wrong in it.
RIGHT = """\
[cluster.x]
servers = ["127.0.0.1:1"]
[consumer.x]
cluster = "x"
groups = ["orders"]
[httpserver.x]
address = "127.0.0.1:0"
"""

_FLAGS = ["run", "--bootstrap-servers", "127.0.0.1:1", "--listen", "127.0.0.1:0"]


def _expect(context, patterns, arguments, config=None, environment=None):
    """Checks exit code 2 and that each line fits its pattern."""
    code, lines = refused(
        context.vole, arguments, config, context.directory, environment=environment)
    shown = "\n".join(lines)
    equal(f"the exit code (stderr: {shown})", code, 2)
    equal(f"the number of lines (stderr: {shown})", len(lines), len(patterns))
    for line, pattern in zip(lines, patterns):
        assert re.search(pattern, line), f"{line!r} does not fit {pattern!r}"
        assert line.startswith("vole"), line


@scenario("wrong flags: one line, exit 2")
def wrong_flags(context):
    for arguments, pattern in (
        ([], "no command"),
        (["wrun"], "unknown command wrun"),
        (["run", "--gruop", "x"], r"unknown option --gruop .*--group"),
        (["run", "--group"], "--group needs a value"),
        (["run", "--group", "a", "stray"], 'unexpected argument "stray"'),
        (["run", "--log-level"], "--log-level needs a value"),
        (_FLAGS + ["--group", "a", "--log-level", "loud"], "--log-level.*loud.*debug"),
        (_FLAGS[:3] + ["--group", "a", "--listen", "nonsense"], "--listen.*nonsense"),
        (["run", "--group", "a", "--bootstrap-servers", "kafka"],
         "--bootstrap-servers.*kafka.*host:port"),
    ):
        _expect(context, [pattern], arguments)


@scenario("no group named: one line that says how, exit 2")
def no_group(context):
    _expect(context, [r"consumer\.default\.groups: no group is named.*--group"], _FLAGS)
    without = RIGHT.replace('groups = ["orders"]\n', "")
    _expect(context, [r"consumer\.x\.groups: no group is named"], ["run"], without)
    _expect(context, [r"consumer\.default\.groups: no group is named"], _FLAGS,
            environment={"VOLE_GROUPS": ""})


@scenario("a file that cannot be read: one line, exit 2")
def unreadable(context):
    _expect(context, ["cannot read.*/no/such/file.toml.*No such file"],
            ["run", "--config", "/no/such/file.toml"])
    _expect(context, ["cannot read.*Is a directory"], ["run", "--config", context.directory])
    if os.geteuid() == 0:
        return "a file without read permission was not tried: root reads everything"
    path = os.path.join(context.directory, "secret.toml")
    with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0)):
        pass
    _expect(context, ["cannot read.*Permission denied"], ["run", "--config", path])
    return None


@scenario("wrong TOML: all errors at once, each with file and line, exit 2")
def wrong_file(context):
    _expect(context, [r"wrong\.toml:2: "], ["run"], "[cluster.x]\nservers = \n")
    _expect(context, [r"wrong\.toml:1: "], ["run"], b"a = \"\xff\"\n")
    _expect(
        context,
        [
            r"wrong\.toml:2: cluster\.x\.servers: .*localhost.*host:port",
            r"wrong\.toml:3: cluster\.x\.offset-refresh: .*string.*whole number",
            r"wrong\.toml:4: cluster\.x\.minimun: unknown key",
            r"wrong\.toml:6: consumer\.x\.cluster: .*cluster\.y",
            r"wrong\.toml:7: consumer\.x\.group-allowlist: .*not a regular expression",
            r"wrong\.toml:9: storage\.x\.intervals: 0 is out of range",
            r"wrong\.toml:10: evalvator: unknown section",
        ],
        ["run"],
        """\
[cluster.x]
servers = ["localhost"]
offset-refresh = "often"
minimun = 3
[consumer.x]
cluster = "y"
group-allowlist = "orders-("
[storage.x]
intervals = 0
[evalvator.x]
""")


@scenario("a bad regular expression: one line with its place, exit 2")
def bad_pattern(context):
    config = RIGHT.replace('groups = ["orders"]', 'group-allowlist = "["')
    _expect(context, [r"wrong\.toml:5: consumer\.x\.group-allowlist: .*regular expression"],
            ["run"], config)
    config = RIGHT.replace(
        'groups = ["orders"]', 'group-allowlist = "."\ngroup-denylist = "(?<"')
    _expect(context, [r"wrong\.toml:6: consumer\.x\.group-denylist: .*regular expression"],
            ["run"], config)


@scenario("a login that librdkafka cannot even try: one line with its place, exit 2")
def impossible_login(context):
    config = """\
[client-profile.p.librdkafka]
"security.protocol" = "sasl_plaintext"
"sasl.mechanisms" = "NONSENSE"
""" + RIGHT.replace("[consumer", 'client-profile = "p"\n[consumer')
    _expect(context, [r"wrong\.toml:1: client-profile\.p: .*SASL mechanism: NONSENSE"],
            ["run"], config)


@scenario("properties that librdkafka refuses: one line each with its place, exit 2")
def properties(context):
    config = """\
[client-profile.p.librdkafka]
"no.such.property" = "1"
"fetch.wait.max.ms" = "soon"
"group.id" = "mine"
""" + RIGHT.replace("[consumer", 'client-profile = "p"\n[consumer')
    _expect(
        context,
        [
            r"wrong\.toml:2: client-profile\.p\.librdkafka.*no\.such\.property.*no such property",
            r"wrong\.toml:3: client-profile\.p\.librdkafka.*fetch\.wait\.max\.ms",
            r"wrong\.toml:4: client-profile\.p\.librdkafka.*group\.id.*the agent sets it itself",
        ],
        ["run"], config)


@scenario("a port in use: one line with the address, exit 2")
def port_in_use(context):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        _expect(context, [f"{re.escape(address)}.*in use"],
                ["run", "--bootstrap-servers", "127.0.0.1:1", "--group", "a", "--listen", address])
        config = RIGHT.replace("127.0.0.1:0", address)
        _expect(context, [f"{re.escape(address)}.*in use"], ["run"], config)


@scenario("an address that is not this machine's: one line, exit 2")
def foreign_address(context):
    _expect(context, ["192.0.2.1:18080"],
            ["run", "--bootstrap-servers", "127.0.0.1:1", "--group", "a",
             "--listen", "192.0.2.1:18080"])


@scenario("a port that is not allowed: one line, exit 2")
def forbidden_port(context):
    least = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    if os.geteuid() == 0 or least < 2:
        raise CannotRun("this user may listen on every port")
    _expect(context, ["127.0.0.1:1.*denied"],
            ["run", "--bootstrap-servers", "127.0.0.1:1", "--group", "a",
             "--listen", "127.0.0.1:1"])


@scenario("the variables of the environment are checked like the file")
def environment(context):
    _expect(context, [r"VOLE_LISTEN.*nonsense"], _FLAGS[:3] + ["--group", "a"],
            environment={"VOLE_LISTEN": "nonsense"})
    _expect(context, [r"VOLE_STORAGE_X_INTERVALS.*many.*whole number|INTERVALS.*whole number"],
            ["run"], RIGHT + "[storage.x]\n", environment={"VOLE_STORAGE_X_INTERVALS": "many"})


@scenario("an answer that cannot be written: one line, exit 2; one that nobody reads: nothing")
def full_disk(context):
    right = _FLAGS[1:] + ["--group", "a"]
    for arguments, name in (
        (["--help"], "vole"), (["--version"], "vole"), (["run", "--help"], "vole"),
        (["config", *right], "vole config"),
        (["doctor", *right[:2], *right[4:], "--timeout", "1"], "vole doctor"),
    ):
        command = [str(context.vole), *arguments]
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE,
                timeout=20, env=clean_environment())
        equal(f"what {arguments} says", done.stderr.decode(),
              f"{name}: standard output: no space left on device\n")
        equal(f"the exit code of {arguments}", done.returncode, 2)
    unread, written = os.pipe()
    os.close(unread)
    done = subprocess.run(
        [str(context.vole), "config", *right], stdin=subprocess.DEVNULL, stdout=written,
        stderr=subprocess.PIPE, timeout=20, env=clean_environment())
    os.close(written)
    equal("what is said where nobody reads", done.stderr, b"")
    equal("the exit code where nobody reads", done.returncode, 0)


@scenario("a demo that nobody reads any more ends, and not as a success")
def unread_demo(context):
    for scene in ("verdicts", "outage"):
        demo = subprocess.Popen(
            [str(context.vole), "demo", "--seconds", "60", "--scene", scene],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=clean_environment())
        try:
            assert b"mock Kafka cluster" in demo.stdout.readline()
            demo.stdout.close()
            equal(f"the exit code of {scene}", demo.wait(20), 1)
            equal(f"what {scene} says", demo.stderr.read(), b"")
        finally:
            demo.kill()
            demo.stderr.close()
            demo.wait()


@scenario("standard streams that were closed: no socket of the agent takes their place")
def closed_streams(context):
    agent = subprocess.Popen(
        ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", str(context.vole), *_FLAGS, "--group", "a"],
        env=clean_environment())
    try:
        descriptors = Path(f"/proc/{agent.pid}/fd")

        def listens():
            return any(os.readlink(one).startswith("socket:") for one in descriptors.iterdir())

        eventually("the agent listens", listens, 20)
        equal("what stands for the standard streams",
              [os.readlink(descriptors / str(number)) for number in range(3)], ["/dev/null"] * 3)
    finally:
        agent.terminate()
        equal("the exit code", agent.wait(15), 0)


@scenario("a dumb terminal gets no control sequence, another one does")
def dumb_terminal(context):
    for name, is_dumb in (("dumb", True), ("xterm", False)):
        terminal = Terminal(
            [context.vole, "demo", "--seconds", "2"], 80, 24, environment={"TERM": name})
        code, _ = terminal.wait(30)
        equal("the exit code, as no verdict is there yet", code, 1)
        assert "UNKNOWN" in terminal.written, terminal.written
        equal(f"whether TERM={name} gets none", "\x1b" not in terminal.written, is_dumb)
