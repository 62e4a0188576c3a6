"""A directory that changes as Kubernetes changes mounted ConfigMaps and Secrets."""

import os
import shutil
from pathlib import Path


class Mount:
    """Files that are replaced all at once.

    Each file is a link to `..data/NAME`, and `..data` is a link to a directory that holds one
    version of all files; another version takes the place of that link by a rename.
    """

    def __init__(self, directory, **files):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True)
        self._version = 0
        self.replace(**files)

    def path(self, name):
        """The path by which a program knows a file."""
        return str(self.directory / name)

    def replace(self, **files):
        """Puts other contents in the place of these files; the others stay."""
        data = self.directory / "..data"
        before = data.resolve() if data.exists() else None
        self._version += 1
        version = self.directory / f"..2026_{self._version}"
        version.mkdir()
        if before is not None:
            for one in before.iterdir():
                shutil.copy(one, version / one.name)
        for name, text in files.items():
            (version / name).write_text(text)
            if not (self.directory / name).is_symlink():
                (self.directory / name).symlink_to(f"..data/{name}")
        link = self.directory / "..data_tmp"
        link.symlink_to(version.name)
        os.rename(link, data)
        if before is not None:
            shutil.rmtree(before)
