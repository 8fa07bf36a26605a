"""What the pages of a queue came to, on the command line."""

import json

from tests.cli.shell import inside, page

from rolecall.ledger.database import Database
from rolecall.queue.nouns import NewTask, Submission
from rolecall.queue.queue import Queue


def test_pages_that_a_worker_did_are_told(tmp_path):
    told = {"ROLECALL_DATA_FOLDER": str(tmp_path)}
    empty = inside("status", **told)
    assert empty.returncode == 0
    assert b"none in the last 24h" in empty.stdout
    with Database(tmp_path / "rolecall.db") as store:
        bodies = [page(1).encode(), page(2).encode(), b""]
        tasks = tuple(NewTask(source="p", body=one) for one in bodies)
        Queue(store).inbox.submit(Submission(submitter="me", tasks=tasks))
    assert inside("work", "--until-empty", "--workers", "1", **told).returncode == 0
    done = inside("status", "--since", "1h", **told)
    text = done.stdout.decode()
    assert "3 in the last 1h: 2 ok, 1 not_a_posting" in text
    assert "2 embedded, 1 none" in text
    assert "local      100.0%" in text
    assert "Baker" not in text
    found = json.loads(inside("status", "--json", **told).stdout)
    assert found["figures"]["pages"] == {"ok": 2, "not_a_posting": 1}
    assert found["figures"]["fields"]["title"]["filled"] == 1.0
    assert found["tasks"]["done"] == 3


def test_a_time_that_is_none_is_refused():
    done = inside("status", "--since", "yesterday")
    assert done.returncode == 2
    assert b"write it like 30m, 12h" in done.stderr
