"""The image's root file system, and what runs in it."""

import os
import shutil
import subprocess

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
