"""The list of postings: searched, filtered, as pages without JavaScript, as one long list with."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any, Final
from urllib.parse import urlencode

import orjson
from starlette.responses import Response, StreamingResponse

from rolecall.outputs.csv import BOM, disarmed
from rolecall.queue.postings import Posting, Sought
from rolecall.serve.ui.nouns import Ask, Ui
from rolecall.serve.ui.pages import HEADERS, POLICY, page, render

SHOWN: Final = 50
"""Postings of one page, and of one piece of the long list."""

COLUMNS: Final = (
    "task", "outcome", "reason", "title", "company", "site", "route", "source", "made_ms",
)  # fmt: skip


def postings(ui: Ui, ask: Ask) -> Response:
    """The page: a search, facets with counts, and the newest postings."""
    sought = sought_of(ask)
    before = _before(ask)
    found = ui.postings.page(sought, before, SHOWN + 1)
    total, rungs = _rungs(ui, sought)
    facets = ui.recent.get(
        ("facets", ask.visitor.sees), lambda: ui.postings.facets(ask.visitor.sees)
    )
    return page(
        ask,
        "postings.html",
        sought=sought,
        found=found[:SHOWN],
        total=total,
        rungs=rungs if before is None else [],
        apart=SHOWN,
        first=before is None,
        next_=found[SHOWN - 1].task if len(found) > SHOWN else None,
        chips=_chips(facets["outcome"], sought),
        sites=_choices(facets["site"], sought.site),
        routes=_choices(facets["route"], sought.route),
        all_=_address(sought, outcome=None),
        words=_words(sought),
        here=_address(sought),
        empty=not total and sought == Sought(submitter=sought.submitter) and before is None,
    )


def piece(ui: Ui, ask: Ask) -> Response:
    """Rows of the list below a number, for the long list: HTML as the page has it."""
    sought = sought_of(ask)
    found = ui.postings.page(sought, _before(ask), SHOWN)
    text = "".join(render("posting_row.html", one=one) for one in found)
    return Response(
        text.encode("utf-8", "replace"),
        media_type="text/html; charset=utf-8",
        headers={**HEADERS, "content-security-policy": POLICY},
    )


def rungs(ui: Ui, ask: Ask) -> Response:
    """How long the list is and where its pieces begin, for the long list."""
    total, found = _rungs(ui, sought_of(ask))
    told = orjson.dumps({"total": total, "rungs": found})
    return Response(told, media_type="application/json", headers=dict(HEADERS))


def _rungs(ui: Ui, sought: Sought) -> tuple[int, list[int]]:
    return ui.recent.get(sought, lambda: ui.postings.rungs(sought, SHOWN))


def as_csv(ui: Ui, ask: Ask) -> Response:
    """All postings that are asked for as CSV, cells that a spreadsheet may run disarmed."""
    sought = sought_of(ask)
    return StreamingResponse(
        csv_rows(ui, sought),
        media_type="text/csv; charset=utf-8",
        headers={**HEADERS, "content-disposition": 'attachment; filename="postings.csv"'},
    )


def csv_rows(ui: Ui, sought: Sought) -> Iterator[bytes]:
    """The bytes of the file, some hundred rows at a time."""
    yield BOM + _row(COLUMNS)
    before: int | None = None
    while True:
        found = ui.postings.page(sought, before, 500)
        yield b"".join(_row(map(_cell, _cells(one))) for one in found)
        if len(found) < 500:
            return
        before = found[-1].task


def sought_of(ask: Ask) -> Sought:
    """What the address asks for; an empty part of it asks for all."""
    told = {name: ask.query.get(name) or None for name in ("outcome", "route")}
    site = ask.query.get("site")
    # A page without a known address has an empty site, which is asked for as "-".
    return Sought(
        words=ask.query.get("q", "")[:500],
        site="" if site == "-" else site or None,
        submitter=ask.visitor.sees,
        batch=_number(ask.query.get("batch", "").removeprefix("b")),
        **told,
    )


def _before(ask: Ask) -> int | None:
    return _number(ask.query.get("before", ""))


def _number(told: str) -> int | None:
    return int(told) if told.isascii() and told.isdigit() and len(told) < 18 else None


def _words(sought: Sought) -> dict[str, str]:
    """What is asked for as the fields of an address, without what is not."""
    told = {"q": sought.words, "outcome": sought.outcome, "route": sought.route}
    told["site"] = "-" if sought.site == "" else sought.site
    told["batch"] = None if sought.batch is None else f"b{sought.batch}"
    return {name: value for name, value in told.items() if value}


def _address(sought: Sought, **more: str | None) -> str:
    told = {name: value for name, value in {**_words(sought), **more}.items() if value}
    return urlencode(told)


def _chips(found: Mapping[str, int], sought: Sought) -> list[dict[str, Any]]:
    """Outcomes with the address that each leads to: on where it is off, and off where it is on."""
    return [
        {
            "value": value,
            "count": count,
            "on": sought.outcome == value,
            "query": _address(sought, outcome=None if sought.outcome == value else value),
        }
        for value, count in found.items()
    ]


def _choices(found: Mapping[str, int], now: str | None) -> list[tuple[str, str, int | None]]:
    """The values of a list to choose from: as asked for, as shown, how many there are."""
    told = dict(found) if now is None or now in found else {now: None, **found}
    return [(value or "-", value or "(unknown)", count) for value, count in told.items()]


def _cells(one: Posting) -> tuple[Any, ...]:
    return (
        f"t{one.task}", one.outcome, one.reason, one.title, one.company, one.site, one.route,
        one.source, one.made,
    )  # fmt: skip


def _cell(value: Any) -> str | int:
    if value is None or isinstance(value, int):
        return value if value is not None else ""
    text = str(value).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    return disarmed(text)


def _row(cells: Any) -> bytes:
    out = StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().encode("utf-8", "replace")
