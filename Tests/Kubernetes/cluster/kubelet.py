"""What kubelet does with probes and with containers that end, in virtual time.

From kubernetes' pkg/kubelet/prober/worker.go and pkg/kubelet/kuberuntime: a probe is asked every
`periodSeconds`; as many failures in a row as `failureThreshold` count; a start-up probe holds the
others back until it has passed; a container that was given up is not probed until there is a new
one. A container that ends is started again at once the first time, then after 10 s, 20 s … 300 s,
and at once again when it has run for 10 minutes.
"""

FIRST_PAUSE = 10.0
LONGEST_PAUSE = 300.0
FORGOTTEN_AFTER = 600.0
# From the end of a container until kubelet has noticed and the next one runs, in seconds.
NOTICING = 2.0


class Probe:
    """A probe of a manifest."""

    def __init__(self, manifest):
        self.path = manifest["httpGet"]["path"]
        self.port = manifest["httpGet"]["port"]
        self.period = float(manifest.get("periodSeconds", 10))
        self.timeout = float(manifest.get("timeoutSeconds", 1))
        self.failures = manifest.get("failureThreshold", 3)

    @property
    def patience(self):
        """Seconds from the first failure to the one that counts, where answers come at once."""
        return (self.failures - 1) * self.period


class Watched:
    """The application's container as kubelet sees it: one for each pod.

    `ask(path)` gives whether the probe passes. Time is an argument, in seconds.
    """

    def __init__(self, container, ask, now, phase=0.0):
        self._probes = {
            kind: Probe(container[f"{kind}Probe"]) for kind in ("startup", "liveness", "readiness")
            if f"{kind}Probe" in container
        }
        self._ask = ask
        # When in a period the probes are asked.
        self._phase = phase
        # When the container was restarted, and by which probe.
        self.restarts = []
        self.is_ready = "readiness" not in self._probes
        self._begin(now)

    def _begin(self, now):
        self.has_started = "startup" not in self._probes
        self.is_ready = "readiness" not in self._probes
        self._failed = dict.fromkeys(self._probes, 0)
        self._next = dict.fromkeys(self._probes, now + self._phase)

    def advance(self, now):
        """Asks whatever is due."""
        for kind, probe in self._probes.items():
            if now < self._next[kind]:
                continue
            self._next[kind] += probe.period
            if (kind == "startup") == self.has_started:
                continue
            if self._count(kind, self._ask(probe.path)):
                self.restarts.append((now, kind))
                self._begin(now)
                return

    def _count(self, kind, passes):
        """Whether an answer is the one for which the container is restarted."""
        if passes:
            self._failed[kind] = 0
            if kind == "startup":
                self.has_started = True
            elif kind == "readiness":
                self.is_ready = True
            return False
        self._failed[kind] += 1
        if self._failed[kind] < self._probes[kind].failures:
            return False
        if kind == "readiness":
            self.is_ready = False
            return False
        return True


def outages(lifetimes):
    """When an agent is away that ends again and again: pairs of begin and end, in seconds.

    `lifetimes` says for how long each container of it runs.
    """
    now, pause, away = 0.0, 0.0, []
    for lifetime in lifetimes:
        now += lifetime
        if lifetime >= FORGOTTEN_AFTER:
            pause = 0.0
        away.append((now, now + pause + NOTICING))
        now += pause + NOTICING
        pause = min(LONGEST_PAUSE, max(FIRST_PAUSE, 2 * pause))
    return away
