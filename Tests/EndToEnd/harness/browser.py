"""Chromium without a window, told what to do through its debugging pipe."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import threading
from queue import Empty, Queue

from .runner import CannotRun
from .waiting import eventually

# Seconds within which Chromium must answer.
ANSWERS_WITHIN = 60


class Browser:
    """One page of a Chromium of its own; it ends with the block."""

    def __init__(self):
        program = shutil.which("chromium")
        if program is None:
            raise CannotRun("there is no chromium")
        # Chromium reads commands from descriptor 3 and writes to 4, each ended by a zero byte.
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        # Processes of the browser may still write while they end.
        self._directory = tempfile.TemporaryDirectory(
            prefix="vole-chromium-", ignore_cleanup_errors=True)

        self._process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{commands} 4>&{answers}', "bash", program,
             "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-pipe",
             f"--user-data-dir={self._directory.name}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=(commands, answers))
        os.close(commands)
        os.close(answers)
        self._number = 0
        self._received = Queue()
        # What Chromium told unasked, by method: console messages, refused requests.
        self.events = []
        threading.Thread(target=self._read, daemon=True).start()
        target = self._page()
        self._session = self._call(
            "Target.attachToTarget", None, targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def _page(self):
        def find():
            found = self._call("Target.getTargets", None)["targetInfos"]
            return next((one["targetId"] for one in found if one["type"] == "page"), None)

        return eventually("Chromium has a page", find, 30)

    def _read(self):
        rest = b""
        while True:
            data = os.read(self._answers, 1 << 16)
            if not data:
                self._received.put(None)
                return
            *messages, rest = (rest + data).split(b"\0")
            for message in messages:
                self._received.put(json.loads(message))

    def call(self, method, **parameters):
        """Sends a command of the debugging protocol to the page; returns its result."""
        return self._call(method, self._session, **parameters)

    def _call(self, method, session, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            try:
                answer = self._received.get(timeout=ANSWERS_WITHIN)
            except Empty:
                raise AssertionError(f"Chromium does not answer {method}") from None
            assert answer is not None, "Chromium ended"
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            if "method" in answer:
                self.events.append((answer["method"], answer["params"]))

    # The page.

    def open(self, url):
        """Loads a page; returns at once."""
        self.call("Page.navigate", url=url)

    def run(self, expression):
        """Runs a JavaScript expression in the page; returns its value."""
        result = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def press(self, key, code):
        """Presses a key and lets it go."""
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                      windowsVirtualKeyCode=code, **(text if kind == "keyDown" else {}))

    def resize(self, width, height):
        """Shows the page in a window of this size, in pixels."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 500)

    def darken(self, is_dark):
        """Says which colours the user prefers."""
        value = "dark" if is_dark else "light"
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": value}])

    def picture(self, path):
        """Writes what is shown into a PNG file."""
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def complaints(self):
        """What the console was told of errors, exceptions and refused requests."""
        self.run("1")
        return [
            parameters for method, parameters in self.events
            if method == "Runtime.exceptionThrown"
            or (method == "Log.entryAdded" and parameters["entry"]["level"] == "error")
            or (method == "Runtime.consoleAPICalled" and parameters["type"] == "error")
        ]

    def requested(self):
        """The addresses of all that was asked for."""
        self.run("1")
        return [parameters["request"]["url"] for method, parameters in self.events
                if method == "Network.requestWillBeSent"]

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self._process.kill()
        self._process.wait()
        os.close(self._commands)
        self._directory.cleanup()
