"""The image's root file system, and what runs in it."""

import os
import shutil
import subprocess
from pathlib import Path

from harness.waiting import eventually

from .kustomize import TOP

USER = 65532
_ASSEMBLE = TOP / "k8s" / "image" / "assemble"


class RootFilesystem:
    """The files of the image, assembled from Debian packages below `.build/image`."""

    def __init__(self, vole):
        directory = TOP / ".build" / "image"
        self.path = directory / "rootfs"
        shutil.rmtree(self.path, ignore_errors=True)
        done = subprocess.run(
            [str(_ASSEMBLE), "--vole", str(vole), "--target", str(self.path),
             "--cache", str(directory / "packages")],
            stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert done.returncode == 0, f"it was not assembled: {done.stderr}"

    def files(self):
        """Every file that is no link."""
        for directory, _, names in os.walk(self.path):
            for name in names:
                path = os.path.join(directory, name)
                if not os.path.islink(path):
                    yield os.path.relpath(path, self.path), os.lstat(path)

    def run(self, *command, within=60):
        """Runs a command as the image's user with nothing but these files and a /proc."""
        # Containers have /proc; it is mounted where nobody else sees it, and gone at the end.
        enter = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        user = ["--userspec", f"{USER}:{USER}"]
        if os.geteuid() != 0:
            enter, user = [*enter, "--map-root-user"], []
        script = 'mount -t proc proc "$1/proc" && shift && exec chroot "$@"'
        return subprocess.run(
            [*enter, "sh", "-c", script, "sh", str(self.path), *user, str(self.path), *command],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=within, env={})


class Container:
    """The agent's container of a manifest, run in the image's files as kubelet would run it.

    It has the manifest's user, arguments, variables and volumes, a root that is read-only, no
    capability, and a network of its own. Only root can give it these.
    """

    # Root, program and arguments follow.
    _ENTER = """
set -e
root=$1; shift
mount --bind "$root" "$root"
while [ "$1" != -- ]; do mount --bind "$1" "$root$2"; shift 2; done
shift
mount -t proc proc "$root/proc"
mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs --bounding-set -all,+sys_chroot,+setuid,+setgid \\
  chroot --userspec "$USER:$USER" "$root" "$@"
"""

    def __init__(self, root, pod, directory):
        # A copy, for mounts need places.
        copy = Path(directory) / "root"
        shutil.copytree(root.path, copy, symlinks=True)
        mounts = []
        for inside, outside in pod.mounts():
            (copy / inside.lstrip("/")).mkdir(parents=True, exist_ok=True)
            mounts += [str(outside), inside]
        self._log = open(Path(directory) / "log", "w+")
        self._process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "sh", "-c",
             self._ENTER, "sh", str(copy), *mounts, "--", "/usr/bin/vole", *pod.arguments],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
            env={**pod.environment(), "USER": str(USER)})
        self._network = eventually("the container runs", self._child, within=10)
        # A loopback that is down carries nothing.
        self._inside("python3", "-c", _LOOPBACK_UP).check_returncode()

    def _child(self):
        pid = self._process.pid
        return (Path(f"/proc/{pid}/task/{pid}/children").read_text().split() or [None])[0]

    def _inside(self, *command):
        """Runs a command of this machine in the container's network."""
        return subprocess.run(
            ["nsenter", f"--net=/proc/{self._network}/ns/net", *command],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)

    def status(self, port, path):
        """The status code of a GET; 0 while nobody listens."""
        done = self._inside(
            "curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}",
            "--max-time", "5", f"http://127.0.0.1:{port}{path}")
        return int(done.stdout)

    def log_text(self):
        self._log.seek(0)
        return self._log.read()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self._process.kill()
        self._process.wait()
        self._log.close()


# SIOCGIFFLAGS, IFF_UP, SIOCSIFFLAGS: the container's network has a loopback only, and it is down.
_LOOPBACK_UP = """
import fcntl, socket, struct
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
    asked = fcntl.ioctl(one, 0x8913, struct.pack("16sH14x", b"lo", 0))
    name, flags = struct.unpack("16sH14x", asked)
    fcntl.ioctl(one, 0x8914, struct.pack("16sH14x", name, flags | 1))
"""
