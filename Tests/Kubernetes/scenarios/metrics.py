"""Alerts, dashboard and the autoscaler's query, in a Prometheus that scrapes three agents."""

import json
import re
from contextlib import ExitStack
from functools import lru_cache

import httpx
import yaml

from cluster import kustomize
from cluster.prometheus import Prometheus, promtool
from harness.demo import CLUSTER, VERDICTS, Demo
from harness.runner import scenario
from harness.waiting import equal, eventually

from .manifests import adapter_rule

_AGENTS = 3
_NAMESPACE = "orders"
_DASHBOARD = kustomize.K8S / "components/grafana/vole.json"
_ALERT_TESTS = kustomize.TOP / "Tests/Kubernetes/alerts.yaml"
# What Grafana puts in the place of its variables.
_VARIABLES = {
    "$namespace": ".*", "$cluster": ".*", "$group": ".*", "$__rate_interval": "10s",
    "$__range": "60s",
}


@lru_cache(maxsize=None)
def _rules():
    objects = kustomize.combine("base", "native-sidecar", "prometheus-operator")
    return kustomize.only(objects, "PrometheusRule")["spec"]


def _alerts():
    return [one for group in _rules()["groups"] for one in group["rules"]]


@lru_cache(maxsize=None)
def _panels():
    """Title and expressions of each panel, variables replaced."""
    panels = []
    for panel in json.loads(_DASHBOARD.read_text())["panels"]:
        expressions = [_filled(one["expr"]) for one in panel.get("targets", [])]
        if panel["type"] != "row":
            assert expressions, f"panel {panel['title']} shows nothing"
            panels.append((panel["title"], expressions))
    return panels


def _filled(expression):
    for name, value in _VARIABLES.items():
        expression = expression.replace(name, value)
    assert "$" not in expression, f"an unknown variable in {expression}"
    return expression


# Panels that are empty for the first minutes, or while nothing drains: advice takes a quarter of an
# hour of commits. That their metrics exist is looked up all the same.
_EMPTY_AT_FIRST = {"Time lag", "Produced and consumed", "Time to drain", "Replicas"}


@scenario("alerts: promtool takes the rules, and each fires when it must and only then")
def rules(context):
    directory = context.directory()
    (directory / "rules.yaml").write_text(yaml.safe_dump(_rules()))
    code, text = promtool("check", "rules", directory / "rules.yaml")
    assert code == 0 and f"SUCCESS: {len(_alerts())} rules found" in text, text
    tests = yaml.safe_load(_ALERT_TESTS.read_text())
    (directory / "alerts.yaml").write_text(yaml.safe_dump(tests))
    code, text = promtool("test", "rules", directory / "alerts.yaml")
    assert code == 0, text
    # Each alert has a case in which it fires and one in which it does not.
    fires, stays = set(), set()
    for case in tests["tests"]:
        for one in case["alert_rule_test"]:
            (fires if one.get("exp_alerts") else stays).add(one["alertname"])
    names = {one["alert"] for one in _alerts()}
    equal("alerts with a case that fires", fires, names)
    equal("alerts with a case that does not", stays, names)
    return f"{len(names)} alerts, {len(tests['tests'])} cases"


def _metrics():
    """Each metric that alerts, dashboard and autoscaler ask for, with the text before it."""
    texts = [one["expr"] for one in _alerts()]
    texts += [one for _, expressions in _panels() for one in expressions]
    for text in texts:
        for found in re.finditer(r"\b(vole|burrow)_\w+", text):
            yield found[0], text[:found.start()]
    yield adapter_rule()["seriesQuery"].partition("{")[0], adapter_rule()["metricsQuery"]


@scenario("alerts and dashboard: every metric is aggregated over the agents of a group")
def aggregation(context):
    for name, before in _metrics():
        assert re.search(r"max(?: by \([^()]*\) )?\(", before), f"{name} is not aggregated"


@scenario("the dashboard's panels lie beside each other, and know what they ask")
def layout(context):
    board = json.loads(_DASHBOARD.read_text())
    taken = {}
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        for cell in ((x, y) for x in range(place["x"], place["x"] + place["w"])
                     for y in range(place["y"], place["y"] + place["h"])):
            assert cell not in taken, f"{panel['title']} lies on {taken[cell]}"
            taken[cell] = panel["title"]
        if panel["type"] != "row":
            equal("source of data", panel["datasource"]["uid"], "${datasource}")
            assert panel["description"], f"{panel['title']} is not explained"
    ids = [panel["id"] for panel in board["panels"]]
    equal("ids", len(set(ids)), len(ids))
    variables = {f"${one['name']}" for one in board["templating"]["list"]}
    equal("variables", variables - {"$datasource"},
          {one for one in _VARIABLES if not one.startswith("$__")})


