"""One server and one browser for all tests of the web UI in a process."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pages import generated
from rolecall.core import Source
from rolecall.ledger.database import Database
from rolecall.monitor import CallEvent, PageEvent, Series
from rolecall.pipeline import extract_record, prepare
from rolecall.queue.nouns import NewTask, Result, Submission
from rolecall.queue.queue import Queue
from rolecall.serve.tokens import add_token
from ui_server import served

CHROMIUM = Path("/usr/bin/chromium")
EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--no-first-run", "--disable-dev-shm-usage",
]  # fmt: skip
TEXTS = {".txt": "text/plain", ".md": "text/markdown"}


def fill(queue, pages):
    """Put pages into the queue and really extract them; names and bodies in, tasks out."""
    pipeline = prepare()
    tasks = tuple(
        NewTask(
            source=name,
            body=body,
            url=f"https://www.site{number % 7}.example/{number}",
            media_type=TEXTS.get(Path(name).suffix),
        )
        for number, (name, body) in enumerate(pages)
    )
    receipt = queue.inbox.submit(Submission(submitter="tests", tasks=tasks))
    known = {}
    while claims := queue.leases.claim("filler", 100):
        results = []
        for claim in claims:
            source = Source(
                body=claim.body, locator=claim.source, url=claim.url, media_type=claim.media_type
            )
            if source.id not in known:
                known[source.id] = extract_record(source, claim.place, pipeline)
            own = {"source": claim.source, "url": claim.url, "seq": claim.place}
            results.append(Result(claim=claim, record=known[source.id] | own))
        queue.leases.finish(results)
    return receipt.tasks


def example_pages():
    return [(path.name, path.read_bytes()) for path in sorted(EXAMPLES.iterdir()) if path.is_file()
            and path.suffix in (".html", ".txt", ".md")]  # fmt: skip


def made_pages(count, different=5):
    bodies = list(generated(min(count, different)))
    return [(f"made-{number}.html", bodies[number % len(bodies)]) for number in range(count)]


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("ui")


def figures_of(database):
    """Two days of pages for the charts, some of them by an engine."""
    series = Series(database)
    call = CallEvent(
        engine="small", model="m", result="stop", input_tokens=900, cached_tokens=300,
        output_tokens=80, nano=0, micros=900_000, kept=False,
    )  # fmt: skip
    now = int(time.time() * 1000)
    for number in range(600):
        outcome = ("ok", "ok", "ok", "partial", "failed", "not_a_posting")[number % 6]
        asked = number % 3 == 0 and outcome == "ok"
        series(
            PageEvent(
                moment=now - number * 280_000, page="", outcome=outcome, config="",
                reason="timeout" if outcome == "failed" else "",
                route="small" if asked else "embedded", problems=0, copied=False,
                fields={"title": 950, "company": 700 - number % 400},
                stages={"clean": 3_000, "reader": 15_000 + 40 * number},
                calls=(call,) if asked else (),
            )
        )  # fmt: skip
    series.flush()


@pytest.fixture(scope="session")
def site(folder):
    """A server with a token, the examples, 100 made pages, and an evaluation run."""
    database = Database(folder / "rolecall.db")
    queue = Queue(database)
    tasks = fill(queue, [*made_pages(100), *example_pages()])
    _, token = add_token(database, "anna", frozenset({"admin"}))
    _, reader = add_token(database, "rita", frozenset({"read"}))
    figures_of(database)
    database.close()
    run = folder / "runs" / "first"
    run.mkdir(parents=True)
    made = datetime(2026, 5, 1, 12, tzinfo=UTC).isoformat()
    samples = {"path": "labels.jsonl", "count": 12, "fingerprint": "0"}
    (run / "run.json").write_text(json.dumps({"made": made, "samples": samples, "command": "run"}))
    figures = {"adr009": 0.9, "macro": 0.8, "marks": {"grounded": 1.0}}
    engine = {"name": "reader", "figures": figures, "macro": {"low": 0.7, "high": 0.9}}
    (run / "results.json").write_text(json.dumps({"engines": [engine]}))
    report = "<style>h1{color:red}</style><h1>Report</h1><script>alert(1)</script>"
    (run / "report.html").write_text(report)
    with served(folder, token=token, ROLECALL_RUNS_FOLDER=str(folder / "runs")) as server:
        server.tasks, server.reader = tasks, reader
        yield server


@pytest.fixture(scope="session")
def browser():
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def cookie(browser, site):
    """The cookie of a visit, made by signing in as people do."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site.base}/labels", wait_until="load")
    assert "/sign-in" in page.url
    page.fill("input[name=token]", "rc_wrong")
    page.click("button.primary")
    assert page.locator("[role=alert]").count() == 1
    page.fill("input[name=token]", site.token)
    page.click("button.primary")
    assert page.url == f"{site.base}/labels"
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def visit(browser, site, cookie):
    """A context of somebody who has signed in, wherein nothing may go wrong unseen."""
    contexts, wrong = [], []

    def begin(**more):
        context = browser.new_context(storage_state=cookie, base_url=site.base, **more)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda one: wrong.append(f"dialog: {one.message}"))
        page.on("console", lambda one: wrong.append(one.text) if _counts(one) else None)
        page.on("request", lambda one: _own(one.url, site.base) or wrong.append(one.url))
        return page

    yield begin
    for context in contexts:
        context.close()
    assert not wrong


def _counts(message):
    """Whether a message of the console says that something is wrong; a sandbox that blocks the
    script of a framed page is not."""
    if message.type != "error":
        return False
    return not any(told in message.text for told in ("sandboxed", "status of 4"))


def _own(url, base):
    return url.startswith((base, "data:", "about:"))
