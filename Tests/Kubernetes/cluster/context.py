"""What the scenarios share."""

import tempfile
from pathlib import Path


class Context:
    """What a scenario gets."""

    def __init__(self, vole, directory):
        self.vole = vole
        self._directory = directory

    def directory(self):
        """A new directory that is removed at the end."""
        return Path(tempfile.mkdtemp(dir=self._directory))

    def shared_log(self):
        """Scenarios share no agent."""
        return ""
