"""Metrics as their readers take them: promtool, the OpenMetrics parser, a real Prometheus."""

import collections
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from harness.clients import read_everything
from harness.context import CLUSTER, expect_full_windows
from harness.runner import scenario
from harness.waiting import equal, eventually

# What Prometheus 2 sends.
SCRAPER = ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
           "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
# How long Prometheus scrapes, in seconds, and how often.
SCRAPES = 20


def _samples(text):
    """The values of OpenMetrics text by name and labels, read by the strict parser."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text) for sample in family.samples
    }


@scenario("metrics: promtool and the OpenMetrics parser find nothing, and both texts say the same")
def texts(context):
    agent = context.agent
    agent.wait_until_ready()
    plain = agent.get("/metrics")
    equal("the type", plain.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8")
    done = subprocess.run(["promtool", "check", "metrics"], input=plain.text, text=True,
                          capture_output=True)
    # The name is Burrow's, and its readers know it.
    equal("what promtool says", (done.stdout + done.stderr).strip().splitlines(),
          ['burrow_kafka_consumer_lag_total non-counter metrics should not have "_total" suffix'])
    answer = agent.get("/metrics", headers={"accept": SCRAPER})
    equal("the type", answer.headers["content-type"],
          "application/openmetrics-text; version=1.0.0; charset=utf-8")
    assert answer.text.endswith("\n# EOF\n"), answer.text[-100:]
    samples = _samples(answer.text)
    names = {name for name, _ in samples}
    for name in ("vole_build_info", "vole_uptime_seconds", "vole_ready", "vole_records_total",
                 "vole_http_responses_total", "vole_http_connections_total",
                 "vole_http_received_bytes_total", "vole_group_verdict",
                 "vole_config_reloads_total"):
        assert name in names, f"{name} is missing"
    # httpx asks for gzip by itself.
    equal("the coding", plain.headers["content-encoding"], "gzip")
    bare = agent.get("/metrics", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in bare.headers, bare.headers
    # Both texts have the same samples; what counts and ages may have moved in between, and groups
    # may have come.

    def agree():
        lines = [one for one in agent.get("/metrics").text.splitlines() if not one.startswith("#")]
        told = _samples(agent.get("/metrics", headers={"accept": SCRAPER}).text)
        equal("the number of samples", len(lines), len(told))
        return True

    eventually("both texts agree", agree, 20)


@scenario("metrics: burrow_kafka_* of a running consumer, odd names escaped")
def burrow_names(context):
    group = context.group("измерения-ünïcode-組")
    topic = context.topic("metrics-names")
    with context.member(group, [topic], read_everything, interval=0.3):
        expect_full_windows(context.agent, group)

        def exported():
            accept = {"accept": "application/openmetrics-text"}
            found = collections.defaultdict(
                lambda: -1, _samples(context.agent.get("/metrics", headers=accept).text))
            labels = (("cluster", CLUSTER), ("consumer_group", group))
            equal("the status", found["burrow_kafka_consumer_status", labels], 1)
            assert found["burrow_kafka_consumer_lag_total", labels] >= 0
            for number in range(context.world.partitions):
                place = labels + (("partition", str(number)), ("topic", topic))
                equal("a partition", found["burrow_kafka_topic_partition_status", place], 1)
                for name in ("current_offset", "partition_lag"):
                    assert found[f"burrow_kafka_consumer_{name}", place] >= 0
                head = (("cluster", CLUSTER),) + place[2:]
                assert found["burrow_kafka_topic_partition_offset", head] > 0
            return True

        eventually("the group is exported", exported)


@contextmanager
def _prometheus(agent):
    """A Prometheus that scrapes an agent every second; gives a client of its API."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="vole-prometheus-") as directory:
        config = Path(directory) / "prometheus.yml"
        config.write_text(
            "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
            "scrape_configs:\n"
            "- job_name: vole\n"
            f"  static_configs: [{{targets: ['127.0.0.1:{agent.port}']}}]\n")
        process = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={directory}/data",
             f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=5) as client:
                yield client
        finally:
            process.terminate()
            process.wait(20)


@scenario("a Prometheus scrapes for 20 s, finds the target up and answers queries about groups",
          is_long=True)
def prometheus(context):
    agent = context.agent
    agent.wait_until_ready()
    group = context.group("scraped")
    topic = context.topic("metrics-scraped")
    with (
        context.member(group, [topic], read_everything, interval=0.5),
        _prometheus(agent) as api,
    ):
        def query(text):
            answer = api.get("/query", params={"query": text})
            assert answer.status_code == 200, answer.text
            return answer.json()["data"]["result"]

        def is_up():
            try:
                targets = api.get("/targets").json()["data"]["activeTargets"]
            except (httpx.TransportError, ValueError) as error:
                raise AssertionError(f"Prometheus does not answer yet: {error}") from error
            assert [one["health"] for one in targets] == ["up"], targets
            equal("the last error", targets[0]["lastError"], "")
            return True

        eventually("Prometheus finds the agent up", is_up)
        begun = time.monotonic()
        expect_full_windows(agent, group)
        time.sleep(max(0.0, SCRAPES - (time.monotonic() - begun)))
        assert is_up()
        scrapes = float(query("count_over_time(up[30s])")[0]["value"][1])
        ups = float(query("sum_over_time(up[30s])")[0]["value"][1])
        assert scrapes >= SCRAPES * 0.7, f"{scrapes} scrapes"
        equal("scrapes that failed", scrapes - ups, 0)
        chosen = f'{{consumer_group="{group}"}}'
        found = query(f"burrow_kafka_consumer_status{chosen}")
        equal("the status", [one["value"][1] for one in found],
              ["1"])
        lag = query(f"max by (cluster, consumer_group, topic, partition) "
                    f"(burrow_kafka_consumer_partition_lag{chosen})")
        equal("partitions", len(lag), context.world.partitions)
        verdict = query(f'vole_group_verdict{{consumer_group="{group}",verdict="OK"}} == 1')
        equal("the verdict", len(verdict), 1)
        rate = query("rate(vole_records_total{outcome=\"commit\"}[15s]) > 0")
        equal("clusters whose commits are read", len(rate), 1)
        requests = query('increase(vole_http_responses_total{route="metrics",code="200"}[15s])')
        assert float(requests[0]["value"][1]) > 5, requests
        return f"{scrapes:.0f} scrapes"
