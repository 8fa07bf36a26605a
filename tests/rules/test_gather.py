"""Facts come from figures, labels, money, files and servers, whatever is wrong there."""

import json
import os
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from msgspec.structs import replace
from tests.monitor.made import call, event
from tests.queue.conftest import kind, opened, store  # noqa: F401 - fixtures

from rolecall.drift import Drifting
from rolecall.evaluate.choose.block import fenced
from rolecall.evaluate.label.rows import Answer, Item
from rolecall.launch.folder import folder_of, held, write_server
from rolecall.launch.nouns import Server
from rolecall.ledger.money import Caps
from rolecall.ledger.spending import read_spending
from rolecall.monitor import Series
from rolecall.monitor.series import add_once
from rolecall.plan.nouns import GIB, Reported
from rolecall.rules import figures, places
from rolecall.rules.facts import Better, Labelled, Share, Untold
from rolecall.rules.gather import gather
from rolecall.rules.places import newer_revision
from rolecall.rules.rules import evaluate
from rolecall.rules.trials import reroutes
from rolecall.serve.labels import Labels
from rolecall.settings import Settings
from rolecall.trial.challenger import read_challengers
from rolecall.trial.ledger import TrialLedger

NOW = 1_700_000_000.0
NO = frozenset()


def test_figures_of_a_week_and_a_day(store):  # noqa: F811
    series = Series(store, clock=lambda: NOW)

    def at(days, **told):
        series(event(moment=int(1_000 * (NOW - days * 86_400)), **told))

    for route in ("embedded", "small", "big", "none"):
        at(2, route=route, calls=(call(input_tokens=9_000), call()))
    at(0.5, outcome="failed", route="none")
    at(0.5)
    at(30, route="big")
    series.flush()
    local, long_context = figures.week(series, NOW, frozenset({"big"}))
    assert (local, long_context) == (Share(3, 4), Share(4, 8))
    assert figures.failed(series, NOW) == Share(1, 2)


TAKEN = Answer("taken", (Item(value="x"),))


def test_accuracy_is_that_of_finished_labels(store):  # noqa: F811
    labels = Labels(store, clock=lambda: NOW)
    assert figures.labelled(store, NOW) is None
    rows = {
        "title": (TAKEN, False), "company": (TAKEN, True), "salary": (Answer("none"), False),
        "remote": (Answer("none"), True), "skills": (Answer("skipped"), False),
    }  # fmt: skip
    for task in (1, 2, 3):
        labels.say(task, {"title": (TAKEN, True)}, "me")  # what is said later counts
        labels.finish(task, rows, {"posting": True}, "me")
    labels.say(4, rows, "me")  # not finished
    labels.finish(5, rows, {"posting": False}, "me")  # no posting
    Labels(store, clock=lambda: NOW - 100 * 86_400).finish(6, rows, {"posting": True}, "me")
    found = figures.labelled(store, NOW)
    assert isinstance(found, Labelled)
    assert (found.pages, found.right, found.values) == (3, 3, 9)
    assert 0 <= found.low < 1 / 3 < found.high <= 1
    with store.write() as connection:
        connection.execute("UPDATE label_value SET value = :told", {"told": b"[1"})
    assert figures.labelled(store, NOW) is None


def test_the_months_end_is_the_one_that_the_budget_foresees(store):  # noqa: F811
    now = datetime(2026, 3, 4, 12, tzinfo=UTC).timestamp()
    days = [("2026-02-24", 9), ("2026-02-25", 7), ("2026-02-28", 7), ("2026-03-03", 7)]
    with store.write() as connection:
        for day, dollars in [*days, ("2026-03-04", 3)]:
            connection.execute(
                "INSERT INTO budget_day (day, engine, nano, calls) VALUES (:day, 'e', :nano, 1)",
                {"day": day, "nano": dollars * 10**9},
            )
    found = figures.money(store, 30.0, now)
    seen = read_spending(store, Caps(month=30.0), datetime.fromtimestamp(now, UTC))
    assert (found.month, found.cap) == (10.0, 30.0)
    told = (seen.forecast_low_usd, seen.forecast_usd, seen.forecast_high_usd)
    assert (found.low, found.forecast, found.high) == told
    assert 10.0 < found.low < found.forecast < found.high
    assert isinstance(figures.money(store, None, now), Untold)


