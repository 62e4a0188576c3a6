"""Tokens: who may ask, what each of them sees, and what happens when the file changes."""

import base64
import secrets
import time
from itertools import islice
from pathlib import Path

from connectrpc.code import Code
from connectrpc.errors import ConnectError

from harness.agent import configuration, toml
from harness.burrow_clients import Telegraf
from harness.clients import SimpleGroup
from harness.context import CLUSTER
from harness.proto import GROUPS, RPC
from harness.runner import scenario
from harness.waiting import equal, eventually


def _bearer(token):
    return {"authorization": f"Bearer {token}"}


def _basic(token):
    return {"authorization": "Basic " + base64.b64encode(f"user:{token}".encode()).decode()}


class _World:
    """An agent with a token for everything and one for one of its two groups."""

    def __init__(self, context, name):
        self.mine, self.other = context.group(f"{name}-mine"), context.group(f"{name}-other")
        topics = [context.world.create_topic(f"topic-{name}-{one}") for one in ("mine", "other")]
        self.topic, self.other_topic = topics
        for group, topic in zip((self.mine, self.other), topics):
            one = SimpleGroup(context.world, group)
            one.commit({(topic, 0): 0})
            one.close()
        directory = Path(context.directory) / f"tokens-{time.monotonic_ns()}"
        directory.mkdir()
        self.file, everything = directory / "team", directory / "all"
        self.token, self.all = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self.file.write_text(self.token + "\n")
        everything.write_text(self.all + "\n")
        config = configuration(context.world, groups=[self.mine, self.other], cluster=CLUSTER)
        config += f"""\
[token.team]
file = {toml(str(self.file))}
groups = [{toml(self.mine)}]
[token.operations]
file = {toml(str(everything))}
groups = ["*"]
"""
        self.agent = context.start(config)

    def __enter__(self):
        self.agent.__enter__()
        eventually("the agent is ready", lambda: self.agent.probe("/readyz")[0] == 200)
        eventually(
            "no gate holds the groups",
            lambda: self.agent.probe("/consumer/readyz")[0] == 200)
        eventually(
            "both groups are listed",
            lambda: len(self.agent.get(f"/v3/kafka/{CLUSTER}/consumer",
                                       headers=_bearer(self.all)).json()["consumers"]) == 2)
        return self

    def __exit__(self, *failure):
        return self.agent.__exit__(*failure)


@scenario("tokens: nobody asks without one but probes; a token sees its groups in every API")
def scopes(context):
    with _World(context, "scopes") as world:
        agent, mine, other = world.agent, world.mine, world.other
        base = f"/v3/kafka/{CLUSTER}"
        for path in ("/livez", "/readyz", "/startupz", "/consumer/livez", "/consumer/readyz",
                     f"/consumer/{other}/livez", "/burrow/admin", "/burrow/admin/ready"):
            equal(f"{path} without a token", agent.get(path).status_code, 200)
        wanted = ("/livez?verbose", "/readyz?verbose", "/consumer/readyz?verbose",
                  f"/consumer/{mine}/readyz?verbose", "/metrics", "/v3/kafka", base,
                  f"{base}/consumer", "/v3/config", "/no/such/path")
        for path in wanted:
            for headers in ({}, _bearer("wrong"), _basic("wrong"), {"authorization": "Bearer"}):
                answer = agent.get(path, headers=headers)
                equal(f"{path} with {headers}", answer.status_code, 401)
                assert "Bearer" in answer.headers["www-authenticate"], answer.headers
                assert "Basic" in answer.headers["www-authenticate"], answer.headers
            equal(f"{path} for all", agent.get(path, headers=_bearer(world.all)).status_code,
                  404 if path == "/no/such/path" else 200)
        for headers in (_bearer(world.token), _basic(world.token)):
            def get(path):
                return agent.get(path, headers=headers)

            equal("the groups", get(f"{base}/consumer").json()["consumers"], [mine])
            equal("the topics", get(f"{base}/topic").json()["topics"], [world.topic])
            for path, code in (
                (f"{base}/consumer/{mine}/lag", 200), (f"{base}/consumer/{other}/lag", 404),
                (f"{base}/consumer/{other}/status", 404), (f"{base}/consumer/{other}", 404),
                (f"{base}/topic/{world.topic}", 200), (f"{base}/topic/{world.other_topic}", 404),
                ("/v3/config", 404), ("/v3/config/consumer/e2e", 404),
            ):
                equal(path, get(path).status_code, code)
            equal("groups of the other topic",
                  get(f"{base}/topic/{world.other_topic}/consumers").json()["consumers"], [])
            text = get("/metrics").text
            assert f'"{mine}"' in text and other not in text and world.other_topic not in text
            text = get("/consumer/readyz?verbose").text
            assert mine in text and other not in text, text
            equal("the other group's evidence",
                  get(f"/consumer/{other}/readyz?verbose").status_code, 404)
        gathered = Telegraf(agent.base, _basic(world.token)).gather()
        found = {tags["group"] for name, tags, _ in gathered
                 if name == "burrow_group"}
        equal("what Telegraf sees", found, {mine})
        assert world.token not in str(agent.log) and world.all not in str(agent.log)


