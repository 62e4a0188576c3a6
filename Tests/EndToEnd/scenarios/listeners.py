"""Listeners: TLS, client certificates, rotation, Unix domain sockets, the access log."""

import json
import re
import resource
import socket
import ssl
import stat
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
from connectrpc.code import Code
from connectrpc.errors import ConnectError

from broker.tls import Certificates
from harness.agent import Agent, configuration, refused, toml
from harness.idle_connections import idle
from harness.mount import Mount
from harness.proto import RPC
from harness.runner import CannotRun, scenario
from harness.waiting import equal, eventually

# Seconds within which another content of a mounted file must be noticed.
NOTICED_WITHIN = 5


def _directory(context, name):
    path = Path(context.directory) / f"{name}-{time.monotonic_ns()}"
    path.mkdir()
    return path


def _config(context, sections):
    """A configuration with a plain listener, in front of those of `sections`."""
    return configuration(context.world, groups=[context.group("never-committed")]) + sections


def _tls(profile, name="web", more=""):
    """A listener that speaks TLS, and its profile."""
    keys = "\n".join(f"{key} = {toml(path)}" for key, path in profile.items())
    return (
        f'[httpserver.{name}]\naddress = "127.0.0.1:0"\ntls = {toml(name)}\n{more}\n'
        f"[tls.{name}]\n{keys}\n")


def _port(agent, index):
    """The port of a listener, in the order of the configuration."""
    addresses = agent.wait_for_log("listening")["addresses"].split()
    return int(addresses[index].rpartition(":")[2])


def _subject(port, authority):
    """The common name of the certificate that a new connection is shown."""
    context = ssl.create_default_context(cafile=authority)
    with socket.create_connection(("127.0.0.1", port), 5) as plain:
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as connection:
            return dict(one[0] for one in connection.getpeercert()["subject"])["commonName"]


def _expiry(port, authority):
    """When the certificate that a new connection is shown expires, in seconds since 1970."""
    context = ssl.create_default_context(cafile=authority)
    with socket.create_connection(("127.0.0.1", port), 5) as plain:
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as connection:
            return ssl.cert_time_to_seconds(connection.getpeercert()["notAfter"])


