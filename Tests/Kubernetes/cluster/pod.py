"""A pod's volumes as files, so that `vole` can be run as its container would be."""

import re
import subprocess
from functools import lru_cache
from pathlib import Path

from harness.agent import clean_environment

from . import kustomize


@lru_cache(maxsize=None)
def _certificate():
    """A certificate, in PEM."""
    done = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", "/dev/null", "-subj", "/CN=authority"], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=True)
    return done.stdout


class PodFiles:
    """What is mounted into the agent's container, laid below a directory.

    Paths in the configuration are the container's, so they are rewritten there.
    """

    def __init__(self, objects, workload, directory, is_mounted=False):
        """`is_mounted`: the files will lie where the container expects them, as they are."""
        self._is_mounted = is_mounted
        self._container, _ = kustomize.agent(workload)
        self._objects = objects
        self._volumes = {
            one["name"]: one for one in workload["spec"]["template"]["spec"]["volumes"]}
        self.root = Path(directory)
        for mount in self._container["volumeMounts"]:
            where = self._path(mount["mountPath"])
            where.mkdir(parents=True, exist_ok=True)
            for name, text in self._content(self._volumes[mount["name"]]).items():
                (where / name).write_text(self._rewritten(text))

    def _path(self, inside):
        return self.root / inside.lstrip("/")

    def _rewritten(self, text):
        """The text with the mounted directories where they lie here."""
        if self._is_mounted:
            return text
        for mount in self._container["volumeMounts"]:
            text = re.sub(
                rf'(?<=["\']){re.escape(mount["mountPath"])}(?=["\'/])',
                str(self._path(mount["mountPath"])), text)
        return text

    def _content(self, volume):
        """File names and texts of a volume."""
        if "configMap" in volume:
            return self._named("ConfigMap", volume["configMap"]["name"])["data"]
        if "secret" in volume:
            texts = self._named("Secret", volume["secret"]["secretName"])["stringData"]
            # The placeholders of certificates are none.
            return {
                name: _certificate() if name.endswith(".crt") else text
                for name, text in texts.items()
            }
        assert "emptyDir" in volume, volume
        return {}

    def _named(self, kind, name):
        found = [
            one for one in kustomize.of_kind(self._objects, kind)
            if one["metadata"]["name"] == name]
        assert len(found) == 1, f"{kind} {name} is mounted and there are {len(found)} of it"
        return found[0]

    @property
    def arguments(self):
        """The container's arguments."""
        if self._is_mounted:
            return self._container["args"]
        mounts = [one["mountPath"] for one in self._container["volumeMounts"]]
        return [
            str(self._path(one)) if any(one.startswith(f"{path}/") for path in mounts) else one
            for one in self._container["args"]
        ]

    def mounts(self):
        """Each directory in the container, and where it lies here."""
        paths = [one["mountPath"] for one in self._container["volumeMounts"]]
        return [(path, self._path(path)) for path in paths]

    @property
    def config(self):
        """The configuration file."""
        arguments = self.arguments
        return Path(arguments[arguments.index("--config") + 1])

    def environment(self, address="10.1.2.3", name="orders-consumer-7d4b9c-x2k8p"):
        """The container's variables with what the Downward API says of one pod."""
        fields = {
            "status.podIP": address, "metadata.name": name, "metadata.namespace": "orders",
            "status.hostIP": "10.0.0.7",
        }
        return clean_environment(**{
            one["name"]: one["value"] if "value" in one
            else fields[one["valueFrom"]["fieldRef"]["fieldPath"]]
            for one in self._container.get("env", [])
        })
