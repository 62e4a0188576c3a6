"""The manifests: they build, they are valid, they fit each other, and the binary takes them."""

import json
import re
import subprocess
from functools import lru_cache
from shutil import copytree
from textwrap import dedent

import kubernetes_validate
import yaml
from kubernetes_validate.utils import all_versions, latest_version

from cluster import kinds, kustomize
from cluster.pod import PodFiles
from harness.runner import scenario
from harness.waiting import equal

# From here on init containers may stay, and from here on their exit code may restart a pod.
_OLDEST = (1, 29)
_EXIT_CODES = (1, 35)
# The highest resident memory while catching up, in MiB, with the libraries of the image: one exact
# group, and 20,000 partitions of a hundred groups. k8s/README.md says how to get them again.
CATCH_UP_ONE_GROUP = 26
CATCH_UP_PATTERN = 51
PORT = 18080
# The image has a newer librdkafka than the machine that tests, see the scenario about it.
_OLD_LIBRARY = re.compile(r"warning: .* refuse SCRAM-SHA-512 of librdkafka 2\.")


def _numbers(version):
    return tuple(int(part) for part in version.split(".")[:2])


def _versions(name):
    """The versions of Kubernetes for which a build is meant."""
    oldest = _EXIT_CODES if "exit-88" in name else _OLDEST
    return [one for one in all_versions() if _numbers(one) >= oldest]


@scenario("every kustomization and every component builds")
def builds(context):
    whole, parts = kustomize.kustomizations()
    # Each is seen: a component that no combination uses would be tested by nobody.
    assert "base" in whole and "standalone" in whole and "probes" in parts, (whole, parts)
    count = sum(1 for _, objects in kustomize.builds() if objects)
    equal("the number of builds", count, len(whole) + len(parts))
    return f"{count} builds"


@scenario("all objects are valid for Kubernetes 1.29 to the newest, and for their operators")
def valid(context):
    seen = set()
    for name, objects in kustomize.builds():
        for one in objects:
            if kinds.knows(one):
                kinds.check(one)
                continue
            text = json.dumps(one, sort_keys=True)
            for version in _versions(name):
                if (text, version) in seen:
                    continue
                seen.add((text, version))
                _validate(name, one, version)
    assert len({version for _, version in seen}) >= 9, "too few versions of Kubernetes are known"
    return f"{len(seen)} validations, up to {latest_version()}"


