"""The arithmetic of the probes: the thresholds in the manifests against kubelet's habits."""

import re
from copy import deepcopy

from cluster import kustomize
from cluster.kubelet import LONGEST_PAUSE, NOTICING, Probe, Watched, outages
from harness.runner import scenario
from harness.waiting import equal

# From the start of the process until it answers, in seconds; the budget is 0.03.
_LISTENING = 1.0
_README = kustomize.K8S / "README.md"


def _seconds(text):
    """Seconds of a duration as the configuration has it."""
    number, unit = re.fullmatch(r"(\d+)([smh])", text).groups()
    return int(number) * {"s": 1, "m": 60, "h": 3600}[unit]


def _manifest(*components):
    """The application, the agent and `fail-for` of a combination."""
    objects = kustomize.combine("base", *components)
    workload = kustomize.only(objects, "Deployment")
    agent, _ = kustomize.agent(workload)
    config = kustomize.only(objects, "ConfigMap")["data"]["vole.toml"]
    fail_for = re.search(r'^fail-for = "(\w+)"$', config, re.M)[1]
    for one in agent["env"]:
        if one["name"] == "VOLE_PROBE_FAIL_FOR":
            fail_for = one["value"]
    return kustomize.application(workload), agent, _seconds(fail_for)


def _restarts(application, away, until, phase):
    """Restarts of the application while its agent is away at times, and tells no failure."""
    now = 0.0

    def ask(_path):
        return not any(begin <= now < end + _LISTENING for begin, end in away)

    watched = Watched(application, ask, now, phase)
    while now < until:
        now += 0.5
        watched.advance(now)
    return watched


_PHASES = [0.0, 2.5, 5.0, 7.5, 9.5]
# Long enough for a probe to be answered in it.
_LIVES = (15.0, 30.0, 120.0, 590.0)


def _kinds_of_restarts(application, lifetimes):
    """By which probes the application is restarted, over all phases of the probes."""
    away = outages(lifetimes)
    found = set()
    for phase in _PHASES:
        watched = _restarts(application, away, away[-1][1] + 100, phase)
        found.add(tuple(kind for _, kind in watched.restarts))
    return found


@scenario("an agent that ends again and again restarts nothing, whatever pause kubelet makes")
def agent_ends(context):
    application, _, _ = _manifest("native-sidecar")
    for lifetime in _LIVES:
        assert max(end - begin for begin, end in outages([lifetime] * 20)) > LONGEST_PAUSE
        equal(f"restarts while the agent lives for {lifetime} s each time",
              _kinds_of_restarts(application, [lifetime] * 20), {()})
    # The application itself is restarted in the midst of the longest pause, and has to wait.
    start = Probe(application["startupProbe"])
    assert start.patience > LONGEST_PAUSE + NOTICING + _LISTENING, start.patience
    # Which is what the thresholds are for.
    hasty = deepcopy(application)
    hasty["livenessProbe"]["failureThreshold"] = 15
    assert _kinds_of_restarts(hasty, [15.0] * 20) != {()}, "no patience is needed at all"


@scenario("an agent that never answers again restarts the application after five ends, not before")
def agent_never_answers(context):
    application, _, _ = _manifest("native-sidecar")
    equal("restarts after five ends", _kinds_of_restarts(application, [60.0] + [0.1] * 4), {()})
    equal("restarts after seven", _kinds_of_restarts(application, [60.0] + [0.1] * 6),
          {("liveness",)})
    # Without the probe there is nothing that could.
    without, _, _ = _manifest("native-sidecar", "exit-88")
    assert "livenessProbe" not in without
    equal("restarts with exit-88", _kinds_of_restarts(without, [60.0] + [0.1] * 40), {()})


@scenario("quick-restart bears four ends in a row, and five of an agent that answers in between")
def quick(context):
    application, _, _ = _manifest("native-sidecar", "quick-restart")
    for bears, lifetime in ((5, 15.0), (4, 0.1)):
        lives = [60.0] + [lifetime] * (bears - 1)
        equal(f"restarts after {bears}", _kinds_of_restarts(application, lives), {()})
        equal(f"restarts after {bears + 1}",
              _kinds_of_restarts(application, lives + [lifetime]), {("liveness",)})


@scenario("a failure is told for longer than kubelet takes to act on it")
def fail_for(context):
    for components in (("native-sidecar",), ("sidecar",), ("native-sidecar", "sasl-tls"),
                       ("native-sidecar", "quick-restart")):
        application, _, told = _manifest(*components)
        probe = Probe(application["livenessProbe"])
        # It begins with a failing answer; each later one may take its timeout.
        worst = probe.patience + probe.timeout
        assert worst + 2 * probe.period < told, f"{components}: {worst} s of {told} s"


@scenario("an agent that hangs is restarted before the application is")
def agent_hangs(context):
    for components in (("native-sidecar",), ("sidecar",), ("native-sidecar", "quick-restart")):
        application, agent, _ = _manifest(*components)
        own = Probe(agent["livenessProbe"])
        grace = agent["livenessProbe"]["terminationGracePeriodSeconds"]
        # It begins just behind a good answer, and each question waits for its timeout.
        away = own.period + own.patience + own.timeout + grace + NOTICING + _LISTENING
        patience = Probe(application["livenessProbe"]).patience
        assert 2 * away < patience, f"{components}: away for {away} s, borne for {patience} s"


@scenario("the tables of k8s/README.md say what the manifests say")
def readme(context):
    text = _README.read_text()
    for components in ((), ("quick-restart",)):
        application, agent, told = _manifest("native-sidecar", *components)
        for kind in ("startup", "liveness", "readiness"):
            probe = Probe(application[f"{kind}Probe"])
            row = (f"| `{probe.path}` | {probe.period:.0f} s | {probe.failures} "
                   f"| {probe.patience:.0f} s |")
            assert row in text, f"no row {row}"
        row = f"`fail-for` {told // 60} min"
        assert row in text, f"it does not say {row}"
        for kind in ("startup", "liveness"):
            probe = Probe(agent[f"{kind}Probe"])
            row = (f"| `{probe.path}` | {probe.period:.0f} s | {probe.failures} "
                   f"| {probe.patience:.0f} s |")
            assert row in text, f"no row {row}"
