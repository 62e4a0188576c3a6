"""A running Prometheus and its `promtool`."""

import shutil
import socket
import subprocess

import httpx
import yaml

from harness.waiting import eventually


def _program(name):
    found = shutil.which(name)
    assert found, f"{name} is not installed"
    return found


def promtool(*arguments):
    """Runs promtool; returns its exit code and what it wrote."""
    done = subprocess.run(
        [_program("promtool"), *map(str, arguments)], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


class Prometheus:
    """A server that scrapes ports of this machine once a second and evaluates rules."""

    def __init__(self, directory, targets, rules):
        """`targets`: labels by port. `rules`: the content of a rule file."""
        (directory / "rules.yaml").write_text(yaml.safe_dump(rules))
        (directory / "prometheus.yaml").write_text(yaml.safe_dump({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": ["rules.yaml"],
            "scrape_configs": [{
                "job_name": "vole",
                "static_configs": [
                    {"targets": [f"127.0.0.1:{port}"], "labels": labels}
                    for port, labels in targets.items()],
            }],
        }))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._log = open(directory / "prometheus.log", "w+")
        self._process = subprocess.Popen(
            [_program("prometheus"), f"--config.file={directory / 'prometheus.yaml'}",
             f"--storage.tsdb.path={directory / 'data'}",
             f"--web.listen-address=127.0.0.1:{port}"],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10)
        eventually("Prometheus is ready", self._is_ready, within=30)

    def _is_ready(self):
        assert self._process.poll() is None, self._text()
        try:
            return self._http.get("/-/ready").status_code == 200
        except httpx.TransportError:
            return False

    def _text(self):
        self._log.seek(0)
        return self._log.read()

    def query(self, expression):
        """The samples of an expression now: labels and value."""
        answer = self._http.post("/api/v1/query", data={"query": expression}).json()
        assert answer["status"] == "success", f"{expression}: {answer.get('error')}"
        result = answer["data"]["result"]
        if answer["data"]["resultType"] == "scalar":
            return [({}, float(result[1]))]
        return [(one["metric"], float(one["value"][1])) for one in result]

    def rules(self):
        """The alerting rules with their health and alerts, by name."""
        groups = self._http.get("/api/v1/rules").json()["data"]["groups"]
        return {one["name"]: one for group in groups for one in group["rules"]}

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self._process.terminate()
        self._process.wait(30)
        self._http.close()
        self._log.close()
