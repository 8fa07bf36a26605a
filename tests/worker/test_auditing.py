"""Audits by workers: pages in, a second opinion of an engine over HTTP, what comes of it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from tests.drive.test_engines import PAGE
from tests.engines.faults import FaultServer

from rolecall.core import Source
from rolecall.errors import SettingsError
from rolecall.ledger.budget import Budget
from rolecall.ledger.database import open_database
from rolecall.ledger.money import Caps
from rolecall.ledger.postgres import PostgresDatabase
from rolecall.monitor import Series
from rolecall.queue.nouns import NewTask, Rules
from rolecall.queue.packing import unpack_record
from rolecall.queue.postings import Postings
from rolecall.queue.queue import Queue
from rolecall.settings import Settings

from .conftest import submit, until

PRICE = {"input": 1_000.0, "cached": 1_000.0, "output": 1_000.0}


@pytest.fixture(params=["sqlite", "postgres"])
def store(request, tmp_path):
    if request.param == "sqlite":
        found = open_database(tmp_path / "rolecall.db", {})
    else:
        found = PostgresDatabase(request.getfixturevalue("postgres_url"))
    yield found
    found.close()


@pytest.fixture
def queue(store):
    return Queue(store, rules=Rules(lease=30))


def again(record, **other):
    """An answer that says what a record says, but for ``other``."""
    lines = PAGE.count("<li>") + PAGE.count("<h") + PAGE.count("<p>")
    told = {
        "title": record["title"],
        "company": record["company"],
        "places": [one["text"] for one in record["locations"]],
        "employment_type": [["full_time", "Full time"]],
        "experience": "Three years",
        "skills": record["skills"],
        "description": [[2, lines]],
        "responsibilities": [[4, 6]],
        "requirements": [[8, 9]],
        "benefits": [[11, 12]],
    }
    return json.dumps(told | other)


class Second(FaultServer):
    """Says what the page says, with another title where the page asks for that."""

    def __init__(self, script=(), **more):
        super().__init__(script, answer=self.said, **more)

    def said(self, body):
        text = str(body["messages"][-1]["content"])
        first = {"title": "Baker", "company": "Mix", "locations": [{"text": "Bath, England"}],
                 "skills": ["baking"]}  # fmt: skip
        return again(first, **({"company": "crumb"} if "rye bread" in text else {}))


def declared(server, name="far", **more):
    table = {"kind": "openai", "url": server.url, "model": "tiny", "tries": 1, "forms": ["text"]}
    return {name: table | more}


def settings(store, tables, **more):
    """Pages are read by the embedded reader, and all of them audited by ``far``."""
    told = {"engine": "none", "audit_engine": "far", "audit_share": 1.0, "cache": False}
    if isinstance(store, PostgresDatabase):
        told["queue"] = store.url
    else:
        told["data_folder"] = str(store.path.parent)
    return Settings(**told | {"engines": tables} | more)


def pages(*differ):
    """Pages of which those differ that are true."""
    return tuple(
        NewTask(
            source=f"p{n}",
            body=PAGE.replace("Care for rye", f"Care for rye {'bread' if one else n}").encode(),
        )
        for n, one in enumerate(differ)
    )


def states(store):
    return dict(store.rows("SELECT state, count(*) FROM audit_page GROUP BY state"))


def asked(server):
    return [body for _, body, _ in server.chats if "single word" not in str(body["messages"])]


def test_pages_in_audits_done_one_field_differs_and_the_page_comes_first(
    store, queue, started, serving
):
    server = serving(Second())
    started(queue, settings(store, declared(server)), processes=1, audits=0.05)
    tasks = submit(queue, tasks=pages(False, True, False))
    until(lambda: states(store).get("done") == 3)
    assert queue.view.counts()["done"] == 3
    rows = dict(store.rows("SELECT task, fields FROM audit_page"))
    said = [json.loads(bytes(rows[task])) for task in tasks]
    assert [[name for name, same in one.items() if not same] for one in said] == [
        [], ["company"], [],
    ]  # fmt: skip
    assert said[0].keys() > {"title", "company", "skills", "description", "benefits", "(posting)"}
    assert "posting_language" not in said[0]  # it was not asked for
    assert Postings(store).doubtful()[0].task == tasks[1]
    doubts = {one.task: one.doubt for one in Postings(store).doubtful()}
    assert doubts[tasks[1]] - doubts[tasks[0]] > 0.9
    totals = Series(store).totals(["audit_differs", "audits"], 0)
    assert totals == {
        "audit_differs": {"far embedded company": (1, 0)},
        "audits": {"far embedded": (3, 1)},
    }
    second = store.rows("SELECT second FROM audit_page WHERE differs > 0")[0][0]
    assert unpack_record(bytes(second))["data"]["company"] == "crumb"


def test_the_second_opinion_is_blind_and_asked_for_everything(store, queue, started, serving):
    server = serving(Second())
    stated = '<script type="application/ld+json">{"@type": "JobPosting", "title": "Pilot"}</script>'
    body = PAGE.replace("<body>", f"<body>{stated}").encode()
    started(queue, settings(store, declared(server)), processes=1, audits=0.05)
    submit(queue, tasks=(NewTask(source="p", body=body),))
    until(lambda: states(store).get("done") == 1)
    (body,) = asked(server)
    told = str(body["messages"])
    assert "all fields" in told
    assert "Pilot" not in told
    second = store.rows("SELECT second FROM audit_page")[0][0]
    origins = {one["origin"] for one in unpack_record(bytes(second))["evidence"].values()}
    assert origins <= {"far", "reader"}  # the language of a page is told of by nobody
    assert unpack_record(bytes(second))["data"]["title"] == "Baker"


def test_only_the_sample_is_audited_and_no_page_that_was_extracted_at_once(
    store, queue, started, serving
):
    server = serving(Second())
    told = settings(store, declared(server), audit_share=0.5)
    worker = started(queue, told, processes=1, audits=0.05)
    submit(queue, tasks=pages(*[False] * 12))
    asyncio.run(worker.extract(Source(body=PAGE.encode())))
    from rolecall.audit.sample import chosen

    wanted = sum(chosen(Source(body=one.body).id, 0.5) for one in pages(*[False] * 12))
    assert 0 < wanted < 12
    until(lambda: states(store).get("done") == wanted)
    assert len(asked(server)) == wanted


def test_a_schema_of_the_users_own_is_compared_in_what_was_asked_for(
    store, queue, started, serving
):
    schema = {
        "type": "object",
        "properties": {
            "company": {"type": ["string", "null"]},
            "oven": {"type": ["string", "null"], "description": "What the dough is baked in"},
            "apply": {"type": ["string", "null"], "format": "uri"},
        },
        "additionalProperties": False,
    }
    answer = {"title": "Baker", "company": "crumb", "oven": "ovens"}
    server = serving(FaultServer(answer=lambda body: json.dumps(answer)))
    key = queue.inbox.put_schema(schema, "bakery")
    started(queue, settings(store, declared(server)), processes=1, audits=0.05)
    submit(queue, tasks=pages(False), schema=key)
    until(lambda: states(store).get("done") == 1)
    fields = json.loads(bytes(store.rows("SELECT fields FROM audit_page")[0][0]))
    assert fields == {"company": False, "oven": False, "(posting)": True}


def test_a_page_in_which_the_second_finds_no_posting_differs_in_that(
    store, queue, started, serving
):
    server = serving(FaultServer(answer=lambda body: "{}"))
    started(queue, settings(store, declared(server)), processes=1, audits=0.05)
    submit(queue, tasks=pages(False))
    until(lambda: states(store).get("done") == 1)
    fields = json.loads(bytes(store.rows("SELECT fields FROM audit_page")[0][0]))
    assert fields == {"(posting)": False}


def test_under_cloud_for_audits_pages_stay_and_audits_alone_go(store, queue, started, serving):
    near, far = serving(Second()), serving(Second())
    tables = declared(near, "near") | declared(far, "far", local=False, price=PRICE)
    told = settings(
        store, tables, engine="auto", policy="cloud-for-audits", cloud_engine="far",
        budget_month=None, budget_audits=None,
    )  # fmt: skip
    started(queue, told, processes=1, audits=0.05)
    long = PAGE.replace("<li>Bread</li>", "<li>Bread</li>" + "<li>Buns and rolls</li>" * 6_000)
    many = (*pages(False, False), NewTask(source="long", body=long.encode()))
    tasks = submit(queue, tasks=many)
    until(lambda: states(store).get("done") == 3, 60)
    records = [queue.view.record(task) for task in tasks]
    assert {one["engine"] for record in records for one in record["attempts"]} == {"near"}
    audits = store.rows("SELECT engine, nano FROM audit_page")
    assert {engine for engine, _ in audits} == {"far"}
    assert all(nano > 0 for _, nano in audits)
    assert all("all fields" in str(body["messages"]) for body in asked(far))
    booked = store.rows("SELECT engine, sum(nano) FROM budget_day GROUP BY engine")
    assert {engine for engine, _ in booked} == {"far (audits)"}
    assert int(booked[0][1]) >= sum(nano for _, nano in audits)


def test_a_cloud_engine_that_also_answers_pages_may_audit_others(store, queue, started, serving):
    near, far = serving(Second()), serving(Second())
    tables = declared(near, "near") | declared(far, "far", local=False, price=PRICE)
    told = settings(
        store, tables, engine="auto", policy="cloud-over-threshold", cloud_engine="far",
        budget_month=None, budget_audits=None,
    )  # fmt: skip
    started(queue, told, processes=1, audits=0.05)
    submit(queue, tasks=pages(False))
    until(lambda: states(store).get("done") == 1)
    assert store.rows("SELECT route, engine FROM audit_page") == [("near", "far")]


def test_the_cap_of_audits_is_never_passed_and_says_until_when(store, queue, started, serving):
    far = serving(Second())
    tables = declared(far, "far", local=False, price=PRICE)
    told = settings(
        store, tables, policy="cloud-for-audits", cloud_engine="far",
        budget_month=None, budget_audits=12.0,
    )  # fmt: skip
    for _ in range(2):
        started(queue, told, processes=1, audits=0.05)
    submit(queue, tasks=pages(*[False] * 60))
    sql = "SELECT words FROM audit_word WHERE name = 'stopped'"

    def stands_still():
        found = states(store)
        whole = found.get("due", 0) + found.get("done", 0) == 60
        return store.rows(sql) if whole and not found.get("running") else None

    ((words,),) = until(stands_still, 60)
    assert "budget_audits" in words
    now = datetime.now(UTC)
    month = f"{now.year + now.month // 12}-{now.month % 12 + 1:02d}-01"
    assert month in words
    assert 0 < states(store)["done"] < 60
    spent = Budget(store, Caps(None, None, None)).spent()
    assert 0 < spent.month_usd + spent.open_usd <= 12.0
    assert not spent.open


def test_the_budget_of_everything_holds_for_audits_too(store, queue, started, serving):
    far = serving(Second())
    tables = declared(far, "far", local=False, price=PRICE)
    told = settings(
        store, tables, policy="cloud-for-audits", cloud_engine="far", budget_month=1.0,
        budget_audits=None,
    )  # fmt: skip
    started(queue, told, processes=1, audits=0.05)
    submit(queue, tasks=pages(False))
    sql = "SELECT words FROM audit_word WHERE name = 'stopped'"
    ((words,),) = until(lambda: store.rows(sql))
    assert "budget_month" in words
    assert asked(far) == []
    assert states(store) == {"due": 1}


def test_no_page_leaves_the_machine_unless_that_was_allowed_by_name(store, queue):
    from rolecall.worker.work import Worker

    class Nowhere:
        url = "http://127.0.0.1:9/v1"

    tables = declared(Nowhere, "far", local=False, price=PRICE) | declared(
        Nowhere, "other", local=False, price=PRICE
    )

    def start(**more):
        Worker(queue, settings(store, tables, **more), {})

    with pytest.raises(SettingsError, match="local-only") as told:
        start()
    assert "cloud-for-audits" in told.value.hint
    with pytest.raises(SettingsError, match="must be the audit_engine"):
        start(policy="cloud-for-audits", cloud_engine="other", engine="auto")
    with pytest.raises(SettingsError, match="cloud_engine") as told:
        start(policy="cloud-on-doubt", cloud_engine="other")
    assert "other" in told.value.hint or "other" in str(told.value)
    with pytest.raises(SettingsError, match="no engine 'nobody'"):
        start(audit_engine="nobody")
    with pytest.raises(SettingsError, match="one engine"):
        start(audit_engine="far,other")
    with pytest.raises(SettingsError, match="audit_share"):
        start(audit_share=1.5)
    start(audit_engine="")
    start(policy="cloud-for-audits", cloud_engine="far")


def test_an_engine_that_is_away_delays_audits_and_no_page(store, queue, started, aside):
    server = Second()
    aside.do(server.__aenter__())
    aside.do(server.__aexit__())
    worker = started(queue, settings(store, declared(server)), processes=1, audits=0.05)
    (task,) = submit(queue, tasks=pages(False))
    worker.wake()
    sql = "SELECT trouble FROM audit_page WHERE state = 'due' AND trouble IS NOT NULL"
    ((trouble,),) = until(lambda: store.rows(sql))
    assert trouble.startswith("engine_unavailable")
    assert queue.view.record(task)["outcome"] == "ok"
    assert worker.state.ready


def test_a_worker_that_ends_gives_its_audits_back(store, queue, started, serving):
    server = serving(Second(["ok", *["hang"] * 9]))
    worker = started(queue, settings(store, declared(server)), processes=1, audits=0.05)
    submit(queue, tasks=pages(False, False, False))
    until(lambda: len(asked(server)) == 2)  # no more at once
    until(lambda: states(store) == {"running": 2, "due": 1})
    worker.stop(grace=1.0)
    assert states(store) == {"due": 3}
    assert store.rows("SELECT max(failures) FROM audit_page") == [(0,)]


WORKER = """
import json, sys, time
from pathlib import Path
from rolecall.ledger.database import open_database
from rolecall.queue.nouns import Rules
from rolecall.queue.queue import Queue
from rolecall.settings import Settings
from rolecall.worker.crewed import Crewed
from rolecall.worker.work import Worker
if __name__ == "__main__":
    store = open_database(Path(sys.argv[1]) / "rolecall.db", {})
    queue = Queue(store, rules=Rules(lease=1.0))
    settings = Settings(**json.loads(sys.argv[2]))
    worker = Worker(queue, settings, {"HOME": sys.argv[1]}, Crewed(processes=1, audits=0.05))
    worker.start()
    while True:
        time.sleep(0.1)
