"""Starting without a file, several clusters, and what the log says."""

from harness.agent import configuration
from harness.clients import SimpleGroup, read_everything
from harness.context import CLUSTER, probe, status
from harness.runner import CannotRun, scenario
from harness.waiting import equal, eventually


@scenario("flags alone start the agent; variables alone too, and flags override them")
def flags_and_variables(context):
    world = context.world
    if world.properties:
        raise CannotRun("neither flags nor variables say how to log in; that is the file's matter")
    topic = context.world.create_topic("topic-flags")
    one, other = context.group("by-flag"), context.group("by-variable")
    for name in (one, other):
        group = SimpleGroup(world, name)
        group.commit({(topic, 0): 0})
        group.close()
    by_flags = ["--bootstrap-servers", world.bootstrap, "--group", one]
    variables = {"VOLE_BOOTSTRAP_SERVERS": world.bootstrap, "VOLE_GROUPS": other,
                 "VOLE_LISTEN": "127.0.0.1:0"}
    for arguments, environment, watched in (
        (by_flags + ["--listen", "127.0.0.1:0"], {}, one),
        ([], variables, other),
        # On every address of this machine, of which the tests use that of IPv4.
        (by_flags + ["--listen", ":0"], {**variables, "VOLE_BOOTSTRAP_SERVERS": "127.0.0.1:1"},
         one),
    ):
        with context.start(arguments=arguments, environment=environment) as agent:
            agent.wait_until_ready()
            eventually(
                f"{watched} is OK",
                lambda: status(agent, watched, cluster="default")["status"] == "OK")
            unwatched = other if watched == one else one
            equal("readyz of the other group", probe(agent, unwatched, "readyz")[0], 404)


@scenario("two clusters in one agent: one that is not there leaves the other alone")
def two_clusters(context):
    group = context.group("two-clusters")
    topic = context.topic("two-clusters")
    servers = ", ".join(f'"{host}:{port}"' for host, port in context.world.brokers)
    passed = context.world.properties.items()
    lines = "\n".join(f'"{name}" = "{value}"' for name, value in passed)
    config = f"""\
[client-profile.p.librdkafka]
{lines}
[cluster.here]
servers = [{servers}]
client-profile = "p"
offset-refresh = 1
[cluster.Gone]
servers = ["127.0.0.1:1"]
offset-refresh = 1
[consumer.here]
cluster = "here"
client-profile = "p"
groups = ["{group}"]
[consumer.gone]
cluster = "Gone"
groups = ["elsewhere"]
[httpserver.x]
address = "127.0.0.1:0"
"""
    with (
        context.start(config) as agent,
        context.member(group, [topic], read_everything),
    ):
        eventually("the group of the cluster that is there is OK",
                   lambda: status(agent, group, cluster="here")["status"] == "OK")

        def told():
            code, text = agent.probe("/readyz")
            assert code == 500, text
            for line in ("[+]commits-here ok", "[+]heads-here ok", "[-]commits-Gone failed: ",
                         "[-]heads-Gone failed: "):
                assert line in text, text
            return True

        eventually("the agent says which cluster is missing", told)
        code, text = agent.probe("/consumer/livez")
        assert code == 200, text
        assert f"here/{group} " in text and "Gone/elsewhere UNKNOWN: " in text, text
        equal("the case of a cluster's name",
              agent.get("/v3/kafka/gone/consumer/elsewhere/status").status_code, 404)


@scenario("the log is one JSON object a line: listening, reading, ready, verdict, ending")
def log(context):
    group = context.group("logged")
    topic = context.topic("logged")
    agent = context.start(configuration(context.world, groups=[group], cluster=CLUSTER))
    with context.member(group, [topic], read_everything):
        agent.wait_until_ready()
        eventually("the verdict is told", lambda: [
            line for line in agent.log
            if line["msg"] == "verdict changed" and line["group"] == group and line["to"] == "OK"])
    agent.close()
    for message in ("listening", "reading commits", "ready: commits and log-end offsets were read",
                    "ending"):
        found = [line for line in agent.log if line["msg"] == message]
        equal(f"the number of lines {message!r}", len(found), 1)
    for line in agent.log:
        assert line["level"] in ("info", "warn"), line
        assert type(line["ts"]) in (int, float), line
