"""What the pages of a queue came to, on the command line."""

import json
import time
from importlib.util import find_spec

import pytest
from tests.cli.shell import inside, page
from tests.monitor.made import event

from rolecall.ledger.budget import Budget
from rolecall.ledger.database import Database
from rolecall.ledger.money import Caps
from rolecall.monitor import Series, Watch
from rolecall.queue.nouns import NewTask, Submission
from rolecall.queue.queue import Queue


def test_pages_that_a_worker_did_are_told(tmp_path):
    lines = tmp_path / "events.jsonl"
    told = {"ROLECALL_DATA_FOLDER": str(tmp_path), "ROLECALL_EVENTS_LOG": str(lines)}
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
    outcomes = [json.loads(one)["outcome"] for one in lines.read_text("utf-8").splitlines()]
    assert sorted(outcomes) == ["not_a_posting", "ok", "ok"]


@pytest.mark.skipif(bool(find_spec("opentelemetry.sdk")), reason="the extra otel is installed")
def test_a_worker_says_what_opentelemetry_needs(tmp_path):
    told = {"ROLECALL_DATA_FOLDER": str(tmp_path), "ROLECALL_OTEL": "true"}
    done = inside("work", "--until-empty", "--workers", "1", **told)
    assert done.returncode == 2
    assert b'pip install "rolecall[otel]"' in done.stderr


def test_a_time_that_is_none_is_refused():
    done = inside("status", "--since", "yesterday")
    assert done.returncode == 2
    assert b"write it like 30m, 12h" in done.stderr
    done = inside("status", "--since", "99999d")
    assert done.returncode == 2
    assert b"figures are kept for 1,100 days" in done.stderr


def test_gauges_spending_and_plans_are_told(tmp_path):
    told = {"ROLECALL_DATA_FOLDER": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    with Database(tmp_path / "rolecall.db") as store:
        series = Series(store)
        watch = Watch(series=series)
        watch.hear(event(moment=int(1_000 * time.time()), kinds={"syntax": 2}))
        watch.sample("kv_permille", "small", 420)
        watch.sample("prefix_queries", "small", 100)
        watch.sample("prefix_hits", "small", 80)
        watch.sample("gpu_bytes", "here 0 card", 3 * 2**30)
        watch.sample("gpu_total_bytes", "here 0 card", 8 * 2**30)
        watch.sample("queue_waiting", "", 12)
        watch.flush()
        budget = Budget(store, Caps())
        budget.settle(budget.reserve("a", 1.0, "cloud"), 0.75)
    text = " ".join(inside("status", **told).stdout.decode().split())
    assert "12.0 waiting on average" in text
    assert "problems 2.00 a page: 2 syntax" in text
    assert "load small: 42% of the KV cache" in text
    assert "80% prefix cache hits" in text
    assert "card here 0 card: 3.0 of 8.0 GiB in use" in text
    assert "spent $0.75 this month, a cap of $30.00; forecast $" in text
    found = json.loads(inside("status", "--json", **told).stdout)
    assert found["spending"]["month_usd"] == 0.75
    assert found["figures"]["loads"]["small"]["kv"] == 0.42
    assert found["plans"] == []


def test_runs_count_too_where_there_is_a_database(tmp_path):
    told = {"ROLECALL_DATA_FOLDER": str(tmp_path / "data"), "ROLECALL_WATCH_RUNS": "true"}
    for number in (1, 2):
        (tmp_path / f"{number}.html").write_text(page(number), "utf-8")
    assert inside("extract", str(tmp_path / "1.html"), **told).returncode == 0
    assert not (tmp_path / "data").exists()  # a run makes none
    off = told | {"ROLECALL_WATCH_RUNS": "false"}
    assert b"extract does not (watch_runs = false)" in inside("status", **off).stdout
    text = " ".join(inside("status", **told).stdout.decode().split())
    assert "none in the last 24h" in text
    assert "rolecall extract where this database exists: it does from now on" in text
    assert b"rolecall extract counts too" in inside("status", "--help").stdout
    assert inside("extract", str(tmp_path / "1.html"), **told).returncode == 0
    assert inside("extract", str(tmp_path), "--dedup", "exact", **told).returncode == 0
    assert inside("extract", str(tmp_path / "1.html"), **off).returncode == 0
    text = inside("status", **told).stdout.decode()
    assert "3 in the last 24h: 3 ok" in text
