"""An agent in each pod: who is blamed, what is remembered, and what an autoscaler is told."""

import http.client
import json
import tempfile
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from harness.agent import configuration, refused
from harness.clients import read_everything
from harness.context import CLUSTER, status
from harness.runner import scenario
from harness.waiting import equal, eventually


def hang_with_one(member):
    """Has processed all but its first partition, which it commits where it stands."""
    places = dict(member.fetched)
    if places:
        first = min(places)
        places[first] = member.committed.get(first, 0)
    return places


def kubelet(agent, path):
    """A probe as kubelet sends it: HTTP/1.1, a connection of its own, one second of patience."""
    connection = http.client.HTTPConnection("127.0.0.1", agent.port, timeout=1)
    try:
        connection.request("GET", path, headers={
            "User-Agent": "kube-probe/1.33", "Accept": "*/*", "Connection": "close"})
        answer = connection.getresponse()
        return answer.status, answer.read(10 * 1024).decode()
    finally:
        connection.close()


def keda(agent, group):
    """What KEDA's metrics-api scaler gets: HTTP/1.1, three seconds, 200 or nothing."""
    connection = http.client.HTTPConnection("127.0.0.1", agent.port, timeout=3)
    try:
        connection.request("GET", f"/consumer/{quote(group, safe='')}/scale")
        answer = connection.getresponse()
        equal("the type", answer.getheader("content-type"), "application/json")
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


@contextmanager
def pods(context, text, config, names=("orders-1", "orders-10")):
    """A group with a member in each of two pods, and the agent of each pod."""
    group = context.group(text)
    topic = context.topic(text)
    agents = [
        context.start(config(group), environment={"POD_NAME": name}) for name in names
    ]
    with (
        agents[0], agents[1],
        context.member(group, [topic], read_everything, client_id=names[0]) as one,
        context.member(group, [topic], read_everything, client_id=names[1]) as other,
    ):
        def shared():
            one.check()
            other.check()
            assert len(one.assignment) == len(other.assignment) == 2, one.assignment
            return True

        eventually("both have partitions", shared)
        for agent in agents:
            eventually(
                "the group is OK",
                lambda agent=agent: status(agent, group)["complete"] == 1)
        yield group, agents, (one, other)


def probes(context, **more):
    """The configuration of a pod's agent with a short hold, by the group."""
    keys = {"hold": 5, **more.pop("probe", {})}
    return lambda group: configuration(
        context.world, groups=[group], cluster=CLUSTER, probe=keys, **more)


@scenario("of two pods only the one whose consumer hangs with a partition fails its liveness",
          is_long=True)
def blame(context):
    with pods(context, "blamed", probes(context)) as (group, agents, members):
        members[0].habit = hang_with_one
        path = f"/consumer/{quote(group, safe='')}/livez?verbose"

        def fails():
            code, text = kubelet(agents[0], path)
            assert code == 503, text
            assert "liveness fails: 1 partition of this pod stand" in text, text
            assert "[x] stability: the coordinator calls the group stable" in text, text
            return True

        eventually("the pod that hangs fails", fails)
        code, text = kubelet(agents[1], "/consumer/livez?verbose")
        equal("the other pod's liveness", code, 200)
        assert "no partition of this pod is STOP or STALL, 1 of others is" in text, text
        metrics = agents[0].get("/metrics").text
        assert f'vole_liveness_failing{{cluster="{CLUSTER}",consumer_group="{group}"}} 1' in metrics
        members[0].habit = read_everything

        def passes():
            code, text = kubelet(agents[0], path)
            assert code == 200, text
            return True

        eventually("it passes again once the consumer goes on", passes)
        for agent in agents:
            equal("readiness", kubelet(agent, "/consumer/readyz")[0], 200)


@scenario("a budget of restarts survives the agent, and a damaged memory is told", is_long=True)
def memory(context):
    with tempfile.TemporaryDirectory(dir=context.directory) as directory:
        config = probes(
            context, general={"state-dir": directory},
            probe={"max-restarts": 1, "restart-grace": 1})
        with pods(context, "remembered", config) as (group, agents, members):
            members[0].habit = hang_with_one
            eventually("liveness fails", lambda: kubelet(agents[0], "/consumer/livez")[0] == 503)
            equal("start-up", kubelet(agents[0], "/consumer/startupz")[0], 200)

            def used_up(agent):
                code, text = kubelet(agent, "/consumer/livez")
                assert code == 200 and "the budget is used up by 1 restart," in text, text
                return True

            eventually("the budget is used up", lambda: used_up(agents[0]))
            path = Path(directory) / "state.json"
            eventually("it is kept", lambda: len(json.loads(path.read_text())["restarts"]) == 1)
            with context.start(config(group), environment={"POD_NAME": "orders-1"}) as next_one:
                eventually("the next agent knows it", lambda: used_up(next_one))
            path.write_text('{"version":1,"restarts":[17')
            with context.start(config(group), environment={"POD_NAME": "orders-1"}) as forgetful:
                forgetful.wait_for_log(
                    "the state of an earlier agent cannot be read and is forgotten")
                code, text = kubelet(forgetful, "/consumer/livez?verbose")
                assert "what an earlier agent left could not be read" in text, text
                assert "\nvole_state_lost 1\n" in forgetful.get("/metrics").text
                eventually("it forgets", lambda: kubelet(forgetful, "/consumer/livez")[0] == 503)


