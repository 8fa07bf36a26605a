"""Trials in a worker: real pages, real calls over HTTP, the queue's database."""

import itertools
import json

import pytest
from tests.drive.test_engines import ANSWER
from tests.engines.faults import FaultServer

from rolecall.errors import SettingsError
from rolecall.settings import Settings
from rolecall.trial.challenger import live_one, read_challengers
from rolecall.trial.judge import total
from rolecall.trial.ledger import TrialLedger
from rolecall.trial.nouns import arms
from rolecall.worker.sides import trials_of

from .conftest import submit, until
from .test_engines import asked, pages

WRONG = json.dumps({"company": "Bath"})


def settings(usual, tried, more=(), **challenger):
    """A champion and a challenger, each a server; without ``usual``, the champion asks nobody."""
    more = dict(more)
    one = {"name": "new", "engine": "tried", "share": 0.5, "mode": "live"} | challenger
    servers = {"usual": usual, "tried": tried} if usual is not None else {"tried": tried}
    table = {"kind": "openai", "model": "tiny", "concurrency": 4, "tries": 1, "forms": ["text"]}
    tables = {name: table | {"url": server.url} for name, server in servers.items()}
    engine = "auto" if usual is not None else "none"
    return Settings(engines=tables, engine=engine, cache=False, challengers=(one,), **more)


@pytest.fixture
def ledger(queue):
    return TrialLedger(queue.store, queue.clock_ms)


@pytest.fixture
def run(queue, started, ledger):
    """Starts a worker with the trials of the settings, and waits until they have begun."""

    def go(told):
        trials = trials_of(told, {}, ledger)
        worker = started(queue, told, trials=trials, processes=2)
        until(lambda: trials.arm("") is not None and ledger.trials())
        until(lambda: trials._trials)
        return worker, trials

    return go


def done(queue, worker, count, first=0):
    """Hand pages in and wait for their records."""
    tasks = submit(queue, tasks=pages(count, first))
    worker.wake()
    until(lambda: all(queue.view.record(task) for task in tasks), seconds=60)
    return [queue.view.record(task) for task in tasks]


def well(body):
    return ANSWER


def engines_of(record):
    return [one["engine"] for one in record["attempts"]]


def test_a_live_challenger_does_its_share_and_all_is_counted(queue, serving, run, ledger):
    usual, tried = serving(FaultServer(answer=well)), serving(FaultServer(answer=well))
    worker, trials = run(settings(usual, tried))
    records = done(queue, worker, 40)
    for record in records:
        mine = live_one(record["source_id"], trials.challengers)
        assert engines_of(record) == ["tried" if mine else "usual"]
        assert ("the challenger new" in record["route"]["reasons"]) is bool(mine)
        assert record["outcome"] == "ok"
    count = sum(engines_of(record) == ["tried"] for record in records)
    assert 5 < count < 35
    assert len({record["config"] for record in records}) == 2
    until(lambda: total(ledger.days("new", 1)).get("pages champion") == 40 - count)
    found = total(ledger.days("new", 1))
    assert found["pages challenger"] == count
    assert arms(found, "failed") == (0, 0, 0)
    assert found["pairs"] > 0


@pytest.mark.parametrize("proved", [True, False])
def test_a_page_that_a_challenger_fails_on_is_the_champions(proved, queue, serving, run, ledger):
    usual = serving(FaultServer(answer=well))
    script = itertools.chain(["ok"] * proved, itertools.repeat("500"))
    worker, trials = run(settings(usual, serving(FaultServer(script)), share=0.9, alpha=0.001))
    records = done(queue, worker, 6)
    assert {one["outcome"] for one in records} == {"ok"}
    assert {one["data"]["company"] for one in records} == {"crumb"}
    instead = [one for one in records if live_one(one["source_id"], trials.challengers)]
    assert instead
    for record in instead:
        assert engines_of(record) == ["tried"] * proved + ["usual"]
        assert [one["code"] for one in record["warnings"]] == ["challenger_failed"]
        assert "instead of the challenger new" in record["route"]["reasons"]
    until(lambda: total(ledger.days("new", 1)).get("failed challenger") == len(instead))


def test_a_challenger_that_hangs_or_goes_away_holds_nothing_up(queue, serving, run, ledger):
    usual = serving(FaultServer(answer=well))
    script = itertools.chain(["ok"], itertools.repeat("hang"))
    worker, trials = run(settings(usual, serving(FaultServer(script)), share=0.9, seconds=1))
    records = done(queue, worker, 12)
    assert {one["data"]["company"] for one in records} == {"crumb"}
    instead = [one for one in records if live_one(one["source_id"], trials.challengers)]
    assert all("took longer than 1 seconds" in one["warnings"][0]["message"] for one in instead)


def test_a_challenger_that_does_harm_gets_no_more_pages(queue, serving, run, ledger):
    usual = serving(FaultServer(answer=well))
    tried = serving(FaultServer(itertools.repeat("length")))
    worker, trials = run(settings(usual, tried))
    done(queue, worker, 60)
    until(lambda: ledger.trials()["new"].state == "stopped")
    assert "cut off" in ledger.trials()["new"].why
    until(lambda: not any(trials.arm(one.source_id) for one in _fresh()))
    before = len(asked(tried))
    records = done(queue, worker, 20, first=100)
    assert len(asked(tried)) == before
    assert {one["data"]["company"] for one in records} == {"crumb"}


