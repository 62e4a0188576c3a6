"""Builds kustomizations and gives what they come to."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
from functools import lru_cache
from pathlib import Path

import yaml

TOP = Path(__file__).resolve().parents[3]
K8S = TOP / "k8s"
# Components that put an agent beside the application; every other one stands behind one of them.
AGENTS = ("native-sidecar", "sidecar")
# What needs the ordinary application and no agent of its own.
_STANDALONE = "prometheus-operator-standalone"


class CannotBuild(AssertionError):
    """kustomize refused; the text says why."""


@lru_cache(maxsize=None)
def kubectl():
    """A kubectl whose kustomize knows components: the one in PATH, or Debian 13's."""
    found = shutil.which("kubectl")
    if found and _kustomize_version(found) >= 5:
        return found
    root = TOP / ".build" / "kubectl"
    path = root / "usr" / "bin" / "kubectl"
    if not path.exists():
        shutil.rmtree(root, ignore_errors=True)
        root.parent.mkdir(exist_ok=True)
        done = subprocess.run(
            ["mmdebstrap", "--quiet", "--variant=extract", "--include=kubernetes-client",
             "trixie", str(root)], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert path.exists(), f"no kubectl to be had: {done.stderr}"
    return str(path)


def _kustomize_version(path):
    """The first number of the kustomize that a kubectl has; 0 when it says none."""
    done = subprocess.run(
        [path, "version", "--client", "--output", "json"], stdin=subprocess.DEVNULL,
        capture_output=True, text=True)
    try:
        version = json.loads(done.stdout).get("kustomizeVersion", "")
    except ValueError:
        return 0
    number = re.match(r"v(\d+)", version)
    return int(number[1]) if number else 0


# Scenarios run beside each other and ask for the same builds; each is made once.
_building = threading.RLock()


def build(directory):
    """The objects of a kustomization, by its path below `k8s`."""
    with _building:
        return _built(directory)


@lru_cache(maxsize=None)
def _built(directory):
    return _build(K8S / directory)


def _build(directory):
    done = subprocess.run(
        [kubectl(), "kustomize", str(directory)], stdin=subprocess.DEVNULL, capture_output=True,
        text=True)
    if done.returncode != 0:
        raise CannotBuild(f"{directory}: {done.stderr}")
    # Warnings are about fields that a later kustomize will not know.
    assert not done.stderr, f"{directory}: {done.stderr}"
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def combine(base, *components):
    """The objects of a base together with components, by their names below `k8s/components`."""
    with _building:
        return _combined(base, *components)


@lru_cache(maxsize=None)
def _combined(base, *components):
    with tempfile.TemporaryDirectory(dir=K8S.parent / ".build") as directory:
        def relative(path):
            return os.path.relpath(K8S / path, directory)

        lines = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization",
            "resources": [relative(base)],
            "components": [relative(f"components/{one}") for one in components],
        }
        (Path(directory) / "kustomization.yaml").write_text(yaml.safe_dump(lines))
        return _build(directory)


def kustomizations():
    """The paths below `k8s` that can be built by themselves, and those of components."""
    whole, parts = [], []
    for path in sorted(K8S.rglob("kustomization.yaml")):
        kind = yaml.safe_load(path.read_text())["kind"]
        where = str(path.parent.relative_to(K8S))
        (parts if kind == "Component" else whole).append(where)
    return whole, [one.removeprefix("components/") for one in parts]


def builds():
    """Every kustomization, and every component with what it stands behind: name, objects."""
    whole, parts = kustomizations()
    for one in whole:
        yield one, build(one)
    for one in parts:
        if one == _STANDALONE:
            yield f"standalone + {one}", combine("standalone", one)
        elif one in AGENTS or one == "probes":
            yield f"base + {one}", combine("base", one)
        else:
            yield f"base + native-sidecar + {one}", combine("base", "native-sidecar", one)


def of_kind(objects, kind):
    """The objects of a kind."""
    return [one for one in objects if one["kind"] == kind]


def only(objects, kind):
    """The one object of a kind."""
    found = of_kind(objects, kind)
    assert len(found) == 1, f"{len(found)} objects of kind {kind}"
    return found[0]


def workloads(objects):
    """Deployments and StatefulSets."""
    return of_kind(objects, "Deployment") + of_kind(objects, "StatefulSet")


def agent(workload):
    """The container of the agent in a workload, and whether it is an init container; or None."""
    pod = workload["spec"]["template"]["spec"]
    for name, is_init in (("initContainers", True), ("containers", False)):
        for one in pod.get(name, []):
            if one["name"] == "vole":
                return one, is_init
    return None


def application(workload):
    """The application's container: the first one."""
    return workload["spec"]["template"]["spec"]["containers"][0]
