"""Rules beside a real worker, on the command line, at /metrics and on the page Monitor."""

import json
import random
import time

import pytest
from tests.cli.shell import inside
from tests.drift.drawn import SHIFTS, window
from tests.rules.test_ruling import SECRET, receiver, settings  # noqa: F401 - fixtures
from tests.serve.here import serving
from tests.worker.conftest import queue, started, submit, until  # noqa: F401 - fixtures

from rolecall.client import verify_callback
from rolecall.drift import Drifting, Windows, kept
from rolecall.ledger.database import Database
from rolecall.monitor import Series, Watch
from rolecall.queue.queue import Queue
from rolecall.rules.nouns import Rule
from rolecall.rules.ruling import Ruling
from rolecall.rules.states import States

HOSTILE = "<img src=x onerror=alert(1)>"


def drifted(store, now=None, many=40):
    """A reference and windows after it, in which a field vanishes and another has an odd name."""
    source = random.Random(1)
    moment = int(1_000 * (now if now is not None else time.time())) - 10 * 3_600_000
    filled = {"title": 1.0, "skills": 0.8, HOSTILE: 0.9}
    with store.write() as connection:
        kept.put(connection, [window(source, moment + n, filled=filled) for n in range(many)])
    Drifting(store).look()
    gone = {"filled": filled | {"skills": 0.1, HOSTILE: 0.1}}
    with store.write() as connection:
        later = [window(source, moment + 9_000_000 + n, changed=gone) for n in range(2)]
        kept.put(connection, later)


def test_a_worker_counts_evaluates_and_tells(queue, started, settings, receiver, tmp_path):  # noqa: F811
    store = queue.store
    drifted(store)
    ruling = Ruling(store, settings, {"HOME": str(tmp_path)}, every=0.05)
    windows = Windows(store, ruling.drifting.sites, pages=5)
    watch = Watch(series=Series(store), keeps=[windows])
    worker = started(queue, processes=1, watch=watch, beside=(ruling.run,))
    submit(queue, 13)
    until(lambda: queue.view.counts()["done"] == 13)
    until(lambda: receiver.heard)
    _, headers, body = receiver.heard[0]
    told = verify_callback(headers, body, SECRET)
    assert (told["type"], told["name"]) == ("rule.began", "drift")
    assert "field skills" in told["told"]
    until(lambda: len(States(store).all()) == 12)
    worker.stop(grace=5.0)
    rows = store.rows("SELECT kind, pages FROM drift_window WHERE pages < 100 ORDER BY id")
    assert rows == [("window", 5), ("window", 5), ("part", 3)]
    assert [one.rule.name for one in States(store).all() if one.rule.holds] == ["drift"]


def test_a_fault_of_what_runs_beside_is_no_pages(queue, started):  # noqa: F811
    tried = []

    async def broken(in_thread):
        tried.append(await in_thread(lambda: 1))
        raise ValueError("a fault of ours")

    started(queue, processes=1, beside=(broken,))
    submit(queue, 3)
    until(lambda: queue.view.counts()["done"] == 3)
    assert tried


