"""The page at `/`, in Chromium: what it shows, how soon, and what it survives."""

import json
import os
import secrets
import socket
import time
from pathlib import Path

from harness.agent import configuration, toml
from harness.browser import Browser
from harness.clients import SimpleGroup
from harness.context import CLUSTER
from harness.demo import VERDICTS, Demo
from harness.runner import scenario
from harness.waiting import equal, eventually

# Seconds within which a change must have reached the page.
SHOWN_WITHIN = 2
# Bytes of the page at most.
LARGEST = 60 << 10
# By group: the verdict that is shown.
SHOWN = """Object.fromEntries([...document.querySelectorAll("#groups li")].map((row) => [
  row.querySelector(".name").textContent,
  row.querySelector(".pill").textContent.split(" ").pop()]))"""
STATE = 'document.getElementById("state").textContent'


def _shows(browser, verdicts, within=60):
    eventually(f"the page shows {verdicts}",
               lambda: _same(browser.run(SHOWN), verdicts), within, pause=0.05)


def _same(found, expected):
    assert found == expected, f"it shows {found}"
    return True


def _background(browser):
    return browser.run("getComputedStyle(document.body).backgroundColor")


def _luminance(colour):
    return sum(float(one) for one in colour.strip("rgba()").split(",")[:3]) / 3


@scenario("the page shows the demo's consumers with their verdicts, in both themes and widths")
def shows(context):
    pictures = os.environ.get("PAGE_PICTURES")
    with Demo(context.vole) as demo, Browser() as browser:
        browser.resize(1200, 900)
        browser.open(f"http://127.0.0.1:{demo.port}/")
        _shows(browser, VERDICTS)
        size = len(browser.run("document.documentElement.outerHTML"))
        # With the keyboard alone: the last group opens and tells its partitions.
        browser.run('document.querySelector("#groups li:last-child summary").focus()')
        browser.press("Enter", 13)
        eventually(
            "the open group tells partitions and decisions",
            lambda: browser.run("""document.querySelector("#groups li:last-child details").open &&
              document.querySelectorAll("#groups li details[open] table tr").length > 1 &&
              document.querySelectorAll("#groups li details[open] td svg").length > 0 &&
              document.querySelector("#groups li details[open]").textContent.includes("Replicas")
              """), 10)
        told = browser.run(
            'document.querySelector("#groups li details[open]").textContent')
        assert "hold: not asked" in told and "does not hold, not asked" not in told, told
        seen = {}
        for width in (1200, 360):
            browser.resize(width, 900)
            for is_dark in (False, True):
                browser.darken(is_dark)
                equal("the width of the page",
                      browser.run("document.documentElement.scrollWidth"), width)
                seen[is_dark] = _luminance(_background(browser))
                if pictures:
                    time.sleep(1)
                    browser.picture(
                        Path(pictures, f"page-{width}-{'dark' if is_dark else 'light'}.png"))
            assert seen[False] > 200 and seen[True] < 60, seen
        # Who cannot see is told the same: names for what is drawn, words for each state.
        unnamed = browser.run("""[...document.querySelectorAll("svg")].filter((one) =>
          one.getAttribute("aria-hidden") !== "true" && !one.getAttribute("aria-label")).length""")
        equal("pictures without a name", unnamed, 0)
        # What the demo cannot say yet is an error of the interface, and not of the page.
        equal("complaints", [one for one in browser.complaints() if "GetScaleHint" not in str(one)],
              [])
        foreign = [one for one in browser.requested()
                   if not one.startswith((f"http://127.0.0.1:{demo.port}/", "data:"))]
        equal("requests to others", foreign, [])
        length = len(demo.get("/").content)
        assert length <= LARGEST, f"the page has {length} bytes"
        return f"{length / 1024:.0f} KiB, {size / 1024:.0f} when it is full"


def _free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@scenario("the page shows a change within 2 s, and survives a restart of the agent")
def follows(context):
    group = context.group(f"on-the-page-{time.time_ns()}")
    topic = context.world.create_topic("topic-page")
    member = SimpleGroup(context.world, group)
    # The page knows its agent by the port.
    config = configuration(context.world, groups=[group], cluster=CLUSTER).replace(
        '"127.0.0.1:0"', f'"127.0.0.1:{_free_port()}"')
    with Browser() as browser:
        with context.start(config) as agent:
            agent.wait_until_ready()
            browser.open(agent.base)
            _shows(browser, {group: "UNKNOWN"}, 10)
            member.commit({(topic, 0): 0})
            line = agent.wait_for_log("verdict changed")
            _shows(browser, {group: "OK"}, 10)
            seconds = time.monotonic() - line["seen"]
            equal("what is said of the connection", browser.run(STATE), "live")
        eventually("the page says that the connection is lost",
                   lambda: browser.run(STATE).startswith("connection lost; this is from "), 10)
        # What was known is still there, and looks old.
        _same(browser.run(SHOWN), {group: "OK"})
        assert browser.run('document.body.classList.contains("stale")')
        with context.start(config) as agent:
            agent.wait_until_ready()
            eventually("the page follows the new agent",
                       lambda: browser.run(STATE) == "live", 20)
            _shows(browser, {group: "OK"}, 20)
            assert not browser.run('document.body.classList.contains("stale")')
    member.close()
    assert seconds <= SHOWN_WITHIN, f"the change was shown after {seconds:.2f} s"
    return f"a change was shown after {seconds * 1000:.0f} ms"


@scenario("the page asks for a token, shows that token's groups, and keeps it nowhere")
def token(context):
    mine, other = context.group("page-mine"), context.group("page-other")
    right = secrets.token_urlsafe(24)
    file = Path(context.directory) / f"page-token-{time.monotonic_ns()}"
    file.write_text(right + "\n")
    config = configuration(context.world, groups=[mine, other], cluster=CLUSTER)
    config += f"[token.team]\nfile = {toml(str(file))}\ngroups = [{toml(mine)}]\n"

    def enter(text):
        browser.run(f"""document.getElementById("token").value = {json.dumps(text)};
          document.querySelector("#ask button").click()""")

    with context.start(config) as agent, Browser() as browser:
        eventually("the agent is ready", lambda: agent.probe("/readyz")[0] == 200)
        browser.open(agent.base)
        eventually("it asks for a token",
                   lambda: browser.run('!document.getElementById("ask").hidden'), 10)
        equal("groups before", browser.run(SHOWN), {})
        enter("wrong")
        eventually("it says that the token is refused", lambda: browser.run(
            'document.getElementById("refused").textContent') == "That token is not accepted.", 10)
        enter(right)
        _shows(browser, {mine: "UNKNOWN"}, 10)
        assert browser.run('document.getElementById("ask").hidden')
        kept = browser.run("""JSON.stringify([localStorage.length, sessionStorage.length,
          document.cookie, location.href, document.documentElement.outerHTML])""")
        assert right not in kept and kept.startswith('[0,0,"",'), kept[:200]