@scenario("tokens: the RPC interface is scoped alike, and changes its level for whoever sees all")
def rpc(context):
    with _World(context, "rpc-scopes") as world:
        agent, mine, other = world.agent, world.mine, world.other

        def code(call):
            try:
                call()
            except ConnectError as error:
                return error.code
            return None

        anybody, team, all_ = (RPC(agent, token=one) for one in (None, world.token, world.all))
        equal("nobody lists", code(lambda: anybody.call("ListGroups")), Code.UNAUTHENTICATED)
        equal("nobody watches", code(lambda: list(anybody.watch("WatchGroupStatus"))),
              Code.UNAUTHENTICATED)
        equal("the team's groups", [one.group for one in team.call("ListGroups").groups], [mine])
        equal("all groups", {one.group for one in all_.call("ListGroups").groups}, {mine, other})
        equal("the other group", code(lambda: team.call("GetGroupStatus", group=other)),
              Code.NOT_FOUND)
        equal("its stream", code(lambda: list(team.watch("WatchGroupStatus", group=other))),
              Code.NOT_FOUND)
        told = [one.status.group for one in islice(
            team.watch("WatchGroupStatus", max_interval_seconds=1), 3)]
        equal("the team's stream", set(told), {mine})
        equal("the team's pause", team.call("PauseGroup", group=mine, seconds=60).pause.group, mine)
        equal("the end of it", team.call("ResumeGroup", group=mine).ended.group, mine)
        equal("the other group's pause",
              code(lambda: team.call("PauseGroup", group=other, seconds=60)), Code.NOT_FOUND)
        equal("the team's level", code(lambda: team.call("SetLogLevel", level=1)),
              Code.PERMISSION_DENIED)
        all_.call("SetLogLevel", level=1)
        equal("the level", all_.call("GetAgentInfo").agent.log_level, 1)
        answer = agent.http.post(f"/{GROUPS}/ListGroups", json={})
        assert answer.status_code == 401 and "www-authenticate" in answer.headers, answer.headers


@scenario("tokens: a new one in the file counts within seconds, and the old one does no more")
def rotation(context):
    with _World(context, "rotation") as world:
        path = f"/v3/kafka/{CLUSTER}/consumer"

        def status(token):
            return world.agent.get(path, headers=_bearer(token)).status_code

        equal("the first token", status(world.token), 200)
        new = secrets.token_urlsafe(24)
        world.file.write_text(new + "\n")
        eventually("the new token counts", lambda: status(new) == 200, 10)
        equal("the old token", status(world.token), 401)
        equal("the other one", status(world.all), 200)
        # A file that holds no token changes nothing.
        world.file.write_text("\n")
        world.agent.wait_for_log("configuration refused", 10)
        equal("the last good token", status(new), 200)
