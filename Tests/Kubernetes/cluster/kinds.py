"""Schemas of the kinds that operators bring: required fields, and of the rest what is used here.

From the definitions that KEDA (keda.sh_scaledobjects, since 2.17) and the Prometheus operator
(monitoring.coreos.com_podmonitors, _prometheusrules) publish. A field that stands in none of them
is a typing error here, as it is for the API server.
"""

import jsonschema

_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_LABELS = {"type": "object", "additionalProperties": _TEXT}
# As Prometheus writes durations.
_DURATION = {
    "type": "string",
    "pattern": r"^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?"
               r"(([0-9]+)ms)?)$",
}


def _object(required, **properties):
    return {
        "type": "object", "required": required, "properties": properties,
        "additionalProperties": False,
    }


def _list(items):
    return {"type": "array", "items": items, "minItems": 1}


_SELECTOR = _object(
    [], matchLabels=_LABELS,
    matchExpressions=_list(_object(
        ["key", "operator"], key=_TEXT, values=_list(_TEXT),
        operator={"enum": ["In", "NotIn", "Exists", "DoesNotExist"]})))
_SCALING = _object(
    [], stabilizationWindowSeconds={"type": "integer", "minimum": 0, "maximum": 3600},
    selectPolicy={"enum": ["Max", "Min", "Disabled"]},
    policies=_list(_object(
        ["type", "value", "periodSeconds"], type={"enum": ["Pods", "Percent"]},
        value={"type": "integer", "minimum": 1},
        periodSeconds={"type": "integer", "minimum": 1, "maximum": 1800})))
# What the metrics-api scaler reads; all of its metadata are texts.
_METRICS_API = _object(
    ["targetValue", "url", "valueLocation"], targetValue={"type": "string", "pattern": r"^\d+$"},
    activationTargetValue=_TEXT, url={"type": "string", "pattern": r"^https?://[^?]+$"},
    valueLocation=_TEXT, format={"enum": ["json", "xml", "yaml", "prometheus"]},
    aggregateFromKubeServiceEndpoints={"enum": ["true", "false"]},
    aggregationType={"enum": ["average", "sum", "max", "min"]}, timeout=_TEXT, unsafeSsl=_TEXT)

_SPECS = {
    ("keda.sh/v1alpha1", "ScaledObject"): _object(
        ["scaleTargetRef", "triggers"],
        scaleTargetRef=_object(
            ["name"], name=_TEXT, kind=_TEXT, apiVersion=_TEXT, envSourceContainerName=_TEXT),
        pollingInterval=_COUNT, cooldownPeriod=_COUNT, initialCooldownPeriod=_COUNT,
        idleReplicaCount=_COUNT, minReplicaCount=_COUNT, maxReplicaCount=_COUNT,
        fallback=_object(
            ["failureThreshold", "replicas"], failureThreshold=_COUNT, replicas=_COUNT,
            behavior={"enum": [
                "static", "currentReplicas", "currentReplicasIfHigher",
                "currentReplicasIfLower"]}),
        advanced=_object(
            [], restoreToOriginalReplicaCount={"type": "boolean"},
            horizontalPodAutoscalerConfig=_object(
                [], name=_TEXT,
                behavior=_object([], scaleUp=_SCALING, scaleDown=_SCALING))),
        triggers=_list(_object(
            ["type", "metadata"], type={"const": "metrics-api"}, name=_TEXT,
            metricType={"enum": ["AverageValue", "Value", "Utilization"]},
            authenticationRef=_object(["name"], name=_TEXT, kind=_TEXT),
            metadata=_METRICS_API))),
    ("monitoring.coreos.com/v1", "PodMonitor"): _object(
        ["selector"], selector=_SELECTOR, jobLabel=_TEXT,
        namespaceSelector=_object([], any={"type": "boolean"}, matchNames=_list(_TEXT)),
        podMetricsEndpoints=_list(_object(
            [], port=_TEXT, path=_TEXT, interval=_DURATION, scrapeTimeout=_DURATION,
            scheme={"enum": ["http", "https"]},
            authorization=_object(
                [], type=_TEXT,
                credentials=_object(["key"], key=_TEXT, name=_TEXT))))),
    ("monitoring.coreos.com/v1", "PrometheusRule"): _object(
        [], groups={"type": "array", "items": _object(
            ["name"], name={"type": "string", "minLength": 1}, interval=_DURATION,
            rules=_list(_object(
                ["expr"], alert=_TEXT, record=_TEXT, expr=_TEXT, labels=_LABELS,
                annotations=_LABELS, keep_firing_for=_DURATION, **{"for": _DURATION})))}),
}
_TOP = dict(
    apiVersion=_TEXT, kind=_TEXT,
    metadata=_object(["name"], name=_TEXT, namespace=_TEXT, labels=_LABELS, annotations=_LABELS))


def knows(one):
    """Whether an object is of such a kind."""
    return (one["apiVersion"], one["kind"]) in _SPECS


def check(one):
    """Fails when an object of such a kind breaks its schema."""
    schema = _object(
        ["apiVersion", "kind", "metadata", "spec"],
        spec=_SPECS[one["apiVersion"], one["kind"]], **_TOP)
    errors = sorted(
        f"{error.json_path}: {error.message}"
        for error in jsonschema.Draft202012Validator(schema).iter_errors(one))
    assert not errors, f"{one['kind']} {one['metadata']['name']}: {errors}"