class _Page:
    def __init__(self, number):
        self.source_id = f"{number:064x}"


def _fresh():
    return [_Page(number) for number in range(50)]


def test_what_is_done_in_the_shadow_changes_no_record(queue, serving, run, ledger):
    usual = serving(FaultServer(answer=well))
    tried = serving(FaultServer(answer=lambda body: WRONG))
    worker, _ = run(settings(usual, tried, mode="shadow", share=1))
    records = done(queue, worker, 12)
    assert {tuple(engines_of(one)) for one in records} == {("usual",)}
    assert {one["data"]["company"] for one in records} == {"crumb"}
    until(lambda: total(ledger.days("new", 1)).get("pages challenger") == 12)
    found = total(ledger.days("new", 1))
    assert found["compared"] == 12_000
    assert found["same"] < 12_000
    assert found.get("same field company", 0) == 0
    assert found["compared field company"] == 12
    assert found["same field title"] == 12


def test_one_command_gives_a_challenger_all_pages_and_one_takes_them(queue, serving, run, ledger):
    usual, tried = serving(FaultServer(answer=well)), serving(FaultServer(answer=well))
    worker, trials = run(settings(usual, tried, share=0.001))
    assert ledger.promote("new", "by hand")
    until(lambda: trials.promoted == "new")
    assert {tuple(engines_of(one)) for one in done(queue, worker, 8)} == {("tried",)}
    assert ledger.withdraw("new", "rolled back")
    until(lambda: trials.promoted == "")
    assert {tuple(engines_of(one)) for one in done(queue, worker, 8, 50)} == {("usual",)}


def test_a_model_may_be_tried_where_none_is_used(queue, serving, run, ledger):
    tried = serving(FaultServer(answer=well))
    worker, _ = run(settings(None, tried))
    records = done(queue, worker, 30)
    assert {tuple(engines_of(one)) for one in records} == {(), ("tried",)}
    assert all(one["outcome"] in ("ok", "partial") for one in records)
    until(lambda: pages_of(ledger) == 30)


def pages_of(ledger):
    """The pages of both sides that were counted."""
    found = total(ledger.days("new", 1))
    return found.get("pages challenger", 0) + found.get("pages champion", 0)


def test_equally_bad_answers_are_no_harm(queue, serving, run, ledger):
    usual = serving(FaultServer(itertools.chain(["ok"], itertools.repeat("length"))))
    tried = serving(FaultServer(itertools.chain(["ok"], itertools.repeat("length"))))
    worker, _ = run(settings(usual, tried))
    done(queue, worker, 60)
    until(lambda: pages_of(ledger) == 60)
    found = total(ledger.days("new", 1))
    assert found["truncated challenger"] == found["pages challenger"]
    assert found["truncated champion"] == found["pages champion"]
    assert ledger.trials()["new"].state == "running"


def test_what_was_found_without_engines_is_no_answer_of_a_challenger(queue, serving, run, ledger):
    usual = serving(FaultServer(answer=well))
    script = itertools.chain(["ok"], itertools.repeat("500"))
    told = settings(usual, serving(FaultServer(script)), {"engine_failure": "keep"}, share=0.9)
    worker, _ = run(told)
    records = done(queue, worker, 30)
    assert {one["data"]["company"] for one in records} == {"crumb"}
    until(lambda: total(ledger.days("new", 1)).get("failed challenger", 0) > 10)


def test_a_challenger_with_little_room_stalls_nobody(queue, serving, run, ledger, monkeypatch):
    monkeypatch.setattr("rolecall.worker.sides.ROOM_SECONDS", 0.2)
    usual = serving(FaultServer(answer=well))
    script = itertools.chain(["ok"], itertools.repeat("hang"))
    worker, _ = run(settings(usual, serving(FaultServer(script)), share=0.5, seconds=30))
    records = done(queue, worker, 60)
    assert {one["data"]["company"] for one in records} == {"crumb"}
    assert total(ledger.days("new", 1))["failed challenger"] > 5


def test_another_engine_under_a_promoted_name_was_not_promoted(queue, serving, run, ledger):
    usual, tried = serving(FaultServer(answer=well)), serving(FaultServer(answer=well))
    ledger.enter(read_challengers(settings(usual, tried, share=0.2)))
    ledger.promote("new", "by hand")
    worker, trials = run(settings(usual, tried, share=0.001, mode="shadow"))
    assert trials.promoted == ""
    assert {tuple(engines_of(one)) for one in done(queue, worker, 6)} == {("usual",)}


def test_a_challenger_elsewhere_needs_a_policy(tmp_path):
    table = {"kind": "openai", "url": "https://far.example/v1", "model": "m"}
    one = {"name": "far", "engine": "far", "share": 0.1}
    told = Settings(engines={"far": table}, engine="none", challengers=(one,))
    with pytest.raises(SettingsError, match="far is not on your machines"):
        trials_of(told, {}, None)
    allowed = Settings(
        engines={"far": table | {"price": {"input": 1.0, "output": 1.0}}},
        engine="none",
        challengers=(one,),
        policy="cloud-on-doubt",
        cloud_engine="far",
    )
    assert trials_of(allowed, {}, None).challengers[0].name == "far"
