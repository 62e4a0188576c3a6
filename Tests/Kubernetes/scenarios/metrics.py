"""Alerts: promtool takes the rules and tries them."""

import yaml

from cluster import kustomize
from cluster.prometheus import promtool
from harness.runner import scenario
from harness.waiting import equal

_ALERT_TESTS = kustomize.TOP / "Tests/Kubernetes/alerts.yaml"


def _rules():
    objects = kustomize.combine("base", "native-sidecar", "prometheus-operator")
    return kustomize.only(objects, "PrometheusRule")["spec"]


def _alerts():
    return [one for group in _rules()["groups"] for one in group["rules"]]


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
