"""A running `vole demo`, and further agents beside it."""

import re
import subprocess
import threading

from harness.agent import Agent, clean_environment
from harness.waiting import eventually

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
            [str(vole), "demo", "--listen", "127.0.0.1:0", *arguments], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=clean_environment())
        self._lines = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        found = eventually("the demo says how to reach it", self._addresses, within=20)
        self.port, self.servers = int(found[0]), found[1]

    def _read(self):
        for line in self._process.stdout:
            self._lines.append(line)

    def _addresses(self):
        text = "".join(self._lines)
        assert self._process.poll() is None, f"the demo ended: {text}"
        port = re.search(r"http://127\.0\.0\.1:(\d+)/", text)
        servers = re.search(r"--bootstrap-servers (\S+)", text)
        return port and servers and (port[1], servers[1])

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