@scenario("the table of alerts in k8s/README.md names each of them")
def table(context):
    rows = re.findall(r"^\| `(Vole\w+)` \|", (kustomize.K8S / "README.md").read_text(), re.M)
    equal("alerts in the table", sorted(rows), sorted(one["alert"] for one in _alerts()))


class _World:
    """Three agents that watch the demo's consumers, and a Prometheus that scrapes them."""

    def __init__(self, context, stack):
        directory = context.directory()
        demo = stack.enter_context(Demo(context.vole))
        agents = [
            stack.enter_context(demo.agent(directory, VERDICTS)) for _ in range(_AGENTS - 1)]
        text = httpx.get(f"http://127.0.0.1:{demo.port}/metrics").text
        self.families = set(re.findall(r"^# TYPE (\S+) ", text, re.M))
        ports = [demo.port, *(one.port for one in agents)]
        targets = {
            port: {"namespace": _NAMESPACE, "pod": f"consumer-{number}"}
            for number, port in enumerate(ports)
        }
        self.prometheus = stack.enter_context(Prometheus(directory, targets, _rules()))
        for number in range(_AGENTS):
            eventually(f"agent {number} has come to its verdicts",
                       lambda number=number: self._has_verdicts(number), within=60)

    def _has_verdicts(self, number):
        found = {
            labels["consumer_group"]: labels["verdict"] for labels, _ in self.prometheus.query(
                f'vole_group_verdict{{pod="consumer-{number}"}} == 1')
        }
        assert found == VERDICTS, found
        return True


@scenario("Prometheus: dashboard, alerts and autoscaling over three agents", is_long=True)
def prometheus(context):
    with ExitStack() as stack:
        world = _World(context, stack)
        server = world.prometheus
        for title, expressions in _panels():
            for expression in expressions:
                found = server.query(expression)
                assert found or title in _EMPTY_AT_FIRST, f"{title}: no data for {expression}"
                # One series for a group, not one for each agent.
                assert all("pod" not in labels for labels, _ in found), f"{title}: {found}"
        _check_names(world.families)
        _check_alerts(server)
        _check_sums(server)
        _check_adapter(server)
    return f"{len(_panels())} panels, {len(_alerts())} alerts"


def _check_names(families):
    """No metric is misspelt, also where it has no data."""
    unknown = {name for name, _ in _metrics()} - families
    assert not unknown, f"the agent exports no {sorted(unknown)}, but {sorted(families)}"


def _check_adapter(server):
    """What the adapter makes of its rule gives one value, from three agents."""
    query = adapter_rule()["metricsQuery"]
    # Advice takes longer than this test, so another metric of a group stands in its place.
    for pattern, value in {
        "<<.Series>>": "vole_group_lag_records", "<<.GroupBy>>": "namespace",
        "<<.LabelMatchers>>": f'namespace="{_NAMESPACE}",consumer_group="healthy"',
    }.items():
        query = query.replace(pattern, value)
    labels = [labels for labels, _ in server.query(query)]
    equal("what the autoscaler gets", labels,
          [{"namespace": _NAMESPACE, "consumer_group": "healthy"}])


def _check_alerts(server):
    """Every rule is evaluated; those of the consumers in trouble wait for their time, once each."""
    eventually("every rule was evaluated", lambda: _pending(server), within=20)
    groups = {name for name, verdict in VERDICTS.items() if verdict == "ERR"}

    def settled():
        # What was UNKNOWN a moment ago waits until the next evaluation.
        pending = _pending(server)
        equal("groups in error", pending["VoleGroupError"], sorted(groups))
        equal("groups that are warned of", pending["VoleGroupWarning"], ["slow"])
        others = {
            name: found for name, found in pending.items()
            if found and name not in ("VoleGroupError", "VoleGroupWarning")
        }
        equal("other alerts", others, {})
        return True

    eventually("the alerts that wait are those of the consumers in trouble", settled, within=30)


def _pending(server):
    """The groups, sorted, that each alert waits for or fires for."""
    rules = server.rules()
    for name, rule in rules.items():
        assert rule["health"] == "ok", f"{name}: {rule['health']} {rule.get('lastError')}"
    assert set(rules) == {one["alert"] for one in _alerts()}
    return {
        name: sorted(one["labels"].get("consumer_group", "") for one in rule["alerts"])
        for name, rule in rules.items()
    }


def _check_sums(server):
    """The lag that is shown is one agent's, not three agents'."""
    expression = dict(_panels())["Lag of each group"][0]
    shown = {labels["consumer_group"]: value for labels, value in server.query(expression)}
    equal("groups with a lag", set(shown), set(VERDICTS))
    alone = dict(
        (labels["consumer_group"], value) for labels, value in server.query(
            f'vole_group_lag_records{{cluster="{CLUSTER}",pod="consumer-0"}}'))
    # They see the same log a moment apart; three of them would be three times as much.
    for group in ("stalled", "stopped", "rewinding"):
        assert 0.5 * alone[group] < shown[group] < 2 * alone[group], (group, shown, alone)
