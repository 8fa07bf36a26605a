"""The command: a server as a process, with its worker."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx2
import pytest
from tests.cli.shell import inside
from tests.serve.here import POSTING, wait_for


def command(folder, *words):
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ROLECALL_")}
    environ = {**kept, "ROLECALL_DATA_FOLDER": str(folder), "ROLECALL_ENGINE": "none"}
    return [sys.executable, "-m", "rolecall", *words], environ


def tell(folder, *words):
    """A verb that ends by itself, in this process."""
    return inside(*words, ROLECALL_DATA_FOLDER=str(folder), ROLECALL_ENGINE="none")


@contextmanager
def started(folder, *words):
    """A server that runs, and the address that it has said."""
    words, environ = command(folder, "serve", "--port", "0", "--workers", "1", *words)
    with subprocess.Popen(words, env=environ, stderr=subprocess.PIPE, text=True) as one:
        try:
            first = one.stderr.readline()
            assert first.startswith("rolecall: serving on http://127.0.0.1:"), first
            one.url = first.split()[-1]
            yield one
        finally:
            one.kill()


def ended(one, seconds=20):
    said = one.stderr.read()
    return one.wait(seconds), said


def test_the_whole_way_of_a_page(tmp_path):
    with started(tmp_path) as one, httpx2.Client(base_url=one.url, timeout=30) as client:
        wait_for(lambda: client.get("/readyz").status_code == 200)
        record = client.post("/v1/extract", json={"html": POSTING}).json()
        assert record["data"]["title"] == "Head Gardener"
        pages = [{"html": POSTING, "source": f"p{n}"} for n in range(5)]
        batch = client.post("/v1/tasks", json={"pages": pages}).json()["batch"]
        answer = client.get(f"/v1/tasks/{batch}/results?wait=30")
        assert answer.headers["rolecall-ended"] == "true"
        found = [json.loads(line) for line in answer.text.splitlines()]
        assert [one["data"]["title"] for one in found] == ["Head Gardener"] * 5
        assert [one["source"] for one in found] == [f"p{n}" for n in range(5)]
        assert client.get("/v1/queue").json()["workers"][0]["slots"] >= 1
        metrics = client.get("/metrics").text
        assert 'rolecall_pages_total{outcome="ok"} 6.0' in metrics
        assert 'rolecall_stage_seconds_count{stage="reader"} 6.0' in metrics
        if shutil.which("promtool"):
            told = subprocess.run(
                ["promtool", "check", "metrics"],
                input=metrics,
                capture_output=True,
                text=True,
                check=False,
            )
            assert (told.returncode, told.stderr) == (0, "")
        one.send_signal(signal.SIGTERM)
        code, said = ended(one)
        assert code == 143
        assert "ended" in said


def test_a_signal_lets_what_is_under_way_end(tmp_path):
    with started(tmp_path, "--no-worker") as one:
        port = int(one.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=20) as slow:
            body = json.dumps({"pages": [{"html": "<p>x"}]}).encode()
            head = f"POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
            slow.sendall(head.encode() + b"Content-Type: application/json\r\n\r\n" + body[:5])
            time.sleep(0.3)
            one.send_signal(signal.SIGINT)
            time.sleep(0.3)
            slow.sendall(body[5:])
            assert slow.recv(65_536).startswith(b"HTTP/1.1 202")
        assert ended(one)[0] == 130


def test_a_second_signal_ends_at_once(tmp_path):
    with started(tmp_path, "--no-worker") as one:
        port = int(one.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as slow:
            slow.sendall(
                b"POST /v1/extract HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"
            )
            time.sleep(0.3)
            one.send_signal(signal.SIGTERM)
            assert any("a second signal" in line for line in one.stderr)
            began = time.monotonic()
            one.send_signal(signal.SIGTERM)
            assert one.wait(10) == 143
            assert time.monotonic() - began < 3


def test_a_port_that_is_taken_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = tell(tmp_path, "serve", "--port", str(port))
    assert done.returncode == 2
    assert f"port {port} of 127.0.0.1 is taken" in done.stderr.decode()
    assert "--port" in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--host", "203.0.113.1"), "rolecall tokens add"),
        (("--host", "0.0.0.0"), "rolecall tokens add"),
        (("--host-name", "jobs.example"), "rolecall tokens add"),
        (("--auth", "sometimes"), "always"),
        (("--port", "70000"), "port"),
        (("--prot", "1"), "--help"),
    ],
)
def test_what_cannot_be_served_is_refused_with_the_remedy(tmp_path, words, told):
    done = tell(tmp_path, "serve", *words)
    assert done.returncode == 2
    assert told in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_tokens_are_made_listed_and_revoked(tmp_path):
    assert "no token" in tell(tmp_path, "tokens", "list").stdout.decode()
    made = tell(tmp_path, "tokens", "add", "ci", "--scopes", "tasks,read", "--expires", "90d")
    assert made.returncode == 0
    token = made.stdout.decode().strip()
    assert token.startswith("rc_")
    assert "not shown again" in made.stderr.decode()
    (listed,) = json.loads(tell(tmp_path, "tokens", "list", "--json").stdout)
    assert (listed["name"], listed["scopes"]) == ("ci", ["read", "tasks"])
    assert token not in tell(tmp_path, "tokens", "list").stdout.decode()
    with started(tmp_path, "--no-worker") as one, httpx2.Client(base_url=one.url) as client:
        signed = {"Authorization": f"Bearer {token}"}
        assert client.get("/v1/tasks").status_code == 401
        assert client.get("/v1/tasks", headers=signed).status_code == 200
        assert tell(tmp_path, "tokens", "revoke", "ci").returncode == 0
        wait_for(lambda: client.get("/v1/tasks", headers=signed).status_code == 401)
    assert "revoked" in tell(tmp_path, "tokens", "list").stdout.decode()
    for words in (("add",), ("add", "a b\n"), ("add", "x", "--scopes", "all"), ("revoke", "ci"),
                  ("add", "x", "--expires", "soon"), ("list", "x"), ()):  # fmt: skip
        done = tell(tmp_path, "tokens", *words)
        assert done.returncode == 2, words
        assert "hint" in done.stderr.decode()