def _validate(name, one, version):
    try:
        kubernetes_validate.validate(one, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        where = ".".join(str(part) for part in error.path)
        raise AssertionError(
            f"{name}: {one['kind']} {one['metadata']['name']} in {version}: {where}: "
            f"{error.message}") from error


@scenario("the schemas refuse what is wrong")
def refusals(context):
    good = kustomize.combine("base", "native-sidecar", "keda", "prometheus-operator")
    for kind, spoil in [
        ("Deployment", lambda one: kustomize.application(one)["livenessProbe"].update(perod=1)),
        ("Service", lambda one: one["spec"].update(publishNotReadyAddress=True)),
        ("ScaledObject", lambda one: one["spec"].pop("triggers")),
        ("ScaledObject", lambda one: one["spec"]["triggers"][0]["metadata"].update(targetValue=1)),
        ("PodMonitor", lambda one: one["spec"].pop("selector")),
        ("PrometheusRule", lambda one: one["spec"]["groups"][0]["rules"][0].pop("expr")),
    ]:
        one = json.loads(json.dumps(kustomize.only(good, kind)))
        spoil(one)
        try:
            if kinds.knows(one):
                kinds.check(one)
            else:
                _validate("spoilt", one, latest_version())
        except AssertionError:
            continue
        raise AssertionError(f"a spoilt {kind} is taken for valid")


@scenario("vole config --check takes every configuration that is shipped, without a warning")
def configurations(context):
    checked = set()
    for name, objects in kustomize.builds():
        for workload in kustomize.workloads(objects):
            if kustomize.agent(workload) is None:
                continue
            pod = PodFiles(objects, workload, context.directory())
            done = subprocess.run(
                [str(context.vole), "config", "--check", "--config", str(pod.config)],
                stdin=subprocess.DEVNULL, capture_output=True, text=True,
                env=pod.environment())
            warnings = [one for one in done.stderr.splitlines() if not _OLD_LIBRARY.search(one)]
            assert done.returncode == 0 and not warnings, f"{name}: {done.stderr}"
            checked.add(pod.config.read_text())
    # Those of base, of sasl-tls and of standalone at least.
    assert len(checked) >= 3, f"only {len(checked)} configurations were found"


@scenario("agents run with no more rights and memory than they need")
def containers(context):
    count = 0
    for name, objects in kustomize.builds():
        for workload in kustomize.workloads(objects):
            found = kustomize.agent(workload)
            if found is None:
                continue
            count += 1
            try:
                _check_container(found[0], workload["spec"]["template"]["spec"])
            except AssertionError as error:
                raise AssertionError(f"{name}: {error}") from error
    assert count >= 10, f"only {count} agents were found"


def _check_container(container, pod):
    is_standalone = len(pod["containers"]) == 1 and container in pod["containers"]
    context = {**(pod.get("securityContext") or {}), **container["securityContext"]}
    for key, value in {
        "runAsNonRoot": True, "runAsUser": 65532, "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }.items():
        equal(f"securityContext.{key}", context.get(key), value)
    _check_no_token(container, pod, is_standalone)
    resources = container["resources"]
    equal("what is limited", set(resources["limits"]), {"memory"})
    equal("what is requested", set(resources["requests"]), {"cpu", "memory"})
    peak = CATCH_UP_PATTERN if is_standalone else CATCH_UP_ONE_GROUP
    limit = _mebibytes(resources["limits"]["memory"])
    assert limit >= 2 * max(peak, CATCH_UP_PATTERN), f"a limit of {limit} MiB is too low"
    assert _mebibytes(resources["requests"]["memory"]) >= peak, "requests less than it takes"
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        if probe in container:
            equal(f"port of {probe}", container[probe]["httpGet"]["port"], PORT)
            equal(f"timeout of {probe}", container[probe]["timeoutSeconds"], 5)
    equal("start-up", container["startupProbe"]["httpGet"]["path"], "/startupz")
    equal("liveness", container["livenessProbe"]["httpGet"]["path"], "/livez")
    # Beside an application it would make the pod unready whenever Kafka is away.
    equal("has a readinessProbe", "readinessProbe" in container, is_standalone)


def _check_no_token(container, pod, is_standalone):
    """The service account's token is kept out: of the pod, or by something in its place."""
    if is_standalone:
        equal("automountServiceAccountToken", pod.get("automountServiceAccountToken"), False)
        return
    path = "/var/run/secrets/kubernetes.io/serviceaccount"
    mounts = [one for one in container["volumeMounts"] if one["mountPath"] == path]
    assert len(mounts) == 1, f"nothing is mounted at {path}"
    volume = next(one for one in pod["volumes"] if one["name"] == mounts[0]["name"])
    assert "emptyDir" in volume, f"{path} is {volume}"


def _mebibytes(text):
    number = re.fullmatch(r"(\d+)Mi", text)
    assert number, f"{text} is not in Mi"
    return int(number[1])


@scenario("the ordinary sidecar is the native one but for restartPolicy")
def same_container(context):
    found = {}
    for name in kustomize.AGENTS:
        workload = kustomize.only(kustomize.combine("base", name), "Deployment")
        container, is_init = kustomize.agent(workload)
        pod = workload["spec"]["template"]
        # Native: it comes first among what starts; ordinary: the application stays first.
        place = "initContainers" if is_init else "containers"
        equal("its place", pod["spec"][place].index(container), 0 if is_init else 1)
        found[name] = ({**container, "restartPolicy": None}, pod["spec"]["volumes"],
                       pod["metadata"]["labels"], kustomize.application(workload))
        equal("restartPolicy", container.get("restartPolicy"), "Always" if is_init else None)
    equal("the ordinary sidecar", found["sidecar"], found["native-sidecar"])


@scenario("selectors, addresses, ports and names of one manifest are there in the others")
def references(context):
    objects = kustomize.build("overlays/everything") + kustomize.of_kind(
        kustomize.combine("base", "native-sidecar", "hpa"), "HorizontalPodAutoscaler")
    workload = kustomize.only(objects, "Deployment")
    template = workload["spec"]["template"]
    labels = template["metadata"]["labels"]
    agent, _ = kustomize.agent(workload)
    ports = {one["name"]: one["containerPort"] for one in agent["ports"]}
    equal("ports of the agent", ports, {"vole": PORT})

    service = kustomize.only(objects, "Service")
    assert service["spec"]["selector"].items() <= labels.items(), "the Service finds no pod"
    assert service["spec"]["publishNotReadyAddresses"] is True
    equal("clusterIP", service["spec"]["clusterIP"], "None")
    equal("port of the Service", service["spec"]["ports"][0]["targetPort"], PORT)

    monitor = kustomize.only(objects, "PodMonitor")["spec"]
    assert monitor["selector"]["matchLabels"].items() <= labels.items(), "nothing is scraped"
    assert all(one["port"] in ports for one in monitor["podMetricsEndpoints"])

    config = kustomize.only(kustomize.combine("base", "native-sidecar"), "ConfigMap")
    groups = re.search(r"^groups = (\[.*\])", config["data"]["vole.toml"], re.M)[1]
    _check_scaling(objects, workload, service, json.loads(groups))
    _check_policy(kustomize.only(objects, "NetworkPolicy")["spec"], labels)


def _check_scaling(objects, workload, service, groups):
    scaled = kustomize.only(objects, "ScaledObject")["spec"]
    equal("what KEDA scales", scaled["scaleTargetRef"]["name"], workload["metadata"]["name"])
    metadata = scaled["triggers"][0]["metadata"]
    address = re.fullmatch(
        r"http://([^./]+)\.([^./]+)\.svc:(\d+)/consumer/([^/]+)/scale", metadata["url"])
    assert address, metadata["url"]
    equal("the address", address.groups(), (
        service["metadata"]["name"], workload["metadata"]["namespace"], str(PORT), groups[0]))
    equal("what is asked for", metadata["valueLocation"], "desiredReplicas")
    equal("of many agents", metadata["aggregationType"], "max")
    assert scaled["minReplicaCount"] >= 1, "no agent would be left to wake it up"

    scaler = kustomize.only(objects, "HorizontalPodAutoscaler")["spec"]
    equal("what the autoscaler scales", scaler["scaleTargetRef"]["name"],
          workload["metadata"]["name"])
    assert scaler["minReplicas"] >= 1, "no agent would be left to wake it up"
    external = scaler["metrics"][0]["external"]
    rule = adapter_rule()
    equal("the metric", external["metric"]["name"], rule["seriesQuery"].partition("{")[0])
    equal("of which group", external["metric"]["selector"]["matchLabels"],
          {"consumer_group": groups[0]})
    equal("behaviour", scaler["behavior"],
          scaled["advanced"]["horizontalPodAutoscalerConfig"]["behavior"])


@lru_cache(maxsize=None)
def adapter_rule():
    """The rule for the Prometheus adapter."""
    path = kustomize.K8S / "components/hpa/adapter-rules.yaml"
    rules = yaml.safe_load(path.read_text())["externalRules"]
    equal("rules for the adapter", len(rules), 1)
    return rules[0]


def _check_policy(policy, labels):
    """The policy closes the agent's port for strangers and no other port for anybody."""
    assert policy["podSelector"]["matchLabels"].items() <= labels.items()
    equal("what it rules", policy["policyTypes"], ["Ingress"])
    open_to_all = set()
    for rule in policy["ingress"]:
        if "from" in rule:
            equal("ports with a list of who may", [one["port"] for one in rule["ports"]], [PORT])
            continue
        for one in rule["ports"]:
            if one["protocol"] == "TCP":
                open_to_all.update(range(one["port"], one.get("endPort", one["port"]) + 1))
            else:
                assert "port" not in one, one
    equal("closed to strangers", set(range(1, 65536)) - open_to_all, {PORT})


@scenario("the kustomization that k8s/README.md shows builds as written")
def shown(context):
    text = re.search(r"```yaml\n( *# kustomization\.yaml\n.*?)```",
                     (kustomize.K8S / "README.md").read_text(), re.S)[1]
    team = context.directory() / "team"
    team.mkdir()
    (team / "kustomization.yaml").write_text(dedent(text))
    # What it takes from here, and the project where it says that it lies.
    (team / "consumer.yaml").write_text((kustomize.K8S / "base/consumer.yaml").read_text())
    (team / "vole.toml").write_text((kustomize.K8S / "base/vole.toml").read_text())
    copytree(kustomize.K8S, team.parent / "vole" / "k8s")
    objects = kustomize.build(team)
    workload = kustomize.only(objects, "Deployment")
    agent, is_native = kustomize.agent(workload)
    assert is_native and agent["image"] == "YOUR-REGISTRY/vole:0.1.0", agent["image"]
    equal("namespace", workload["metadata"]["namespace"], "orders")
    equal("the configuration", kustomize.only(objects, "ConfigMap")["metadata"]["name"], "vole")
    assert "livenessProbe" in kustomize.application(workload)


# Somebody's own workload, with what one may have already.
_STATEFUL_SET = """
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: ledger
  labels: {vole: sidecar}
spec:
  serviceName: ledger
  selector: {matchLabels: {app: ledger}}
  template:
    metadata: {labels: {app: ledger}}
    spec:
      initContainers:
        - name: migrate
          image: migrate
      containers:
        - name: books
          image: books
          livenessProbe: {httpGet: {path: /healthz, port: http}, failureThreshold: 2}
          volumeMounts: [{name: data, mountPath: /data}]
        - name: proxy
          image: proxy
      volumes:
        - name: data
          emptyDir: {}
"""


@scenario("somebody's StatefulSet with containers and volumes of its own gets the same agent")
def own_workload(context):
    for name in kustomize.AGENTS:
        team = context.directory()
        (team / "ledger.yaml").write_text(_STATEFUL_SET)
        copytree(kustomize.K8S / "components", team / "components")
        (team / "kustomization.yaml").write_text(yaml.safe_dump({
            "resources": ["ledger.yaml"], "components": [f"components/{name}"]}))
        workload = kustomize.only(kustomize.build(team), "StatefulSet")
        agent, _ = kustomize.agent(workload)
        usual, _ = kustomize.agent(
            kustomize.only(kustomize.combine("base", name), "Deployment"))
        equal("the agent", agent, usual)
        pod = workload["spec"]["template"]["spec"]
        names = [
            [one["name"] for one in pod[place]] for place in ("initContainers", "containers")]
        equal("containers", names, {
            # What comes before the application is watched by nobody, but may use the agent's port.
            "native-sidecar": [["vole", "migrate"], ["books", "proxy"]],
            "sidecar": [["migrate"], ["books", "proxy", "vole"]],
        }[name])
        equal("its probe", kustomize.application(workload)["livenessProbe"]["httpGet"],
              {"path": "/consumer/livez", "port": PORT})
        assert "data" in {one["name"] for one in pod["volumes"]}, pod["volumes"]
        equal("labels", workload["spec"]["template"]["metadata"]["labels"],
              {"app": "ledger", "vole": "sidecar"})