"""


@contextmanager
def another(folder, told):
    """A worker in a process of its own."""
    script = folder / "worker.py"
    script.write_text(WORKER)
    words = [sys.executable, str(script), str(folder), json.dumps(told)]
    process = subprocess.Popen(words, start_new_session=True)
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_the_audit_of_a_worker_that_is_killed_is_done_by_another(tmp_path, started, serving):
    store = open_database(tmp_path / "rolecall.db", {})
    queue = Queue(store, rules=Rules(lease=1.0))
    server = serving(Second(["ok", "hang"]))
    told = {
        "engine": "none", "audit_engine": "far", "audit_share": 1.0, "cache": False,
        "data_folder": str(tmp_path), "engines": declared(server),
    }  # fmt: skip
    with another(tmp_path, told) as process:
        until(lambda: store.rows("SELECT 1 FROM audit_word"), 60)
        submit(queue, tasks=pages(True))
        until(lambda: len(asked(server)) == 1, 60)
        os.killpg(process.pid, signal.SIGKILL)
    assert states(store) == {"running": 1}
    worker = started(queue, Settings(**told), processes=1, audits=0.05)
    until(lambda: states(store) == {"done": 1}, 60)
    worker.stop(grace=1.0)
    assert store.rows("SELECT deaths, fence FROM audit_page") == [(1, 2)]
    assert Series(store).totals(["audits"], 0) == {"audits": {"far embedded": (1, 1)}}
    store.close()


def test_audits_wait_while_tasks_wait(store, queue, started, serving):
    """The one engine for both is busy with pages: no audit is in its way."""
    gate = threading.Event()

    class Slow(Second):
        async def _act(self, reader, writer, body, name):
            told = str(body["messages"])
            usual = "all fields" not in told and "single word" not in told
            while usual and not gate.is_set():
                await asyncio.sleep(0.01)
            await super()._act(reader, writer, body, name)

    server = serving(Slow())
    tables = declared(server, "far", concurrency=1)
    told = settings(store, tables, engine="far")
    started(queue, told, processes=1, audits=0.05)
    submit(queue, tasks=pages(False, False, False))
    until(lambda: len(asked(server)) >= 1)
    gate.set()
    until(lambda: states(store).get("done") == 3)
    kinds = ["all fields" in str(body["messages"]) for body in asked(server)]
    assert kinds.count(True) == 3
    assert store.rows("SELECT DISTINCT route, engine FROM audit_page") == [("far", "far")]
