"""Challengers on the command line: how they do, and who gets the pages."""

import json

import pytest
from tests.cli.shell import inside

from rolecall.ledger.database import Database
from rolecall.settings import Settings
from rolecall.trial.challenger import read_challengers
from rolecall.trial.ledger import TrialLedger

SETTINGS = """
[engines.usual]
kind = "replay"
path = "a.jsonl"
[engines.awq]
kind = "replay"
path = "b.jsonl"
[[challenger]]
name = "awq"
engine = "awq"
share = 0.25
mode = "{mode}"
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Runs the verb in a folder of its own with those settings."""
    monkeypatch.chdir(tmp_path)

    def run(*words, mode="shadow"):
        (tmp_path / "rolecall.toml").write_text(SETTINGS.format(mode=mode))
        return inside("trials", *words, ROLECALL_DATA_FOLDER=str(tmp_path))

    return run


def count(tmp_path, counts, bad=(), mode="shadow"):
    table = {"name": "awq", "engine": "awq", "share": 0.25, "mode": mode}
    told = Settings(engines={"awq": {}, "usual": {}}, challengers=(table,))
    with Database(tmp_path / "rolecall.db") as store:
        ledger = TrialLedger(store, lambda: 1_700_000_000_000)
        ledger.enter(read_challengers(told))
        ledger.add("awq", 1, counts, bad)


def test_without_a_challenger_it_says_how_to_declare_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = inside("trials", ROLECALL_DATA_FOLDER=str(tmp_path))
    assert done.returncode == 0
    assert b"rolecall trials --help" in done.stdout
    assert b"[[challenger]]" in inside("trials", "--help").stdout


def test_what_was_counted_is_told(tmp_path, here):
    assert b"begins with the next worker" in here().stdout
    bad = [("truncated", "challenger", f"{n:064x}") for n in range(3)]
    counts = {
        "pages challenger": 40, "pages champion": 40, "compared": 40_000, "same": 38_000,
        "compared field title": 40, "same field title": 30,
        "compared field (posting)": 40, "same field (posting)": 40,
        "pairs": 40, "slow": 4, "skipped": 2,
    }  # fmt: skip
    count(tmp_path, counts, bad)
    text = here().stdout.decode()
    assert "awq         running  shadow  25.0%     40" in text
    assert "95.0%" in text
    assert "4 of 40 pairs" in text
    assert "more pages are needed" in text
    text = here("show", "awq").stdout.decode()
    assert "75.0%" in text
    assert "2 for want of room" in text
    assert "agreement is not accuracy" in text
    assert "4 of 40 pairs" in text
    assert "(posting)" in text
    flat = " ".join(text.split())
    assert "times: how many times as often as with the champion" in flat
    assert "evidence: that the challenger does harm; 100 % of one kind" in flat
    found = json.loads(here("show", "awq", "--json").stdout)
    assert found["state"] == "running"
    finding = found["verdict"]["findings"][1]
    assert (finding["kind"], finding["tried"], finding["usual"]) == ("truncated", 3, 0)
    assert not finding["no_worse"]
    assert finding["pairs"] is None
    slow = found["verdict"]["findings"][4]
    assert (slow["kind"], slow["tried"], slow["usual"], slow["pairs"]) == ("slow", 4, 0, 40)


def test_harm_is_a_hundred_per_cent_and_nothing_less_is(tmp_path, here):
    counts = {"pages challenger": 500, "pages champion": 500}
    bad = [("failed", "challenger", f"{n:064x}") for n in range(60)]
    count(tmp_path, counts, bad, mode="live")
    assert b"100%, HARM" in here("show", "awq", mode="live").stdout


def test_status_tells_of_trials(tmp_path, here):
    count(tmp_path, {"pages challenger": 40, "pages champion": 40})
    here()
    told = {"ROLECALL_DATA_FOLDER": str(tmp_path)}
    assert b"trial      awq: no harm is shown" in inside("status", **told).stdout
    (found,) = json.loads(inside("status", "--json", **told).stdout)["trials"]
    assert (found["state"], found["verdict"]["tried"]) == ("running", 40)
    assert found["challenger"]["name"] == "awq"


def test_one_command_promotes_and_one_rolls_back(here):
    text = here("promote", "awq").stdout.decode()
    assert 'engine = "awq"' in text
    assert "at the top, above the first [table]" in text
    assert "take the [[challenger]] table of awq out" in text
    assert "rolecall trials rollback awq" in text
    assert b"has all pages" in here().stdout
    assert b"already" in here("promote", "awq").stdout
    assert b"gets no more pages" in here("rollback", "awq").stdout
    assert b"has no pages, rolled back by" in here().stdout
    assert b"25.0% of the pages" in here("restart", "awq").stdout
    assert b"running" in here().stdout


def test_a_challenger_that_differs_from_the_workers_is_said_to(tmp_path, here):
    count(tmp_path, {})
    assert b"the settings here differ" in here(mode="live").stdout


def test_a_name_that_is_none_is_refused(here):
    done = here("promote", "qwen")
    assert done.returncode == 2
    assert b"declared are: awq" in done.stderr
    assert here("delete").returncode == 2
