"""A program on a terminal of a given size: what it writes, and the screen that comes of it."""

import codecs
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading

from .agent import clean_environment
from .runner import CannotRun

_CONTROL = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])")


class Terminal:
    """A running program whose standard output is a terminal."""

    def __init__(self, command, columns, lines, environment=None):
        try:
            ours, theirs = pty.openpty()
        except OSError as error:
            raise CannotRun(f"there is no terminal to be had here: {error}") from error
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._process = subprocess.Popen(
            [str(one) for one in command], stdin=subprocess.DEVNULL, stdout=theirs,
            stderr=subprocess.PIPE, env=clean_environment(**(environment or {})))
        os.close(theirs)
        self._ours = ours
        self.written = ""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        # A character may arrive in two pieces.
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while True:
            try:
                data = os.read(self._ours, 65536)
            except OSError:  # the other end is closed
                return
            if not data:
                return
            self.written += decoder.decode(data)

    def wait(self, within=20):
        """Waits for the end; returns the exit code and what stands on standard error."""
        _, errors = self._process.communicate(timeout=within)
        self._thread.join(within)
        os.close(self._ours)
        return self._process.returncode, errors.decode()

    def end(self):
        """Ends it by a signal, as nobody ends it otherwise."""
        self._process.terminate()
        return self.wait()

    def screen(self):
        """The lines that stand on the screen, without colours.

        It knows what the program uses: lines, moving up, clearing a line and all below.
        """
        lines = [""]
        row = 0
        rest = self.written.replace("\r\n", "\n")
        while rest:
            control = _CONTROL.match(rest)
            if control:
                count = int(control[1].split(";")[0] or 1) if control[2] == "A" else 0
                if control[2] == "A":
                    row = max(0, row - count)
                elif control[2] == "K":
                    lines[row] = ""
                elif control[2] == "J":
                    del lines[row + 1:]
                    lines[row] = ""
                rest = rest[control.end():]
            elif rest[0] == "\n":
                row += 1
                if row == len(lines):
                    lines.append("")
                rest = rest[1:]
            elif rest[0] in "\r\x1b":
                rest = rest[1:]
            else:
                lines[row] += rest[0]
                rest = rest[1:]
        return lines
