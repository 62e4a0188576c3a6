"""kubelet's part is played: the probes of the shipped manifest against agents of a running demo."""

import http.client
import time

from cluster import kustomize
from cluster.kubelet import Watched
from harness.demo import PodsDemo
from harness.runner import scenario
from harness.waiting import equal

# The pod of the scene that hangs with one of its partitions.
_GUILTY = "orders-b"
# Seconds of kubelet's time in a second: periods shrink, counts stay.
_SPEED = 20.0
# How long it may take until the guilty pod's container is restarted, in seconds of this test.
_WITHIN = 120.0
# How long the others are watched afterwards.
_AFTER = 10.0


def _asks(port):
    """Asks as kubelet does: HTTP/1.1, a new connection each time, no body looked at."""
    def ask(path):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request(
                "GET", path, headers={"User-Agent": "kube-probe/1.37", "Connection": "close"})
            return 200 <= connection.getresponse().status < 400
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return ask


@scenario("kubelet: of three pods only the one that hangs a partition is restarted", is_long=True)
def only_the_guilty(context):
    objects = kustomize.build("overlays/native-sidecar")
    application = kustomize.application(kustomize.only(objects, "Deployment"))
    with PodsDemo(context.vole, "stuck-partition") as demo:
        begun = time.monotonic()

        def now():
            return (time.monotonic() - begun) * _SPEED

        pods = {
            name: Watched(application, _asks(port), now(), phase=number)
            for number, (name, port) in enumerate(demo.ports.items())
        }
        restarted_at = None
        while restarted_at is None or time.monotonic() < restarted_at + _AFTER:
            for watched in pods.values():
                watched.advance(now())
            if restarted_at is None and any(watched.restarts for watched in pods.values()):
                restarted_at = time.monotonic()
            assert time.monotonic() < begun + _WITHIN + _AFTER, "nobody was restarted"
            time.sleep(0.01)
        restarts = {
            name: [kind for _, kind in watched.restarts] for name, watched in pods.items()}
        expected = {name: ["liveness"] if name == _GUILTY else [] for name in pods}
        equal("restarts", restarts, expected)
        # Rollouts go on: the gate of the others is open.
        ready = {name for name, watched in pods.items() if watched.is_ready}
        assert ready >= set(pods) - {_GUILTY}, ready
    return f"after {restarted_at - begun:.0f} s, {_SPEED:g} of kubelet's seconds in one"