def _curl(*arguments):
    done = subprocess.run(
        ["curl", "-sS", "--max-time", "10", *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


@contextmanager
def _rotating(context, name):
    """An agent whose certificate lies in a mounted Secret."""
    certificates = Certificates(_directory(context, name))
    pair = certificates.issue("first")
    mount = Mount(
        Path(context.directory) / f"{name}-mount-{time.monotonic_ns()}",
        **{"tls.crt": Path(pair[0]).read_text(), "tls.key": Path(pair[1]).read_text()})
    config = _config(context, _tls(
        {"certfile": mount.path("tls.crt"), "keyfile": mount.path("tls.key")}))
    with context.start(config) as agent:
        yield agent, _port(agent, 1), certificates, mount


@scenario("TLS: httpx over HTTP/2 and HTTP/1.1, curl, and kubelet's HTTPS probe")
def encrypted(context):
    certificates = Certificates(_directory(context, "tls"))
    config = _config(context, _tls(
        {"certfile": certificates.certificate, "keyfile": certificates.key}))
    with context.start(config) as agent:
        base = f"https://127.0.0.1:{_port(agent, 1)}"
        trust = ssl.create_default_context(cafile=certificates.authority)
        for http2, version in ((True, "HTTP/2"), (False, "HTTP/1.1")):
            with httpx.Client(base_url=base, verify=trust, http2=http2) as client:
                for _ in range(3):
                    answer = client.get("/livez")
                    equal("the answer", (answer.status_code, answer.text), (200, "ok"))
                    equal("the version", answer.http_version, version)
                assert "vole_ready" in client.get("/metrics").text
        code, text, error = _curl(
            "--cacert", certificates.authority, "--http2", "-w", " %{http_version}",
            f"{base}/livez")
        equal(f"curl ({error})", (code, text), (0, "ok 2"))
        # Kubelet looks at no certificate, and makes a new connection for each probe.
        for _ in range(3):
            code, text, error = _curl("-k", "-A", "kube-probe/1.34", f"{base}/livez")
            equal(f"the probe ({error})", (code, text), (0, "ok"))
        code, _, _ = _curl(f"http://127.0.0.1:{_port(agent, 1)}/livez")
        assert code != 0, "plain HTTP was answered where TLS is spoken"
        equal("the plain listener beside it", agent.probe("/livez"), (200, "ok"))


@scenario("TLS: connectrpc calls and watches on HTTP/2 and HTTP/1.1, with a client certificate")
def encrypted_calls(context):
    certificates = Certificates(_directory(context, "tls-rpc"))
    certificate, key = certificates.issue("caller")
    group = context.group("never-committed")
    config = _config(context, _tls(
        {"certfile": certificates.certificate, "keyfile": certificates.key,
         "cafile": certificates.authority}, more='client-certificates = "required"'))
    tls = {"tls_ca_cert": Path(certificates.authority).read_bytes(),
           "tls_cert": Path(certificate).read_bytes(), "tls_key": Path(key).read_bytes()}
    with context.start(config) as agent:
        agent.wait_until_ready()
        base = f"https://127.0.0.1:{_port(agent, 1)}"
        for is_http2 in (False, True):
            rpc = RPC(agent, is_http2, base=base, tls=tls)
            for use_get in (False, True):
                status = rpc.call("GetGroupStatus", group=group, use_get=use_get).status
                equal("the group", status.group, group)
            first = next(iter(rpc.watch("WatchGroupStatus", group=group)))
            equal("the group that is watched", first.status.group, group)
        try:
            RPC(agent, base=base, tls={"tls_ca_cert": tls["tls_ca_cert"]}).call("ListGroups")
        except ConnectError as error:
            equal("a call without a certificate", error.code, Code.UNAVAILABLE)
        else:
            raise AssertionError("a call without a certificate was answered")


@scenario("a rotated certificate: served to new connections, others stay; a wrong pair is not")
def rotated(context):
    with _rotating(context, "rotation") as (agent, port, certificates, mount):
        expiry = next(
            line for line in agent.get("/metrics").text.splitlines()
            if line.startswith("vole_certificate_expiry_timestamp_seconds{"))
        assert 'listener="web",purpose="served",file="' in expiry, expiry
        equal("the expiry that is told", int(expiry.rpartition(" ")[2]),
              _expiry(port, certificates.authority))
        equal("the first certificate", _subject(port, certificates.authority), "first")
        trust = ssl.create_default_context(cafile=certificates.authority)
        with httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=trust) as held:
            equal("the answer", held.get("/livez").text, "ok")
            stream = held._transport._pool.connections[0]
            second = certificates.issue("second")
            mount.replace(**{
                "tls.crt": Path(second[0]).read_text(), "tls.key": Path(second[1]).read_text()})
            begun = time.monotonic()
            eventually(
                "the new certificate is served",
                lambda: _subject(port, certificates.authority) == "second", NOTICED_WITHIN)
            seconds = time.monotonic() - begun
            line = agent.wait_for_log("certificates were read again")
            equal("the subject that is told", line["subject"], "CN=second")

            third = certificates.issue("third")
            mount.replace(**{"tls.crt": Path(third[0]).read_text()})
            line = agent.wait_for_log("configuration refused", NOTICED_WITHIN)
            assert "is not the key of the certificate in" in line["problem"], line
            equal("the certificate", _subject(port, certificates.authority), "second")
            mount.replace(**{"tls.key": Path(third[1]).read_text()})
            eventually(
                "the pair that fits is served",
                lambda: _subject(port, certificates.authority) == "third", NOTICED_WITHIN)

            equal("the answer", held.get("/livez").text, "ok")
            assert held._transport._pool.connections[0] is stream, "the connection was dropped"
            told = [one for one in agent.log if one["msg"] == "configuration refused"]
            equal("how often the wrong pair was told", len(told), 1)
        return f"served {seconds:.1f} s after the swap"


@scenario("client certificates: required beside a plain listener, refused on the only one")
def client_certificates(context):
    directory = _directory(context, "clients")
    certificates = Certificates(directory)
    pair = certificates.issue("scraper")
    profile = {
        "certfile": certificates.certificate, "keyfile": certificates.key,
        "cafile": certificates.authority}
    sections = _tls(profile, more='client-certificates = "required"\naccess-log = true')
    with context.start(_config(context, sections)) as agent:
        url = f"https://127.0.0.1:{_port(agent, 1)}/livez"
        trusted = ("--cacert", certificates.authority)
        code, text, error = _curl(*trusted, "--cert", pair[0], "--key", pair[1], url)
        equal(f"with a certificate ({error})", (code, text), (0, "ok"))
        line = agent.wait_for_log("request")
        equal("the subject in the log", line["subject"], "CN=scraper")
        code, text, _ = _curl(*trusted, url)
        assert code != 0 and not text, f"without a certificate: {code} {text}"
        equal("the plain listener", agent.probe("/livez"), (200, "ok"))
    only = sections.replace("httpserver.web", "httpserver.e2e").replace(
        '[httpserver.e2e]\naddress = "127.0.0.1:0"\n', "")
    code, lines = refused(context.vole, ["run"], _config(context, only), context.directory)
    equal("the exit code", code, 2)
    assert len(lines) == 1 and "kubelet has no certificate" in lines[0], lines


@scenario("certificates that cannot be used: file and reason at start, exit 2, nothing is opened")
def wrong_files(context):
    directory = _directory(context, "wrong-files")
    certificates = Certificates(directory)
    other = certificates.issue("other")
    encrypted_key = directory / "encrypted.key"
    subprocess.run(
        ["openssl", "pkey", "-in", certificates.key, "-aes256", "-passout", "pass:x", "-out",
         str(encrypted_key)], check=True)
    path = directory / "vole.sock"
    socket_section = f'[httpserver.socket]\naddress = "unix:{path}"\n'
    for key, pattern in (
        (other[1], "is not the key of the certificate in"),
        (str(encrypted_key), "is encrypted, and no password is given"),
        (certificates.certificate, "holds no key in PEM"),
        ("/nowhere/tls.key", "cannot read"),
    ):
        config = _config(context, socket_section + _tls(
            {"certfile": certificates.certificate, "keyfile": key}))
        for command in ("run", "config"):
            code, lines = refused(context.vole, [command], config, context.directory)
            equal("the exit code", code, 2)
            assert len(lines) == 1 and pattern in lines[0] and key in lines[0], lines
        assert not path.exists(), "a listener was opened"


@scenario("a Unix domain socket: mode, curl, a stale one is replaced, gone at the end")
def unix_socket(context):
    path = _directory(context, "unix") / "vole.sock"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    sections = f'[httpserver.socket]\naddress = "unix:{path}"\nsocket-mode = "0600"\n'
    with context.start(_config(context, sections)) as agent:
        assert f"unix:{path}" in agent.wait_for_log("listening")["addresses"]
        equal("the mode", stat.S_IMODE(path.stat().st_mode), 0o600)
        for version in ("--http1.1", "--http2-prior-knowledge"):
            code, text, error = _curl(
                version, "--unix-socket", str(path), "http://vole/livez")
            equal(f"curl ({error})", (code, text), (0, "ok"))
        code, lines = refused(
            context.vole, ["run"], _config(context, sections), context.directory)
        equal("the exit code of a second agent", code, 2)
        assert "address already in use" in lines[-1], lines
        equal("the socket of the first", _curl(
            "--unix-socket", str(path), "http://vole/livez")[1], "ok")
    assert not path.exists(), "the socket is still there"


@scenario("the access log: a line for each request, no query and no token")
def access_log(context):
    config = _config(context, "access-log = true\n")
    with context.start(config) as agent:
        agent.get("/readyz?verbose=s3cret", headers={
            "Authorization": "Bearer s3cret", "User-Agent": "scraper/1.0"})
        line = agent.wait_for_log("request")
        equal("the line", {name: line[name] for name in (
            "listener", "protocol", "method", "path", "agent")}, {
            "listener": "e2e", "protocol": "HTTP/1.1", "method": "GET", "path": "/readyz",
            "agent": "scraper/1.0"})
        assert line["peer"].startswith("127.0.0.1:") and line["bytes"] > 0, line
        assert line["status"] in (200, 500) and line["microseconds"] >= 0, line
        assert "s3cret" not in json.dumps(agent.log), "a secret is in the log"


@scenario("few descriptors: the soft limit is raised to what listeners need, within the hard one")
def descriptors(context):
    config = _config(context, "")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    # 1,024 connections of the listener, and 3,072 for all else.
    for hard in {200, most}:
        starter = _directory(context, "few-descriptors") / "vole"
        starter.write_text(
            f'#!/bin/sh\nulimit -Sn 64 && ulimit -Hn {hard} && exec "{context.vole}" "$@"\n')
        starter.chmod(0o755)
        with Agent(starter, context.directory, config) as agent:
            limits = Path(f"/proc/{agent.pid}/limits").read_text()
            found = re.search(r"^Max open files +(\d+) +(\d+)", limits, re.M)
            equal("the limits", (int(found[1]), int(found[2])), (min(4096, hard), hard))
            opened = [socket.create_connection(("127.0.0.1", agent.port), 5) for _ in range(100)]
            for one in opened:
                one.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            for one in opened:
                assert one.recv(4096).startswith(b"HTTP/1.1 200"), "a connection too many"
                one.close()


@scenario("limits of a listener: a key each, out of their range an error")
def limits(context):
    with context.start(_config(context, "head-bytes = 1024\nbody-bytes = 2048\n")) as agent:
        answer = agent.get("/livez", headers={"x-fill": "f" * 1100})
        equal("a head that is too large", answer.status_code, 431)
        answer = agent.http.post("/livez", content=b"x" * 4096)
        equal("content that is too large", answer.status_code, 413)
    code, lines = refused(
        context.vole, ["run"], _config(context, "connections = 0\n"), context.directory)
    equal("the exit code", code, 2)
    assert "httpserver.e2e.connections: 0 is out of range (1 to 65536)" in lines[0], lines


# How many connections are held, for how long in seconds, and the probes a second beside them.
HELD, HELD_TIME, PROBES_A_SECOND = 1000, 60, 200


@scenario("a thousand connections are held for a minute: none of the probes beside them fails",
          is_long=True)
def held(context):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * HELD
    if soft < wanted:
        if hard < wanted:
            raise CannotRun(f"a process may have {hard} descriptors here")
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    with (
        context.start(_config(context, "")) as agent,
        idle(agent.port, HELD // 2, False, False),
        idle(agent.port, HELD // 2, False, True),
    ):
        path = f"/consumer/{quote(context.group('never-committed'), safe='')}/livez"
        request = (f"GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: kube-probe/1.33\r\n"
                   "Connection: close\r\n\r\n").encode()
        begun = time.monotonic()
        for number in range(HELD_TIME * PROBES_A_SECOND):
            # What the machine made late is made up for.
            time.sleep(max(0, begun + number / PROBES_A_SECOND - time.monotonic()))
            with socket.create_connection(("127.0.0.1", agent.port), 5) as connection:
                connection.sendall(request)
                answer = b"".join(iter(lambda: connection.recv(4096), b""))
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n"), f"probe {number}: {answer}"
        shown = re.search(r"^vole_http_open_connections (\d+)$", agent.get("/metrics").text, re.M)
        assert int(shown[1]) >= HELD, f"{shown[1]} connections are open"
    return f"{number + 1:,} probes"
