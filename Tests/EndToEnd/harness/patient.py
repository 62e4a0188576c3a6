"""`vole doctor` and the brokers that it is tried on: what one may do there, and what it says."""

import re
import shlex
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import Consumer, Producer

from .agent import clean_environment, toml
from .runner import CannotRun
from .waiting import equal, eventually

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from broker import Cluster  # noqa: E402
from broker.sasl import Security  # noqa: E402
from broker.tls import Certificates  # noqa: E402,F401

USER = "User:vole"
# Seconds that one run may take.
PATIENCE = 60


class Report:
    """What one run of the doctor said."""

    def __init__(self, code, text, errors, seconds):
        self.code = code
        self.text = text
        self.errors = errors
        self.seconds = seconds
        lines = text.splitlines()
        rows = [
            re.split(r"\s{2,}", line.strip(), maxsplit=3) for line in lines
            if line.startswith("  ") and not line.startswith("  kafka-acls ")
        ]
        # (outcome, subject, check), with what was seen.
        self.rows = {tuple(row[:3]): row[3] for row in rows}
        self.commands = [line.strip() for line in lines if line.startswith("  kafka-acls ")]

    def outcome(self, subject, check):
        """The outcomes of a check."""
        return {row[0] for row in self.rows if row[1:] == (subject, check)}

    @property
    def rights(self):
        """What the commands grant: (operation, resource, name)."""
        return {_right(command) for command in self.commands}

    def check(self, code, rights=()):
        """Checks the exit code and exactly which rights are asked for."""
        equal(f"the exit code of\n{self.text}{self.errors}\n", self.code, code)
        equal(f"the rights in\n{self.text}\n", self.rights, set(rights))
        return self


def _right(command):
    words = shlex.split(command)
    equal("the command", words[:2] + words[3:5],
          ["kafka-acls", "--bootstrap-server", "--add", "--allow-principal"])
    equal("an option", words[6], "--operation")
    kind = words[8].removeprefix("--").capitalize()
    return words[7], kind, words[9] if len(words) > 9 else "kafka-cluster"


class Patient:
    """A cluster with rights, and a doctor for it."""

    def __init__(self, context, cluster, **options):
        self.context = context
        self.cluster = cluster
        self.options = options

    def admin(self, **more):
        """Properties of a client that may do everything."""
        return {
            "bootstrap.servers": self.cluster.bootstrap(), "log_level": 0,
            "security.protocol": "sasl_plaintext", "sasl.mechanism": "PLAIN",
            "sasl.username": "admin", "sasl.password": "admin", **more}

    def topic(self, name, partitions=2, records=3):
        """A topic with some records in each partition."""
        self.cluster.create_topic(name, partitions)
        producer = Producer(self.admin())
        for partition in range(partitions):
            for _ in range(records):
                producer.produce(name, b"x", partition=partition)
        equal("records that were not written", producer.flush(20), 0)

    @contextmanager
    def member(self, group, topics, client="client", commits=True):
        """A member that stays in its group."""
        one = Consumer(self.admin(**{
            "group.id": group, "client.id": client, "auto.offset.reset": "earliest",
            "enable.auto.commit": False}))
        one.subscribe(topics)

        def has_all():
            one.poll(0.1)
            return {place.topic for place in one.assignment()} == set(topics)

        try:
            eventually(f"{client} has {topics}", has_all, 30)
            if commits:
                eventually("something is read", lambda: one.poll(0.2) is not None, 20)
                one.commit(asynchronous=False)
            yield one
        finally:
            one.close()

    def configuration(self, consumer, user="vole", password="vole"):
        return f"""\
[client-profile.p]
client-id = "doctor"
sasl = "s"
[sasl.s]
mechanism = "PLAIN"
username = {toml(user)}
password = {toml(password)}
[cluster.sick]
servers = {toml(self.cluster.bootstrap().split(","))}
client-profile = "p"
[consumer.sick]
cluster = "sick"
client-profile = "p"
{consumer}
"""

    def examine(self, consumer='groups = ["orders"]', environment=None, **login):
        """Runs the doctor with a configuration."""
        config = self.configuration(consumer, **login)
        return examine(self.context, ["--timeout", "30"], config, environment)

    def grant(self, *rights):
        for operation, kind, name in rights:
            self.cluster.allow(USER, operation, kind, name)


def examine(context, arguments, config=None, environment=None):
    """Runs the doctor."""
    command = [str(context.vole), "doctor", *arguments]
    if config is not None:
        path = Path(context.directory) / f"doctor-{time.monotonic_ns()}.toml"
        path.write_text(config)
        command += ["--config", str(path)]
    begun = time.monotonic()
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE,
        env=clean_environment(**(environment or {})))
    return Report(done.returncode, done.stdout, done.stderr, time.monotonic() - begun)


@contextmanager
def patient(context, brokers=2, **options):
    """A cluster on which only `admin` may do anything, once `authorize` is called."""
    if context.world.is_real:
        raise CannotRun("it needs brokers whose rights can be taken away")
    security = Security(
        mechanisms=["PLAIN", "OAUTHBEARER"], users={"vole": "vole", "admin": "admin"})
    with Cluster(brokers, security=security, **options) as cluster:
        yield Patient(context, cluster)
        equal("what went wrong in the brokers", cluster.failures(), [])
