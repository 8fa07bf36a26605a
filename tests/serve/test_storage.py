"""A database that cannot keep what is handed in: nothing is acknowledged, and it passes."""

import os
import resource
import signal
import sqlite3

from tests.serve.here import HTML, serving, wait_for
from tests.serve.test_tasks import hand_in

PAGE = {"pages": [{"html": HTML}]}


def test_a_locked_database_puts_pages_off(tmp_path):
    with serving(tmp_path) as here:
        client = here.client()
        hand_in(client)
        other = sqlite3.connect(here.state.queue.store.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        answer = client.post("/v1/tasks", json=PAGE)
        assert (answer.status_code, answer.json()["code"]) == (503, "storage_away")
        assert int(answer.headers["retry-after"]) >= 1
        assert str(tmp_path) not in answer.text
        ready = client.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["reasons"] == ["the database cannot be written"]
        assert client.get("/v1/tasks").status_code == 200  # reading goes on
        assert client.get("/healthz").status_code == 200
        other.execute("ROLLBACK")
        other.close()
        assert hand_in(client)["tasks"] == ["t2"]
        here.state.probed = float("-inf")
        assert client.get("/readyz").status_code == 200


def test_a_full_disk_is_told_and_nothing_acknowledged_is_missing(tmp_path):
    """No file of this process may grow: what a full disk, or a quota, looks like."""
    with serving(tmp_path) as here:
        client = here.client()
        kept = hand_in(client)["tasks"]
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        size = max(one.stat().st_size for one in tmp_path.iterdir())
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
            statuses = []
            for number in range(40):
                body = {"pages": [{"body_base64": noise(number)}]}
                answer = client.post("/v1/tasks", json=body)
                statuses.append(answer.status_code)
                if answer.status_code == 202:
                    kept += answer.json()["tasks"]
                else:
                    assert "retry-after" in answer.headers
            assert statuses[-1] == 507
            assert set(statuses) <= {202, 507, 503}
            here.state.probed = float("-inf")
            assert client.get("/readyz").status_code in (200, 503)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, ignored)
        wait_for(lambda: client.post("/v1/tasks", json=PAGE).status_code == 202)
        there = {one["id"] for one in client.get("/v1/tasks?limit=500").json()["tasks"]}
        assert set(kept) <= there
        assert len(there) == len(kept) + 1


def noise(number):
    import base64

    return base64.b64encode(os.urandom(40_000) + bytes([number])).decode()


def test_tokens_hold_for_a_while_when_the_database_cannot_be_read(tmp_path, monkeypatch):
    from rolecall.errors import DatabaseError
    from rolecall.serve import access

    with serving(tmp_path, host="0.0.0.0") as here:
        client = here.client(here.token("one", "tasks,extract"))
        assert client.get("/v1/tasks").status_code == 200

        def away(*_):
            raise DatabaseError("cannot be read", retryable=True)

        monkeypatch.setattr(here.state.entry, "_read", away)
        monkeypatch.setattr(access, "FRESH_SECONDS", 0.0)
        assert client.get("/v1/tasks").status_code == 200
        monkeypatch.setattr(access, "STALE_SECONDS", 0.0)
        assert client.get("/v1/tasks").status_code == 503