def test_audits_are_told_by_field(store):  # noqa: F811
    series = Series(store, clock=lambda: NOW)
    assert figures.audits(series, NOW, named=True).next == "go on"
    assert "name an audit_engine" in figures.audits(series, NOW, named=False).next
    told = {
        ("audit_same", "judge usual salary"): (60, 0),
        ("audit_differs", "judge usual salary"): (40, 0),
        ("audit_same", "judge usual title"): (100, 0),
    }
    with store.write() as connection:
        add_once(connection, told, NOW)
    salary, title = figures.audits(series, NOW, named=True)
    assert (salary.field, salary.who) == ("salary", "judge beside usual")
    assert (salary.same, salary.differs) == (60, 40)
    assert salary.low == pytest.approx(0.309, abs=1e-3)
    assert title.low == pytest.approx(0, abs=1e-9)


def record(first="small", resolved=True, date="2026-01-01", **candidate):
    told = {
        "total": 9.0,
        "points": {},
        "floors": {},
        "figures": {},
        "engine": first,
        "model": "o/m",
    }
    return fenced({
        "version": 1, "date": date, "weights": {}, "floors": {}, "licences": [], "first": [first],
        "resolved": resolved, "candidates": {first: told | candidate},
    })  # fmt: skip


def test_decision_records_say_what_is_better(tmp_path):
    told = Settings(runs_folder=str(tmp_path), engines={"now": {"kind": "vllm", "model": "o/old"}})
    used = frozenset({"now"})
    assert isinstance(places.better(told, used), Untold)
    (tmp_path / "adr").mkdir()
    (tmp_path / "README.md").write_text("no record")
    (tmp_path / "adr" / "0001.md").write_text("# old\n" + record("tiny", date="2025-01-01"))
    assert places.better(told, used) == Better(looked=1, named=("0001.md chose tiny (o/m)",))
    newer = tmp_path / "adr" / "0002.md"
    for text, named in (
        (record("small"), 1), (record("small", resolved=False), 0), (record("now"), 0),
        (record("small", model="O/Old"), 0), (record("small").replace("weights", "w"), 1),
    ):  # fmt: skip
        newer.write_text(text)
        assert len(places.better(told, used).named) == named, text


@pytest.mark.parametrize(
    ("engines", "named"),
    [
        ([("now", 0.80, 0.90), ("next", 0.92, 0.97)], 1),
        ([("now", 0.80, 0.93), ("next", 0.92, 0.97)], 0),
        ([("other", 0.1, 0.2), ("next", 0.92, 0.97)], 0),
        ([("now", None, None), ("next", 0.92, 0.97)], 0),
        ("nonsense", 0),
        ([("now", "x", "y"), ("next", 0.92, 0.97)], 0),
    ],
)
def test_runs_say_what_is_better(tmp_path, engines, named):
    rows = engines
    if isinstance(engines, list):
        rows = [
            {"name": name, "macro": None if low is None else {"low": low, "mid": low, "high": high}}
            for name, low, high in engines
        ]
    (tmp_path / "results.json").write_text(json.dumps({"engines": rows}))
    found = places.better(Settings(runs_folder=str(tmp_path)), frozenset({"now"}))
    assert found.looked == 1
    assert len(found.named) == named


def test_only_a_trial_that_gets_pages_changes_who_answers(store):  # noqa: F811
    ledger = TrialLedger(store, lambda: 1)

    def goes(mode="live", name="next"):
        one = {"name": name, "engine": "none", "share": 0.5, "mode": mode}
        return Settings(challengers=(one,))

    assert not reroutes(store, Settings(), {})
    assert reroutes(store, goes(), {})
    assert not reroutes(store, goes("shadow"), {})
    ledger.enter(read_challengers(goes("shadow")))
    assert not reroutes(store, goes("shadow"), {})
    assert ledger.promote("next", "by hand")
    assert reroutes(store, goes("shadow"), {})
    assert ledger.withdraw("next", "by hand")
    assert not reroutes(store, goes("shadow"), {})
    assert not reroutes(store, goes(), {})
    assert not reroutes(store, goes(name="NO NAME"), {})


