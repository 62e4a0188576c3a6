"""A running `vole demo`, and further agents beside it."""

import re
import subprocess
import threading

import httpx

from .agent import Agent, clean_environment
from .waiting import eventually

# The demo's consumers and what becomes of them.
VERDICTS = {
    "healthy": "OK", "slow": "WARN", "stalled": "ERR", "stopped": "ERR", "rewinding": "ERR",
}
CLUSTER = "demo"
# The demo's windows, so that agents beside it judge as it does. librdkafka's mock brokers answer a
# fetch when its time is over and not when there is something.
_CONFIG = """
[client-profile.demo.librdkafka]
"fetch.wait.max.ms" = "100"
[cluster.demo]
servers = ["{servers}"]
client-profile = "demo"
offset-refresh = 1
topic-refresh = 5
[consumer.demo]
cluster = "demo"
client-profile = "demo"
groups = {groups}
[storage.demo]
intervals = {intervals}
[httpserver.demo]
address = "127.0.0.1:0"
"""


class Demo:
    """The demo: brokers, consumers and an agent. It ends with the block."""

    def __init__(self, vole, *arguments):
        self._vole = vole
        self._process = subprocess.Popen(
            [str(vole), "demo", *arguments], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=clean_environment())
        self._lines = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        eventually("the demo says how to reach it", self._find_addresses, within=30)

    def _read(self):
        for line in self._process.stdout:
            self._lines.append(line)

    def text(self):
        """What the demo has written."""
        text = "".join(self._lines)
        assert self._process.poll() is None, f"the demo ended: {text}"
        return text

    def _find_addresses(self):
        text = self.text()
        port = re.search(r"http://127\.0\.0\.1:(\d+)/", text)
        servers = re.search(r"--bootstrap-servers (\S+)", text)
        if not port or not servers:
            return False
        self.port, self.servers = int(port[1]), servers[1]
        return True

    def get(self, path):
        """What the demo's agent answers."""
        return httpx.get(f"http://127.0.0.1:{self.port}{path}")

    def agent(self, directory, groups, intervals=5, environment=None):
        """Starts another agent on the demo's brokers."""
        quoted = "[" + ", ".join(f'"{one}"' for one in groups) + "]"
        config = _CONFIG.format(servers=self.servers, groups=quoted, intervals=intervals)
        return Agent(self._vole, directory, config, environment=environment)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self._process.terminate()
        self._process.wait(15)
        self._reader.join(5)


class PodsDemo(Demo):
    """A scene with several pods of one group, each with an agent of its own."""

    def __init__(self, vole, scene):
        super().__init__(vole, "--scene", scene)

    def _find_addresses(self):
        found = re.findall(
            r"^  (\S+) \([0-9.]+\) .*its agent: \S*127\.0\.0\.1:(\d+)", self.text(), re.M)
        # The port of each pod's agent, by the pod's name.
        self.ports = {name: int(port) for name, port in found}
        return len(found) >= 3