def test_rules_on_the_command_line(tmp_path):
    told = {"ROLECALL_DATA_FOLDER": str(tmp_path), "HOME": str(tmp_path),
            "ROLECALL_RUNS_FOLDER": str(tmp_path)}  # fmt: skip

    def watch(*words):
        return inside("watch", *words, **told)

    assert b"no rule was evaluated yet" in watch("rules").stdout
    assert b"no reference yet" in watch("drift").stdout
    done = watch("pin", "--since", "7d")
    assert (done.returncode, b"no window of 200 pages" in done.stderr) == (2, True)
    done = watch("check")
    assert (done.returncode, done.stdout[:13]) == (0, b"0 rules hold,")
    with Database(tmp_path / "rolecall.db") as store:
        drifted(store)
    done = watch("check")
    assert (done.returncode, done.stderr) == (5, b"")
    assert b"1 rule holds, 1 does not" in done.stdout
    assert b"HOLDS drift: changed: field" in done.stdout
    assert b"next: see what changed (rolecall watch drift)" in done.stdout
    assert json.loads(watch("check", "--json").stdout)[6]["holds"] is True
    rules = watch("rules").stdout.decode()
    assert rules.startswith("HOLDS drift")
    assert "cannot be told" in rules
    assert "; holds when another one is better" in rules
    with Database(tmp_path / "rolecall.db") as store:
        quiet = Rule(name="failures", watches="p", threshold="t", holds=True, told="x")
        States(store).keep([quiet], alert=True)
    assert watch("rules").stdout.decode().endswith("\nalert_url: 1 message waits\n")
    with Database(tmp_path / "rolecall.db") as store, store.write() as connection:
        connection.execute("DELETE FROM drift_message")
        connection.execute("DELETE FROM drift_rule WHERE name = 'failures'")
    watch("check")
    assert len(json.loads(watch("rules", "--json").stdout)) == 12
    drift = watch("drift").stdout.decode()
    assert "5,000 pages in 25 windows" in drift
    assert drift.count("changed since") == 2
    assert "    with " in drift
    assert "\x1b" not in drift
    found = json.loads(watch("drift", "--json").stdout)
    assert found["dimensions"][0]["shift"]["cells"][0].keys() == {"cell", "usual", "now"}
    assert found["reference"]["chosen"] == "first"
    status = inside("status", **told).stdout.decode()
    assert "RULE       drift: changed:" in status
    assert "rolecall watch pin" in " ".join(status.split())
    assert json.loads(inside("status", "--json", **told).stdout)["rules"][0]["rule"]["holds"]
    pinned = watch("pin").stdout.decode()
    assert "8,400 pages in 42 windows" in pinned
    assert "three whole days" in pinned
    assert "?     drift: cannot be told: no window" in watch("rules").stdout.decode()
    assert "RULE" not in inside("status", **told).stdout.decode()
    assert watch("check").returncode == 0


LIVE = """
[[challenger]]
name = "next"
engine = "none"
share = 0.5
mode = "live"
"""


@pytest.mark.parametrize(("settings_told", "counted"), [("", True), (LIVE, False)])
def test_a_worker_counts_who_answers_unless_its_own_trial_says_who(
    tmp_path, monkeypatch, settings_told, counted
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rolecall.toml").write_text(settings_told)
    with Database(tmp_path / "rolecall.db") as store:
        submit(Queue(store), 3)
    done = inside("work", "--until-empty", "--workers", "1", ROLECALL_DATA_FOLDER=str(tmp_path))
    assert done.returncode == 0, done.stderr
    with Database(tmp_path / "rolecall.db") as store:
        (part,) = kept.windows(store, 0, 1 << 60, "part")
    assert part.pages == 3
    assert ("route" in part.counts) is counted
    assert "outcome" in part.counts


@pytest.mark.parametrize(
    "words", [(), ("look",), ("check", "--since", "7d"), ("pin", "--since", "x")]
)
def test_a_wrong_call_is_refused(words, tmp_path):
    assert inside("watch", *words, ROLECALL_DATA_FOLDER=str(tmp_path)).returncode == 2


def hostile(store):
    rule = Rule(
        name="failures", watches=HOSTILE, threshold=HOSTILE, holds=True, told=HOSTILE, next=HOSTILE
    )
    quiet = Rule(name="drift", watches="w", threshold="t", holds=None, told="cannot be told")
    States(store).keep([rule, quiet], alert=False)


def test_rules_are_shown_and_scraped_and_words_stay_words(tmp_path):
    with serving(tmp_path) as here:
        client = here.client()
        text = client.get("/monitor").text
        assert "No rule was evaluated yet" in text
        assert "There is no reference yet" in text
        store = here.state.queue.store
        drifted(store)
        Drifting(store).look()
        hostile(store)
        text = client.get("/monitor/part").text
        assert "<img" not in text
        assert "the first ones, which nobody has pinned" in text
        assert "field skills" in text
        assert '<span class="chip failed">holds</span>' in text
        assert "changed since" in text
        found = client.get("/metrics").text
        assert 'rolecall_rule_holds{rule="failures"} 1.0' in found
        assert 'rolecall_rule_holds{rule="drift"}' not in found, "what cannot be told has no figure"
        assert 'rolecall_drift_psi{dimension="field skills"}' in found
        Drifting(store).pin(0)
        text = client.get("/monitor/part").text
        assert "No window of 200 pages was held yet against the reference of 8,400 pages" in text
        assert "The last 200 pages" not in text
        assert "rolecall_drift_psi{dimension" not in client.get("/metrics").text


def test_the_shifts_that_are_told_of_are_those_of_the_bench():
    assert {name for _, name in SHIFTS.values()} == {
        "size", "language", "site", "field skills", "confidence"
    }  # fmt: skip