COMMIT, OTHER = "a" * 40, "b" * 40
SERVER = Server(
    name="vllm", model="o/m", port=1, pid=1, phase="ready", command=("vllm", "serve", "o/m"),
    started="2026-01-01T00:00:00+00:00", version="0.32.0",
    planned={"kv": {"low": 7 * GIB, "expected": 8 * GIB, "high": 9 * GIB}, "weights": {
        "low": GIB, "expected": GIB, "high": GIB}},
    reported=Reported(kv=4 * GIB),
)  # fmt: skip


def test_servers_that_are_kept_here_are_told_with_their_plans(tmp_path):
    environ = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
    assert isinstance(places.servers(Settings(), environ, NO), Untold)
    folder = folder_of("vllm", environ)
    write_server(folder, SERVER)
    assert isinstance(places.servers(Settings(), environ, NO), Untold), "nobody keeps it"
    with held(folder.lock):
        (found,) = places.servers(Settings(), environ, NO)
        assert (found.version, found.compared, found.outside) == ("0.32.0", True, ("kv",))
        assert (found.cpu, found.revision_known) == (False, False)
        write_server(folder, replace(SERVER, planned={"kv": "damaged"}))
        assert places.servers(Settings(), environ, NO)[0].compared is False
        write_server(folder, replace(SERVER, planned={"kv": SERVER.planned["kv"]}))
        assert places.servers(Settings(), environ, NO)[0].cpu is True
        write_server(folder, replace(SERVER, phase="failed"))
        assert isinstance(places.servers(Settings(), environ, NO), Untold)


def test_a_newer_revision_in_the_cache(tmp_path):
    environ = {"HF_HUB_CACHE": str(tmp_path)}
    assert newer_revision(SERVER, environ) is None
    base = tmp_path / "models--o--m"
    (base / "refs").mkdir(parents=True)
    (base / "snapshots" / COMMIT).mkdir(parents=True)
    main = base / "refs" / "main"
    main.write_text(COMMIT)
    started = datetime.fromisoformat(SERVER.started).timestamp()
    for place in (main, base / "snapshots" / COMMIT):
        os.utime(place, (started - 60, started - 60))
    assert newer_revision(SERVER, environ) == ""
    os.utime(main, (started + 60, started + 60))
    assert newer_revision(SERVER, environ) == "", "fetched again, and the same"
    os.utime(base / "snapshots" / COMMIT, (started + 60, started + 60))
    assert newer_revision(SERVER, environ) == "2026-01-01"
    for flag, newer in ((COMMIT, ""), (OTHER, "2026-01-01")):
        pinned = replace(SERVER, command=("vllm", "serve", "o/m", "--revision", flag))
        assert newer_revision(pinned, environ) == newer
        pinned = replace(SERVER, command=("vllm", "serve", f"--revision={flag}"))
        assert newer_revision(pinned, environ) == newer
    main.write_text("nonsense")
    assert newer_revision(SERVER, environ) is None
    assert newer_revision(replace(SERVER, model="/models/x"), environ) is None


class Version(BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.server.body if self.path == "/version" else b"no"
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_a_server_of_the_settings_tells_its_version(tmp_path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Version)
    server.body = b'{"version": "0.31.0"}'
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    environ = {"HOME": str(tmp_path)}
    told = Settings(engines={
        "here": {"kind": "vllm", "url": url, "model": "m"},
        "away": {"kind": "vllm", "url": "http://127.0.0.1:9/v1", "model": "m"},
        "wrong": {"kind": "vllm", "url": 5}, "openai": {"kind": "openai", "url": url, "model": "m"},
    })  # fmt: skip
    try:
        (found,) = places.servers(told, environ, NO)
        assert (found.name, found.version, found.cpu) == ("here", "0.31.0", False)
        assert isinstance(places.servers(told, environ, frozenset({"here"})), Untold)
        for body in (b"", b"[]", b'{"version": 5}'):
            server.body = body
            assert isinstance(places.servers(told, environ, NO), Untold)
    finally:
        server.shutdown()
        server.server_close()


def test_a_database_without_anything_can_be_told_of(store, tmp_path):  # noqa: F811
    told = Settings(runs_folder=str(tmp_path))
    facts = gather(store, told, {"HOME": str(tmp_path)}, Drifting(store), time.time())
    found = evaluate(facts)
    assert {one.holds for one in found} == {None, False}
    assert [one.name for one in found if one.holds is False] == ["budget_forecast"]
