"""The image: what is in it, what is not, and that the binary runs in it."""

import json
import os
import re
import stat
import threading
from functools import lru_cache

from cluster import kustomize
from cluster.image import Container, RootFilesystem
from cluster.kustomize import TOP
from cluster.pod import PodFiles
from harness.runner import CannotRun, scenario
from harness.waiting import equal, eventually

# Unpacked, in megabytes.
_SIZE = 60
_ASSEMBLING = threading.Lock()


@lru_cache(maxsize=None)
def _assembled(vole):
    return RootFilesystem(vole)


def _root(context):
    with _ASSEMBLING:
        return _assembled(context.vole)


@scenario("image: the demo runs in it, as its user and with nothing else", is_long=True)
def demo(context):
    root = _root(context)
    version = root.run("/usr/bin/vole", "--version")
    assert re.fullmatch(r"vole \d+\.\d+\.\d+\n", version.stdout), (version.stdout, version.stderr)
    shown = root.run("/usr/bin/vole", "demo", "--seconds", "20")
    assert shown.returncode == 0, f"{shown.stdout}\n{shown.stderr}"
    assert "5 of 5 verdicts as expected" in shown.stdout, shown.stdout


@scenario("image: the container of the manifest runs in it, with its user, volumes and probes")
def container(context):
    if os.geteuid() != 0:
        raise CannotRun("only root can give a container its user and its network")
    objects = kustomize.combine("base", "native-sidecar")
    workload = kustomize.only(objects, "Deployment")
    agent, _ = kustomize.agent(workload)
    directory = context.directory()
    # Others may pass here, as in the folders of a container.
    for one in (directory.parent, directory):
        one.chmod(0o755)
    pod = PodFiles(objects, workload, directory / "volumes", is_mounted=True)
    # An emptyDir is everybody's.
    for name, path in pod.mounts():
        path.chmod(0o777 if name == "/var/lib/vole" else 0o755)
    with Container(_root(context), pod, directory) as running:
        for container, probes in (
            (agent, ("startupProbe", "livenessProbe")),
            (kustomize.application(workload), ("startupProbe", "livenessProbe")),
        ):
            for probe in probes:
                asked = container[probe]["httpGet"]
                try:
                    eventually(f"{asked['path']} passes", lambda asked=asked: running.status(
                        asked["port"], asked["path"]) == 200, within=10)
                except AssertionError as error:
                    raise AssertionError(f"{error}\n{running.log_text()}") from error
        text = running.log_text()
    # That there are no brokers is said once; nothing else may be wrong.
    complaints = [
        one for one in map(json.loads, text.splitlines())
        if one["level"] in ("warn", "error") and one["msg"] != _NO_BROKER
    ]
    assert not complaints, complaints


_NO_BROKER = "cluster cannot be asked"


@scenario("image: every library is there, for what is loaded by name too")
def libraries(context):
    root = _root(context)
    loaders = [name for name, _ in root.files() if re.search(r"/ld-linux[^/]*$", name)]
    equal("loaders", len(loaders), 1)
    modules = [name for name, _ in root.files() if "/sasl2/" in name]
    assert modules, "the module for Kerberos is missing"
    for name in ["usr/bin/vole", *modules]:
        listed = root.run(f"/{loaders[0]}", "--list", f"/{name}")
        assert listed.returncode == 0 and "not found" not in listed.stdout, (
            f"{name}: {listed.stdout}{listed.stderr}")


@scenario("image: librdkafka is new enough for SCRAM against Kafka 4")
def librdkafka(context):
    root = _root(context)
    (root.path / "etc/vole/scram.toml").write_text(
        '[client-profile.m]\nsasl = "s"\n[sasl.s]\nmechanism = "SCRAM-SHA-512"\n'
        'username = "u"\npassword = "p"\n[cluster.m]\nservers = ["kafka:9092"]\n'
        'client-profile = "m"\n[consumer.m]\ncluster = "m"\ngroups = ["g"]\n')
    # Before 2.6.1 a warning is given.
    done = root.run("/usr/bin/vole", "config", "--check", "--config", "/etc/vole/scram.toml")
    (root.path / "etc/vole/scram.toml").unlink()
    equal("what is wrong or warned of", (done.returncode, done.stderr), (0, ""))


