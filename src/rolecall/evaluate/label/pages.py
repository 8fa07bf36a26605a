"""The pages to label: read, extracted (or held beside their records), the most doubtful first."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import orjson
from msgspec import Struct

from rolecall.core import Page, Source
from rolecall.errors import Error, UsageError
from rolecall.evaluate.label.ledger import key_of
from rolecall.evaluate.label.rows import Answer, Row, evidence_of, expected_of, fault_of, filled
from rolecall.evaluate.label.state import Task
from rolecall.evaluate.label.text import PageText
from rolecall.inputs.files import shown
from rolecall.inputs.nouns import Input
from rolecall.inputs.read import load
from rolecall.page import clean
from rolecall.pipeline import Pipeline, extract_record
from rolecall.record import doubt_of

Order = Literal["doubtful", "given"]


class Known(Struct, frozen=True):
    """A page of the run: its input, what its label is recognised by, and how doubtful it is."""

    entry: Input
    key: str
    doubt: float = 0.0


class Opened(Struct, frozen=True):
    """A page that is being labelled: what is shown, and what its label needs besides."""

    task: Task
    source: Source
    page: Page
    inline: bool

    @property
    def hash(self) -> str:
        """The sha256 of the visible text."""
        return hashlib.sha256(self.page.text.encode("utf-8", "replace")).hexdigest()


class Records:
    """Records of an earlier run, looked up by the page's bytes, else by its name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._starts: dict[str, int] = {}
        try:
            with path.open("rb") as file:
                at = 0
                for number, line in enumerate(file, 1):
                    if line.strip():
                        self._index(_record(line, f"{shown(str(path))}:{number}"), at)
                    at += len(line)
        except OSError as error:
            told = (error.strerror or str(error)).lower()
            raise UsageError(f"cannot read the records {shown(str(path))}: {told}") from error

    def _index(self, record: Mapping[str, Any], at: int) -> None:
        if record.get("source_id"):
            self._starts[record["source_id"]] = at
        self._starts.setdefault(f"source:{record['source']}", at)

    def of(self, source: Source) -> dict[str, Any] | None:
        """The record of a page, if there is one."""
        at = self._starts.get(source.id, self._starts.get(f"source:{source.locator}"))
        if at is None:
            return None
        with self.path.open("rb") as file:
            file.seek(at)
            return _record(file.readline(), shown(str(self.path)))


def _record(line: bytes, where: str) -> dict[str, Any]:
    try:
        told = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{where} is no JSON: {error}") from error
    if not isinstance(told, dict) or not {"source", "outcome", "data"} <= told.keys():
        raise UsageError(f"{where} is no record", hint="rolecall extract --out writes records")
    return told


class Shelf(Struct, frozen=True):
    """Opens pages: with the pipeline, or with the records of an earlier run."""

    pipeline: Pipeline
    rows: tuple[Row, ...]
    folder: Path
    records: Records | None = None
    captured: date | None = None

    def key(self, entry: Input) -> str:
        """What the label of an input is recognised by."""
        if entry.path is not None and not entry.json:
            return os.path.realpath(entry.path)
        source, _ = self._load(entry)
        return key_of(_named(source), self.folder)

    def _load(self, entry: Input) -> tuple[Source, Any]:
        return load(entry, limit=self.pipeline.limits.bytes_, captured=self.captured)

    def record(self, source: Source) -> dict[str, Any]:
        """The record of a page: the one that is there, else a new one."""
        found = self.records.of(source) if self.records is not None else None
        return found if found is not None else extract_record(source, 0, self.pipeline)

    def open(self, entry: Input) -> Opened:
        """The page with its task; raises ``SourceError`` for one that cannot be read."""
        source, _ = self._load(entry)
        page = clean(source, self.pipeline.limits)
        record = self.record(source)
        text = page.text
        told = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        if record.get("text_sha256") != told:  # of another version: places are looked up again
            evidence = record.get("evidence") or {}
            bare = {key: one | {"start": None, "end": None} for key, one in evidence.items()}
            record = record | {"evidence": bare}
        links = tuple((link.span.start, link.span.end, link.href) for link in page.links)
        inline = entry.path is None or entry.json
        return Opened(
            Task(
                key=self.key(entry),
                name=shown(entry.locator),
                page=PageText(text, page.language, links),
                rows=_found_first(filled(self.rows, record, text)),
                note=_note(record),
                fault=fault_of(self.pipeline.schema),
            ),
            source,
            page,
            inline,
        )

    def doubt(self, entry: Input) -> float:
        """How doubtful the extraction of a page is; raises ``Error`` for a page without one."""
        source, _ = self._load(entry)
        return doubt_of(self.record(source), self.pipeline.schema is None)


def _found_first(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Rows with a value before those without one, which are shown in less room."""
    return tuple(sorted(rows, key=lambda row: not row.items))


def _note(record: Mapping[str, Any]) -> str:
    reason = record.get("reason") or {}
    if record["outcome"] == "not_a_posting":
        code = str(reason.get("code", "other")).replace("_", " ")
        return f"not a posting, says the extraction ({code}): x agrees"
    if record["outcome"] == "failed":
        return f"the extraction failed: {reason.get('message', '')}"
    return ""


def in_order(
    shelf: Shelf,
    entries: Sequence[Input],
    order: Order,
    *,
    labelled: Callable[[str], bool],
    told: Callable[[int], None],
) -> tuple[list[Known], list[str]]:
    """The pages, the most doubtful first, and a line about every one that cannot be read.

    What is labelled already comes last, with no doubt. ``told`` is called with the number of pages
    that were looked at.
    """
    out, faults = [], []
    for number, entry in enumerate(entries):
        told(number)
        try:
            key = shelf.key(entry)
            ranks = order == "doubtful" and not labelled(key)
            doubt = shelf.doubt(entry) if ranks else 0.0
        except Error as error:
            faults.append(f"{shown(entry.locator)}: {error}")
            continue
        out.append(Known(entry, key, doubt))
    return sorted(out, key=lambda one: -one.doubt), faults


def label_line(
    opened: Opened, answers: Sequence[Answer | None], *, posting: bool, folder: Path
) -> dict[str, Any]:
    """The label of a page as a line of a samples file in ``folder``, with the page's quotes."""
    source, page = opened.source, opened.page
    line: dict[str, Any] = {}
    if opened.inline:
        line |= _named(source)
        body = source.body.decode("utf-8", "replace")
        line["text" if source.media_type == "text/plain" else "html"] = body
    else:
        line["source"] = os.path.relpath(opened.task.key, os.path.realpath(folder))
    url = page.url or source.url
    if url:
        line["url"] = url
        site = (urlsplit(url).hostname or "").removeprefix("www.")
        line |= {"site": site} if site else {}
    if source.captured is not None:
        line["captured"] = source.captured.isoformat()
    if page.language:
        line["language"] = page.language
    if not posting:
        return line | {"expected": {}, "posting": False}
    rows = opened.task.rows
    return line | {"expected": expected_of(rows, answers), "evidence": evidence_of(rows, answers)}


def _named(source: Source) -> dict[str, Any]:
    return {"id": source.id[:16]}
