"""A running `vole demo`, and further agents beside it."""

import re
import subprocess
import threading

from harness.agent import Agent, clean_environment
from harness.waiting import eventually

from . import kustomize
from .pod import PodFiles

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
    """A scene with several pods of one group.

    Beside each of the demo's agents there is one as the manifests start it: with their
    configuration, told nothing else but where the brokers are, where to listen, and shorter times.
    """

    # The shipped hold is five minutes and more, and its log ends are ten seconds apart.
    _SHORTER = {"VOLE_PROBE_HOLD": "15s", "VOLE_CLUSTER_MAIN_OFFSET_REFRESH": "1"}

    def __init__(self, context, objects, scene):
        super().__init__(context.vole, "--scene", scene)
        workload = kustomize.only(objects, "Deployment")
        # The agent of each pod, by the pod's name.
        self.agents = {}
        for name, address in self._pods.items():
            directory = context.directory()
            pod = PodFiles(objects, workload, directory)
            environment = {
                **pod.environment(address=address, name=name), **self._SHORTER,
                "VOLE_BOOTSTRAP_SERVERS": self.servers, "VOLE_LISTEN": "127.0.0.1:0",
            }
            assert pod.arguments[0] == "run", pod.arguments
            self.agents[name] = Agent(
                context.vole, directory, arguments=pod.arguments[1:], environment=environment)

    def _find_addresses(self):
        text = self.text()
        servers = re.search(r"mock Kafka cluster at (\S+?),? and", text)
        self._pods = dict(re.findall(r"^  (\S+) \(([0-9.]+)\) .*its agent: ", text, re.M))
        if not servers or len(self._pods) < 3:
            return False
        self.servers = servers[1]
        return True

    def __exit__(self, kind, error, trace):
        try:
            for agent in self.agents.values():
                agent.__exit__(kind, error, trace)
        finally:
            super().__exit__(kind, error, trace)
