"""A `vole run` as its users meet it: a process, a configuration, a port."""

import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import httpx

from .waiting import eventually

# The longest time that an agent may take to end, in seconds.
ENDS_WITHIN = 5.0


def clean_environment(**more):
    """The environment without the variables that the agent reads."""
    kept = {
        name: value for name, value in os.environ.items()
        if not name.startswith(("VOLE_", "POD_", "HOST_IP"))
    }
    return {**kept, **more}


def toml(value):
    """A string or list of strings as TOML."""
    if isinstance(value, list):
        return "[" + ", ".join(toml(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def configuration(
    world, groups=None, allowlist=None, denylist=None, brokers=None, cluster="e2e",
    intervals=6, offset_refresh=1, stale_after=None, properties=None, client_id="vole-e2e",
    consumer=None, probe=None, general=None, more=""
):
    """A configuration file that watches groups of a world.

    `consumer`, `probe` and `general` have further keys of their sections, `more` is further text.
    Unless `probe` says otherwise, readiness follows the verdict.
    """
    servers = [f"{host}:{port}" for host, port in brokers or world.brokers]
    passed = {**world.properties, **(properties or {})}
    lines = []
    if general:
        lines += ["[general]"] + [f"{name} = {toml(value)}" for name, value in general.items()]
    lines += [
        "[client-profile.e2e]", f"client-id = {toml(client_id)}", "[client-profile.e2e.librdkafka]",
    ]
    lines += [f"{toml(name)} = {toml(value)}" for name, value in passed.items()]
    lines += [
        f"[cluster.{toml(cluster)}]", f"servers = {toml(servers)}", 'client-profile = "e2e"',
        f"offset-refresh = {offset_refresh}", "topic-refresh = 5",
        "[consumer.e2e]", f"cluster = {toml(cluster)}", 'client-profile = "e2e"',
    ]
    lines += [f"{name} = {toml(value)}" for name, value in (consumer or {}).items()]
    if groups is not None:
        lines.append(f"groups = {toml(groups)}")
    if allowlist is not None:
        lines.append(f"group-allowlist = {toml(allowlist)}")
    if denylist is not None:
        lines.append(f"group-denylist = {toml(denylist)}")
    lines += ["[storage.e2e]", f"intervals = {intervals}"]
    keys = {"gate-timeout": 1, "readiness-after-gate": "verdict"} if probe is None else probe
    if stale_after is not None:
        keys = {**keys, "stale-after": stale_after}
    lines += ["[probe]"] + [f"{name} = {toml(value)}" for name, value in keys.items()]
    lines += [more, "[httpserver.e2e]", 'address = "127.0.0.1:0"', ""]
    return "\n".join(lines)


class Agent:
    """A running agent."""

    # Whether scenarios that run beside each other ask it.
    is_shared = False

    def __init__(self, vole, directory, config=None, arguments=(), environment=None):
        command = [str(vole), "run"]
        if config is not None:
            path = Path(directory) / f"vole-{threading.get_ident()}-{time.monotonic_ns()}.toml"
            path.write_text(config)
            command += ["--config", str(path)]
        self.log = []
        self._lines = threading.Condition()
        self.started = time.monotonic()
        self._process = subprocess.Popen(
            command + list(arguments), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, env=clean_environment(**(environment or {})))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        line = self.wait_for_log("listening", within=20)
        self.listening_after = line["seen"] - self.started
        address = next(one for one in line["addresses"].split() if not one.startswith("unix:"))
        self.port = int(address.rpartition(":")[2])
        self.base = f"http://127.0.0.1:{self.port}"
        self.http = httpx.Client(base_url=self.base, timeout=10)

    def _read(self):
        for raw in self._process.stderr:
            seen = time.monotonic()
            try:
                line = json.loads(raw)
            except ValueError:
                line = {"level": "plain", "msg": raw.decode(errors="replace").rstrip()}
            line["seen"] = seen
            with self._lines:
                self.log.append(line)
                self._lines.notify_all()
        with self._lines:
            self._lines.notify_all()

    def wait_for_log(self, message, within=30):
        """Returns the first line of the log with a message."""
        deadline = time.monotonic() + within
        with self._lines:
            while True:
                for line in self.log:
                    if line["msg"] == message:
                        return line
                left = deadline - time.monotonic()
                if left <= 0 or self._process.poll() is not None:
                    raise AssertionError(f"the log does not say {message!r}:\n{self.log_text()}")
                self._lines.wait(min(left, 0.2))

    def log_text(self, last=25):
        """The last lines of the log."""
        return "\n".join(
            "    " + " ".join(f"{name}={value}" for name, value in line.items() if name != "seen")
            for line in self.log[-last:])

    @property
    def pid(self):
        return self._process.pid

    # Asking.

    def get(self, path, **options):
        # Kubelet asks that of a new container: it closes the gates of all groups.
        assert not self.is_shared or not path.startswith("/consumer/") or "startupz" not in path, (
            f"{path} changes what other scenarios see: it needs an agent of its own")
        return self.http.get(path, **options)

    def probe(self, path):
        """Status and text of a probe."""
        answer = self.get(path)
        return answer.status_code, answer.text

    def wait_until_ready(self, within=60):
        def ready():
            status, text = self.probe("/readyz?verbose")
            assert status == 200, f"/readyz answers {status}: {text}"
            return True

        return eventually("the agent is ready", ready, within)

    def send(self, number):
        """Sends a signal that does not end it."""
        self._process.send_signal(number)

    # Ending.

    def end(self, number=signal.SIGTERM):
        """Sends a signal; returns the exit code and the seconds until then."""
        begun = time.monotonic()
        self._process.send_signal(number)
        code = self._process.wait(ENDS_WITHIN + 10)
        self.http.close()
        return code, time.monotonic() - begun

    def close(self):
        """Ends the agent as Kubernetes does, and fails when it does not end well."""
        if self._process.poll() is not None:
            self.http.close()
            raise AssertionError(
                f"the agent ended by itself with {self._process.returncode}:\n{self.log_text()}")
        code, seconds = self.end()
        assert code == 0, f"the agent ended with {code} after SIGTERM:\n{self.log_text()}"
        assert seconds <= ENDS_WITHIN, f"the agent took {seconds:.1f} s to end"

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            return self.close()
        self._process.kill()
        self._process.wait()
        self.http.close()
        if isinstance(error, AssertionError):
            raise AssertionError(f"{error}\n  log of the agent:\n{self.log_text()}") from error
        return None


def refused(vole, arguments, config=None, directory=None, environment=None, within=10):
    """Runs `vole` with something wrong; returns the exit code and the lines on stderr."""
    command = [str(vole)] + list(arguments)
    if config is not None:
        path = Path(tempfile.mkdtemp(dir=directory)) / "wrong.toml"
        path.write_bytes(config.encode() if isinstance(config, str) else config)
        command += ["--config", str(path)]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=within,
        env=clean_environment(**(environment or {})))
    assert done.stdout == b"", f"{command} wrote to stdout: {done.stdout!r}"
    return done.returncode, done.stderr.decode().splitlines()
