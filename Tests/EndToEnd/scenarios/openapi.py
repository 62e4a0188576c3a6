"""The OpenAPI description against the agent: schemathesis asks, and must find nothing."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from harness.proto import ROOT
from harness.runner import scenario

# Examples of each operation and phase; and the seed that makes them the same each time.
EXAMPLES, SEED = 12, 20_261_126


@scenario("OpenAPI: schemathesis finds nothing between the description and the agent",
          is_long=True)
def schemathesis(context):
    agent = context.agent
    agent.wait_until_ready()
    with tempfile.TemporaryDirectory() as directory:
        # A method that nobody knows is answered by 501, which it takes for a server that fails.
        Path(directory, "schemathesis.toml").write_text(
            '[phases.coverage]\nunexpected-methods = ["PUT", "DELETE", "PATCH"]\n')
        done = subprocess.run(
            [Path(sys.executable).with_name("schemathesis"), "run", ROOT / "openapi.yaml",
             "--url", agent.base, "--max-examples", str(EXAMPLES), "--seed", str(SEED),
             "--workers", "2", "--phases", "examples,coverage,fuzzing",
             # Every text is a name: there is no wrong one that must be refused. A method that
             # nobody knows is not implemented, which is not the same as not allowed.
             "--exclude-checks",
             "negative_data_rejection,positive_data_acceptance,unsupported_method",
             "--no-color", "--generation-database", "none"],
            cwd=directory, capture_output=True, text=True, timeout=120,
            env={"PATH": os.environ["PATH"], "HOME": directory})
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout.strip().splitlines()[-1].strip("= ")
