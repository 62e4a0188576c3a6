"""Programs that others wrote for Burrow, on this agent: what they ask, escape, read and need."""

from urllib.parse import quote

from harness.agent import configuration
from harness.burrow_clients import (
    BurrowDashboard, BurrowExporter, BurrowUI, KafkaLagcheck, Telegraf,
)
from harness.clients import SimpleGroup
from harness.context import CLUSTER
from harness.runner import scenario
from harness.waiting import equal, eventually


class _World:
    """Groups that have committed below standing heads, and an agent that watches them."""

    def __init__(self, context, name, groups, idle=()):
        self.topic = context.world.create_topic(f"topic-{name}")
        # The heads of a new topic are 0: what is committed has no lag.
        self.groups = [context.group(one) for one in groups]
        for group in self.groups:
            one = SimpleGroup(context.world, group)
            one.commit({(self.topic, number): 0 for number in range(context.world.partitions)})
            one.close()
        self._config = configuration(
            context.world, groups=self.groups + [context.group(one) for one in idle],
            cluster=CLUSTER)
        self._context = context

    def __enter__(self):
        self.agent = self._context.start(self._config).__enter__()
        self.agent.wait_until_ready()

        def listed():
            answer = self.agent.get(f"/v3/kafka/{CLUSTER}/consumer").json()
            return answer["consumers"] == sorted(self.groups)

        eventually("all groups are listed", listed)
        return self

    def __exit__(self, *failure):
        return self.agent.__exit__(*failure)


@scenario("Telegraf's inputs.burrow: every request is answered, names escaped twice included")
def telegraf(context):
    names = ["telegraf", "telegraf ünïcode группа", "telegraf/with/slash", "telegraf 100%",
             "telegraf%20literal"]
    with _World(context, "telegraf", names, idle=["telegraf-never-committed"]) as world:
        def gathered():
            client = Telegraf(world.agent.base)
            found = client.gather()
            refused = [one for one in client.requests if one[1] != 200]
            assert not refused, refused
            topics = [one for one in found if one[0] == "burrow_topic"]
            equal("partitions of topics", len(topics), context.world.partitions)
            groups = {tags["group"]: fields for name, tags, fields in found
                      if name == "burrow_group"}
            equal("the groups", set(groups), set(world.groups))
            for group, fields in groups.items():
                equal(f"the status of {group}", (fields["status"], fields["status_code"]),
                      ("OK", 1))
                equal(f"partitions of {group}", fields["partition_count"],
                      context.world.partitions)
                assert fields["timestamp"] > 1_600_000_000_000, fields
            equal("partitions of groups", sum(one[0] == "burrow_partition" for one in found),
                  context.world.partitions * len(world.groups))
            return True

        eventually("Telegraf gathers everything", gathered)


@scenario("burrow_exporter, BurrowUI, burrow-dashboard and kafka-lagcheck get what they read")
def others(context):
    names = ["others one", "others-two"]
    with _World(context, "others", names, idle=["others-never-committed"]) as world:
        def exported():
            found = BurrowExporter(world.agent.base).scrape()
            for group in world.groups:
                equal(f"the status of {group}", found["kafka_burrow_status", CLUSTER, group], 2)
                equal(f"the lag of {group}", found["kafka_burrow_total_lag", CLUSTER, group], 0)
                place = (CLUSTER, group, world.topic, 0)
                equal("a partition's status", found["kafka_burrow_partition_status", *place], 2)
            place = (CLUSTER, world.topic, 0)
            equal("a topic's offset", found["kafka_burrow_topic_partition_offset", *place], 0)
            return True

        eventually("burrow_exporter exports every group", exported)
        shown = BurrowUI(world.agent.base).load()
        equal("clusters of BurrowUI", set(shown), {CLUSTER})
        assert shown[CLUSTER]["module"]["servers"], shown
        equal("groups of BurrowUI", set(shown[CLUSTER]["groups"]), set(world.groups))
        equal("topics of BurrowUI", shown[CLUSTER]["topics"],
              {world.topic: [0] * context.world.partitions})
        drawn = BurrowDashboard(world.agent.base).load()
        equal("groups of burrow-dashboard", set(drawn), {(CLUSTER, one) for one in world.groups})
        for partitions in drawn.values():
            equal("partitions of burrow-dashboard", set(partitions),
                  {(world.topic, number) for number in range(context.world.partitions)})
            assert all(points for points in partitions.values()), partitions
        equal("kafka-lagcheck", KafkaLagcheck(world.agent.base, CLUSTER).check(),
              {one: "OK" for one in world.groups})


@scenario("Burrow's other routes: configuration without secrets, admin, redirects, what is refused")
def routes(context):
    agent = context.agent
    agent.wait_until_ready()
    get = agent.get
    equal("/burrow/admin", (get("/burrow/admin").status_code, get("/burrow/admin").text),
          (200, "GOOD"))
    equal("/burrow/admin/ready", get("/burrow/admin/ready").text, "READY")
    equal("the level", get("/v3/admin/loglevel").json()["level"], "info")
    main = get("/v3/config").json()
    equal("keys of the main configuration", list(main),
          ["error", "message", "request", "general", "logging", "zookeeper", "httpserver"])
    equal("modules", {kind: get(f"/v3/config/{kind}").json()["modules"] for kind in
                      ("storage", "evaluator", "cluster", "consumer", "notifier")},
          {"storage": ["e2e"], "evaluator": ["default"], "cluster": [CLUSTER],
           "consumer": ["e2e"], "notifier": []})
    cluster = get(f"/v3/kafka/{CLUSTER}").json()
    equal("the cluster in both places", cluster["module"],
          get(f"/v3/config/cluster/{CLUSTER}").json()["module"])
    consumer = get("/v3/config/consumer/e2e").json()["module"]
    assert consumer["group-allowlist"].startswith("^("), consumer
    shown = get("/v3/config").text + str(cluster) + str(consumer)
    for name, value in context.world.properties.items():
        assert "password" not in name or value not in shown, "a password is shown"
    for path, place in (("/v3/kafka/", "/v3/kafka"), ("/V3/Kafka", "/v3/kafka"),
                        (f"/v3/kafka/{CLUSTER}/consumer/?x=1", f"/v3/kafka/{CLUSTER}/consumer?x=1"),
                        (f"/v3/kafka/{CLUSTER}/Consumer/A%20b%2Fc/LAG",
                         f"/v3/kafka/{CLUSTER}/consumer/A%20b%2Fc/lag")):
        answer = get(path)
        equal(f"{path} leads to", (answer.status_code, answer.headers.get("location")),
              (301, place))
    group = quote(context.group("never-committed"), safe="")
    for method, path in (("DELETE", f"/v3/kafka/{CLUSTER}/consumer/{group}"),
                         ("POST", "/v3/admin/loglevel"), ("HEAD", "/burrow/admin"),
                         ("PUT", "/v3/kafka")):
        answer = agent.http.request(method, path)
        equal(f"{method} {path}", (answer.status_code, answer.headers.get("allow")),
              (405, "GET, OPTIONS"))
    answer = agent.http.options("/v3/kafka")
    equal("OPTIONS", (answer.status_code, answer.headers["allow"], answer.content),
          (200, "GET, OPTIONS", b""))
    for path in ("/v3", "/v3/nope", "/v2/kafka", "/v3/config/nope", "/burrow"):
        answer = get(path)
        equal(f"what is no route: {path}", (answer.status_code, answer.text),
              (404, '{"error":true,"message":"invalid request type","result":{}}\n'))
