"""Try: one page, pasted or dropped, extracted at once and shown as postings are."""

from __future__ import annotations

import time
from typing import Any, Final

import orjson
from starlette.responses import Response

from rolecall.core import Source
from rolecall.errors import Error, UsageError
from rolecall.evaluate.label.rows import filled, rows_for
from rolecall.page import clean
from rolecall.schema.schema import Schema
from rolecall.serve.ui.nouns import Ask, Ui
from rolecall.serve.ui.opened import lines_of, shown_pieces
from rolecall.serve.ui.pages import page

NAMED: Final = {"html": "text/html", "text": "text/plain", "markdown": "text/markdown"}


def form(ui: Ui, ask: Ask) -> Response:
    """The page with its form."""
    ask.visitor.needs("extract")
    return _page(ui, ask)


async def tried(ui: Ui, ask: Ask) -> Response:
    """The form with what came of the page in it."""
    import asyncio

    ask.visitor.needs("extract")
    try:
        source = _source(ui, ask)
    except UsageError as error:
        return _page(ui, ask, fault=f"{error}" + (f": {error.hint}" if error.hint else ""))
    key = ask.form.get("schema") or None
    began = time.perf_counter()
    try:
        record = dict(await ui.extract(source, key))
    except Error as error:
        told = f"{error}" + (f": {error.hint}" if error.hint else "")
        return _page(ui, ask, fault=told)
    seconds = time.perf_counter() - began
    return await asyncio.to_thread(_result, ui, ask, source, record, seconds)


def _source(ui: Ui, ask: Ask) -> Source:
    file = ask.form.file("file")
    pasted = ask.form.get("page")
    if file is not None and file[1]:
        body, locator, kind = file[1], file[0][:300] or "file", None
        if locator.lower().endswith((".txt", ".md")):
            kind = "text/plain" if locator.lower().endswith(".txt") else "text/markdown"
        charset = None
    elif pasted.strip():
        # Browsers send the line ends of a text field as CR LF.
        body, locator = pasted.replace("\r\n", "\n").encode("utf-8", "replace"), "pasted"
        kind, charset = NAMED.get(ask.form.get("kind")), "utf-8"
    else:
        raise UsageError("there is no page yet", hint="paste one, or choose a file")
    if len(body) > ui.settings.max_bytes:
        raise UsageError(f"the page is larger than {ui.settings.max_bytes:,} bytes")
    url = ask.form.get("url").strip()[:4_000] or None
    return Source(body=body, locator=locator, url=url, media_type=kind, charset=charset)


def _result(ui: Ui, ask: Ask, source: Source, record: dict[str, Any], seconds: float) -> Response:
    text, cleaned = "", None
    if record.get("text_sha256"):
        try:
            cleaned = clean(source)
            text = cleaned.text
        except (Error, MemoryError):
            cleaned = None
    key = ask.form.get("schema") or None
    schema: Schema | None = ui.schema(key)
    lines = lines_of(filled(rows_for(schema), record, text), record, {}, text)
    return _page(
        ui,
        ask,
        record=record,
        lines=lines,
        pieces=shown_pieces(text, cleaned, lines),
        seconds=seconds,
        raw=orjson.dumps(record, option=orjson.OPT_INDENT_2, default=str).decode(),
    )


def _page(ui: Ui, ask: Ask, *, fault: str = "", **told: Any) -> Response:
    defaults: dict[str, Any] = {
        "record": None, "lines": [], "pieces": [], "seconds": None, "raw": "", "general": [],
    }  # fmt: skip
    record = told.get("record")
    if record is not None:
        shown = [one for line in told["lines"] for one in line.problems]
        told["general"] = [one for one in record.get("problems") or () if one not in shown]
    return page(
        ask,
        "try.html",
        status=422 if fault else 200,
        schemas=ui.queue.view.schemas(),
        chosen=ask.form.get("schema"),
        typed=ask.form,
        fault=fault,
        **{**defaults, **told},
    )