@scenario("image: small, without shell, perl or package manager, nothing for others to write")
def content(context):
    root = _root(context)
    files = dict(root.files())
    size = sum(one.st_size for one in files.values()) / 1e6
    assert size <= _SIZE, f"{size:.1f} MB"
    programs = {
        name for name, one in files.items()
        if one.st_mode & stat.S_IXUSR and not re.search(r"\.so(\.|$)", name)
    }
    equal("programs", programs, {"usr/bin/vole"})
    for name, one in files.items():
        assert not one.st_mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IWOTH), name
    # OpenSSL's way to the authorities.
    link = root.path / "usr/lib/ssl/cert.pem"
    authorities = root.path / str(link.readlink()).lstrip("/")
    count = authorities.read_text().count("BEGIN CERTIFICATE")
    assert count > 100, f"{count} authorities"
    return f"{size:.1f} MB"


@scenario("image: the list of what is in it is complete")
def bill_of_materials(context):
    root = _root(context)
    bill = json.loads((root.path / "usr/share/doc/vole/sbom.cdx.json").read_text())
    equal("format", (bill["bomFormat"], bill["specVersion"]), ("CycloneDX", "1.5"))
    components = {one["name"]: one for one in bill["components"]}
    equal("names that come twice", len(bill["components"]), len(components))
    for name in ("vole", "swift-runtime", "librdkafka1", "libnghttp2-14", "libssl3t64", "libc6"):
        assert components[name]["version"], f"{name} has no version"
    packages = {
        one["name"]: one for one in bill["components"] if one.get("purl", "").startswith("pkg:deb/")
    }
    known = {one.name for one in (root.path / "var/lib/dpkg/status.d").iterdir()}
    equal("packages for scanners", known, set(packages))
    for name in packages:
        assert (root.path / "usr/share/doc" / name / "copyright").is_file(), name
    # Each library is somebody's.
    caches = (TOP / ".build/image/packages").glob("*/packages")
    cache = max(caches, key=lambda one: one.stat().st_mtime)
    owned = {
        line.removeprefix("./") for name in packages
        for line in (cache / f"{name}.files").read_text().splitlines()
    }
    libraries = [name for name, _ in root.files() if ".so" in name.rpartition("/")[2]]
    assert len(libraries) > 20, libraries
    equal("libraries of no listed package", [one for one in libraries if one not in owned], [])
    return f"{len(packages)} packages"


@scenario("image: the Dockerfile starts what the manifests start, as the same user")
def dockerfile(context):
    root = _root(context)
    lines = (TOP / "k8s/image/Dockerfile").read_text().replace("\\\n", "").splitlines()
    last = max(number for number, line in enumerate(lines) if line.startswith("FROM "))
    equal("what the image is built on", lines[last], "FROM scratch")
    said = dict(line.split(" ", 1) for line in lines[last + 1:] if line[:1].isupper())
    workload = kustomize.only(kustomize.combine("base", "native-sidecar"), "Deployment")
    agent, _ = kustomize.agent(workload)
    context_of = agent["securityContext"]
    equal("USER", said["USER"], f"{context_of['runAsUser']}:{context_of['runAsGroup']}")
    equal("CMD", json.loads(said["CMD"]), agent["args"])
    equal("EXPOSE", int(said["EXPOSE"]), agent["ports"][0]["containerPort"])
    program, = json.loads(said["ENTRYPOINT"])
    assert (root.path / program.lstrip("/")).is_file(), program
    # What is assembled for it is what was assembled here.
    assembled = [line for line in lines if "k8s/image/assemble" in line and line[:4] == "RUN "]
    equal("how", assembled,
          ["RUN k8s/image/assemble --vole .build/bin/vole --target /rootfs"])
