"""Hostile words in every shown field of the web UI, looked at in a real browser.

    python bench/xss.py                 all payloads in every field
    python bench/xss.py --most 200      the first ones

A payload takes effect when a dialog opens, when a script runs that is not ours, when anything
outside is asked for, or when an element or attribute of it becomes part of a page. Whatever takes
effect is printed, and the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rolecall.core import Source
from rolecall.evaluate.label.rows import Answer, Item
from rolecall.pipeline import Pipeline, extract_record, prepare
from rolecall.queue.nouns import NewTask, Result, Submission
from rolecall.queue.nouns import Worker as Seen
from rolecall.queue.queue import Queue
from rolecall.serve.labels import Labels

PAYLOADS = Path(__file__).resolve().parents[1].parent / "shared/cases/xss/xss_payloads.jsonl"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--no-first-run", "--disable-dev-shm-usage",
)  # fmt: skip
FIELDS = (
    "title", "company", "description", "location", "skills", "application_url", "url", "source",
    "submitter", "schema", "reason", "problem", "warning", "attempt", "route", "quote", "text",
    "label", "worker",
)  # fmt: skip
"""Where a payload is put, all of them at once for each posting."""

WATCH = """
window.__csp = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.__csp.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`);
});
"""
LOOK = """() => {
  const told = [...window.__csp];
  for (const one of document.querySelectorAll("script")) {
    const own = one.src && new URL(one.src, location).pathname.startsWith("/static/");
    if (!own) told.push("script " + one.outerHTML);
  }
  for (const one of document.querySelectorAll("*")) {
    for (const name of one.getAttributeNames()) {
      if (name.startsWith("on") || name === "style" && !one.classList.contains("gap")
          && one.id !== "list") told.push("attribute " + name + " of " + one.tagName);
      if (/^(href|src|action|formaction|data|xlink:href)$/.test(name)) {
        const led = new URL(one.getAttribute(name), location);
        const away = led.host && led.host !== location.host && one.tagName !== "A";
        if (away || !/^(https?|data):$/.test(led.protocol)) told.push(name + " " + led);
      }
    }
    const known = "HTML HEAD META TITLE LINK SCRIPT BODY A HEADER IMG NAV UL LI DIV BUTTON SPAN "
      + "FORM INPUT MAIN FOOTER P KBD H1 H2 H3 H4 LABEL SELECT OPTION B BDI TIME DL DT DD SECTION "
      + "ARTICLE SVG RECT CIRCLE DETAILS SUMMARY TEXTAREA FIELDSET LEGEND TABLE CAPTION THEAD "
      + "TBODY TR TH TD CODE PRE IFRAME";
    if (!known.split(" ").includes(one.tagName.toUpperCase())) told.push("element " + one.tagName);
  }
  return told;
}"""


def payloads(most: int | None = None) -> list[str]:
    """The hostile words, in the order of the file; ``most`` of them spread over it."""
    lines = PAYLOADS.read_text("utf-8").splitlines()
    found = [json.loads(line)["payload"] for line in lines if line.strip()]
    return found if most is None else found[:: max(1, len(found) // most)][:most]


def hostile(payload: str, number: int, pipeline: Pipeline) -> tuple[NewTask, dict[str, Any]]:
    """A page and its record with the payload in every field; every fifth one has failed."""
    shown = payload.replace("&", "&amp;").replace("<", "&lt;")
    body = (
        f"<!doctype html><title>{shown}</title><h1>{shown}</h1><p>Acme {number}</p>"
        f"<p>{shown} {number}</p>{payload}<p>Apply here.</p>"
    ).encode("utf-8", "replace")
    source = Source(body=body, locator=payload[:300])
    record = extract_record(source, 0, pipeline)
    quote = {
        "quote": payload, "start": 0, "end": 5, "match": "exact", "origin": payload,
        "confidence": 0.5, "block_path": payload, "pointer": payload,
    }  # fmt: skip
    names = ("title", "company", "description", "location", "application_url", "education")
    data = dict(record.get("data") or {})
    data |= dict.fromkeys(names, payload) | {"skills": [payload, payload + "2"]}
    data["locations"] = [{"text": payload, "city": payload, "region": None, "country": None}]
    failed = number % 5 == 4
    record |= {
        "url": payload if number % 2 else f"https://a.example/{payload}",
        "outcome": "failed" if failed else "ok",
        "reason": {"code": payload, "stage": payload, "message": payload, "retryable": False},
        "data": None if failed else data,
        "evidence": {f"/{name}": quote for name in (*names, "skills/0", "locations/0")},
        "problems": [
            {"pointer": one, "kind": "conflict", "message": payload} for one in ("/title", payload)
        ],
        "warnings": [{"code": payload, "message": payload}],
        "attempts": [
            {"engine": payload, "model": payload, "result": "stop", "usage": {}, "cost_usd": 0.0,
             "seconds": 0.1, "cached": False}
        ],
        "route": {
            "producers": [payload], "engine": payload, "answer_form": payload, "tokens": 1,
            "reasons": [payload],
        },
    }  # fmt: skip
    task = NewTask(source=payload[:300] or "-", body=body, url=record["url"][:2_000])
    return task, record


def fill(queue: Queue, told: Sequence[str]) -> list[int]:
    """Put a posting for each payload into the queue, as a worker does, and labels of them; the
    numbers of the tasks."""
    pipeline, labels = prepare(), Labels(queue.store)
    numbers: list[int] = []
    for number, payload in enumerate(told):
        plain = payload.replace("\0", "")
        task, record = hostile(plain, number, pipeline)
        name = f"{plain[:60]} {number}"
        schema = queue.inbox.put_schema({"type": "object", "title": name}, name)
        receipt = queue.inbox.submit(
            Submission(submitter=plain[:60] or "-", tasks=(task,), schema=None)
        )
        (claim,) = queue.leases.claim(plain[:60] or "-", 1)
        queue.leases.finish([Result(claim=claim, record=record)])
        assert claim.task == receipt.tasks[0], schema
        labels.say(
            claim.task,
            {"title": (Answer("taken", (Item(plain, plain, 0, 1),)), True)},
            plain[:200] or "-",
        )
        numbers.append(claim.task)
    for payload in told[:20]:
        seen = Seen(name=payload, host=payload, pid=1, slots=1, doing=1, started=1, seen=1)
        queue.leases.seen(seen)
    return numbers


@dataclass
class Findings:
    """What took effect, and how much was looked at."""

    pages: int = 0
    found: list[str] = field(default_factory=list)


def look(context: Any, base: str, paths: Iterator[str]) -> Findings:
    """Load each page and say what of it took effect; ``context`` is one of a browser."""
    told = Findings()
    outside: list[str] = []
    dialogs: list[str] = []
    context.add_init_script(WATCH)
    page = context.new_page()

    def asked(one: Any) -> None:
        if not _own(one.url, base):
            outside.append(one.url)

    def spoke(one: Any) -> None:
        dialogs.append(one.message)
        one.dismiss()

    page.on("dialog", spoke)
    page.on("request", asked)
    page.on("popup", lambda one: dialogs.append(f"popup {one.url}"))
    for path in paths:
        answer = page.goto(base + path, wait_until="load")
        told.pages += 1
        if answer is None or answer.status != 200:
            told.found.append(f"{path}: status {answer.status if answer else None}")
        told.found += [f"{path}: {one}" for one in page.evaluate(LOOK)]
        told.found += [f"{path}: dialog {one}" for one in dialogs]
        told.found += [f"{path}: asked for {one}" for one in outside]
        dialogs.clear()
        outside.clear()
    page.close()
    return told


def _own(url: str, base: str) -> bool:
    return url.startswith((f"{base}/", "data:", "about:", "blob:")) or url == base


def every_page(numbers: Sequence[int]) -> Iterator[str]:
    """The pages that show payloads: all lists, every posting, and what is shown in frames."""
    yield from ("/", "/labels?n=200", "/queue", "/try", "/engines", "/runs")
    yield "/?q=" + "%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E"
    for number in numbers[::50]:
        yield f"/?before={number + 1}"
    for number in numbers:
        yield f"/postings/t{number}?label"


def main() -> int:
    """Look at all of it, and print what took effect."""
    from playwright.sync_api import sync_playwright

    from rolecall.ledger.database import Database
    from ui_server import served

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, help="so many payloads instead of all")
    words = payloads(parser.parse_args().most)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "rolecall.db")
        numbers = fill(Queue(database), words)
        database.close()
        with served(Path(folder)) as server, sync_playwright() as tool:
            browser = tool.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
            context = browser.new_context()
            found = look(context, server.base, every_page(numbers))
            frames = look(context, server.base, (f"/postings/t{one}/page" for one in numbers))
            browser.close()
    # Elements of a page in its frame are its own; only what acts counts there.
    acts = [one for one in frames.found if "dialog" in one or "asked for" in one]
    acts += [one for one in frames.found if ": script" in one]
    sys.stdout.write(
        f"{len(words):,} payloads in {len(FIELDS)} fields, {found.pages + frames.pages:,} pages in"
        f" {time.monotonic() - began:.0f} s: {len(found.found) + len(acts)} took effect\n"
    )
    for one in (*found.found, *acts):
        sys.stdout.write(f"{one[:300]}\n")
    return 1 if found.found or acts else 0


if __name__ == "__main__":
    sys.exit(main())