@scenario("a state directory that cannot be written is told once, and ends an exit-88 agent with 2")
def no_disk(context):
    group = context.group("no-disk")
    general = {"state-dir": "/nowhere/vole"}
    config = configuration(context.world, groups=[group], cluster=CLUSTER, general=general)
    with context.start(config) as agent:
        agent.wait_until_ready()
        agent.wait_for_log("state cannot be kept; the agent works on without a memory")
        text = kubelet(agent, "/consumer/livez?verbose")[1]
        assert "memory: /nowhere/vole, which cannot be written" in text, text
        assert "\nvole_state_kept 0\n" in agent.get("/metrics").text
    told = [line for line in agent.log if line["msg"].startswith("state cannot be kept")]
    equal("the number of warnings", len(told), 1)
    config = configuration(
        context.world, groups=[group], cluster=CLUSTER, general=general,
        probe={"mode": "exit-88"})
    code, lines = refused(context.vole, ["run"], config, context.directory)
    equal("the exit code", code, 2)
    assert len(lines) == 1 and "needs a state-dir that can be written" in lines[0], lines


@scenario("a wrong configuration at the start is replaced by the last good one, until it is mended")
def last_good(context):
    group = context.group("last-good")
    with tempfile.TemporaryDirectory(dir=context.directory) as directory:
        path = Path(directory) / "vole.toml"
        state = Path(directory) / "state"
        state.mkdir()
        good = configuration(
            context.world, groups=[group], cluster=CLUSTER, general={"state-dir": str(state)})
        path.write_text(good)
        with context.start(arguments=["--config", str(path)]) as agent:
            eventually("it is kept", lambda: (state / "vole.toml").read_text() == good)
        path.write_text(good.replace("[storage", "[storrage"))
        with context.start(arguments=["--config", str(path)]) as agent:
            agent.wait_for_log("configuration refused")
            agent.wait_until_ready()
            assert "\nvole_config_last_reload_successful 0\n" in agent.get("/metrics").text
            path.write_text(good + "\n# mended\n")
            agent.wait_for_log("configuration reloaded: nothing has changed", within=40)
        path.write_text(good.replace("[storage", "[storage broken"))
        with context.start(arguments=["--config", str(path)]) as agent:
            agent.wait_for_log("configuration refused")


@scenario("exit-88: the agent ends with 88 when liveness has failed for half a minute",
          is_long=True)
def exit_88(context):
    with tempfile.TemporaryDirectory(dir=context.directory) as directory:
        last_words = Path(directory) / "last-words"
        state = Path(directory) / "state"
        state.mkdir()
        group = context.group("exits")
        topic = context.topic("exits")
        config = configuration(
            context.world, groups=[group], cluster=CLUSTER, intervals=3,
            general={"state-dir": str(state), "termination-log": str(last_words)},
            probe={"mode": "exit-88", "hold": 3})
        agent = context.start(config, environment={"POD_NAME": "orders-1"})
        with (
            context.member(group, [topic], read_everything, client_id="orders-1") as one,
            context.member(group, [topic], read_everything, client_id="orders-2") as other,
        ):
            eventually("both have partitions",
                       lambda: len(one.assignment) == len(other.assignment) == 2)
            eventually("the group is OK", lambda: status(agent, group)["complete"] == 1)
            one.habit = hang_with_one
            equal("the exit code", agent._process.wait(120), 88)
            other.check()
        agent.http.close()
        assert f"liveness of group {group}" in last_words.read_text(), last_words.read_text()
        equal("the restarts kept", len(json.loads((state / "state.json").read_text())["restarts"]),
              1)


@scenario("an autoscaler gets a number once there is a history, and 503 with a reason before",
          is_long=True)
def scale(context):
    group = context.group("scaled")
    topic = context.topic("scaled")
    config = configuration(
        context.world, groups=[group], cluster=CLUSTER, probe={},
        more='[scale.e2e]\nhistory = "1m"')
    with (
        context.start(config) as agent,
        context.member(group, [topic], read_everything, client_id="orders-1"),
    ):
        def refuses():
            code, answer = keda(agent, group)
            assert code == 503 and "minutes that are needed" in answer["reason"], answer
            assert "desiredReplicas" not in answer, answer
            return True

        # It looks once a minute, and the first look may come before it knows any log-end offset.
        eventually("it says that it knows too little", refuses, within=80)

        def answers():
            code, answer = keda(agent, group)
            assert code == 200, answer
            return answer

        answer = eventually("a number", answers, within=260, pause=1)
        equal("desiredReplicas", answer["desiredReplicas"], 1)
        equal("members and replicas", (answer["members"], answer["replicas"]), (1, 1))
        equal("partitions", answer["partitions"]["total"], context.world.partitions)
        assert 15 <= answer["rate"]["in"] <= 25, answer
        assert 15 <= answer["rate"]["out"] <= 25, answer
        for name in ("desiredReplicas", "maxUsefulReplicas", "active", "complete", "ageSeconds"):
            assert type(answer[name]) in (int, float), answer
        metrics = agent.get("/metrics").text
        labels = f'{{cluster="{CLUSTER}",consumer_group="{group}"}}'
        assert f"vole_group_desired_replicas{labels} 1\n" in metrics, metrics
