"""The OpenAPI description against the agent: schemathesis asks, and must find nothing."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from harness.agent import configuration
from harness.context import CLUSTER
from harness.proto import ROOT
from harness.runner import scenario

# Examples of each operation and phase; and the seed that makes them the same each time.
EXAMPLES, SEED = 12, 20_261_126


@scenario("OpenAPI: schemathesis finds nothing between the description and the agent",
          is_long=True)
def schemathesis(context):
    # It asks for start-up as well, which closes the gates of all groups.
    config = configuration(
        context.world, groups=[context.group("described")], cluster=CLUSTER)
    with context.start(config) as agent, tempfile.TemporaryDirectory() as directory:
        agent.wait_until_ready()
        # 501 is Connect's answer to a compression that is not offered, and HTTP's to a method that
        # is not known: those that are must be refused with 405.
        Path(directory, "schemathesis.toml").write_text(
            '[checks.not_a_server_error]\nexpected-statuses = ["2xx", "3xx", "4xx", 501, 503]\n'
            '[phases.coverage]\n'
            'unexpected-methods = ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]\n')
        done = subprocess.run(
            [Path(sys.executable).with_name("schemathesis"), "run", ROOT / "openapi.yaml",
             "--url", agent.base, "--max-examples", str(EXAMPLES), "--seed", str(SEED),
             "--workers", "1", "--phases", "examples,coverage,fuzzing",
             # Every text is a name: there is no wrong one that must be refused.
             "--exclude-checks",
             "negative_data_rejection,positive_data_acceptance",
             "--no-color", "--generation-database", "none"],
            cwd=directory, capture_output=True, text=True, timeout=120,
            env={"PATH": os.environ["PATH"], "HOME": directory})
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout.strip().splitlines()[-1].strip("= ")
