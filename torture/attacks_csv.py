"""Cells that a spreadsheet would run: none is left alive, whatever the output."""

from __future__ import annotations

import csv
import io
import sqlite3
from pathlib import Path
from typing import Any, Final

from rolecall.core import Source
from rolecall.outputs.csv import Csv
from rolecall.outputs.nouns import Wanted
from rolecall.outputs.open import open_output
from rolecall.pipeline import extract_record, prepare
from rolecall.record import dump
from rolecall.settings import Settings
from torture.nouns import Case, Class, Group, Terms

CELLS: Final = (
    "=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "\ufeff=1", "\u200b=1", "＝1",
    "＋1", "－1", "＠x", "'=1", "=cmd|' /C calc'!A0", '=HYPERLINK("http://canary.invalid","x")',
    "x;=1+1", 'x\n"=1+1', '=IMPORTXML("http://canary.invalid","//a")',
)  # fmt: skip
LIVE: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
FIELDS: Final = ("title", "company", "description", "location", "education", "application_url")


def cells(terms: Terms) -> Group:
    """Each cell in each field of a record, as CSV; as text in the other tables."""
    pipeline = prepare(Settings(engine="none"))
    page = b"<h1>Baker</h1><p>Mill Street Loaves, Bath. Full time.</p><p>Mix dough. Apply.</p>"
    plain = extract_record(Source(body=page, locator="a"), 0, pipeline)
    wanted = Wanted(config=pipeline.config)
    cases = []
    for number, cell in enumerate(CELLS):
        record = _with(plain, cell)
        rows = (Csv(wanted).top + Csv(wanted).row(dump(record))).decode("utf-8-sig")
        cases.append(_disarmed(f"comma/{number}", rows, ","))
        cases.append(_disarmed(f"semicolon/{number}", rows, ";"))
    cases += _tables(terms.scratch, [_with(plain, cell) for cell in CELLS])
    said = f"{len(CELLS)} cells that spreadsheets run, in every field of CSV, Parquet and SQLite"
    return Group(said=said, cases=tuple(cases))


def _with(record: dict[str, Any], cell: str) -> dict[str, Any]:
    data = dict(record["data"] or {}) | dict.fromkeys(FIELDS, cell) | {"skills": [cell, "x"]}
    reason = {"code": cell, "stage": "x", "message": cell, "retryable": False}
    return record | {"source": cell, "url": cell, "data": data, "reason": reason}


def _disarmed(name: str, rows: str, parted: str) -> Case:
    live = [
        cell
        for row in csv.reader(io.StringIO(rows, newline=""), delimiter=parted)
        for cell in row
        if cell.strip(" \n\ufeff\u200b").startswith(LIVE) and not _number(cell)
    ]
    return Case(name=f"csv/{name}", found=Class.WRONG if live else Class.RIGHT, note=str(live[:2]))


def _number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _tables(scratch: Path, records: list[dict[str, Any]]) -> list[Case]:
    """Parquet and SQLite hold the very words, as text: nothing there is taken for a formula."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    titles = [one["data"]["title"] for one in records]
    for name in ("a.parquet", "a.db"):
        output = open_output(str(scratch / name), "new", records[0]["config"])
        for number, record in enumerate(records):
            told = record | {"source": f"p{number}", "seq": number}
            output.append(told["source"], number, dump(told))
        output.complete()
        output.close()
    column = pq.read_table(scratch / "a.parquet", columns=["title"])["title"]
    store = sqlite3.connect(scratch / "a.db")
    kept = store.execute("SELECT title, typeof(title) FROM postings").fetchall()
    store.close()
    same = sorted(column.to_pylist()) == sorted(titles)
    words = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    text = sorted(kept) == sorted((one, "text") for one in titles)
    return [
        Case(name="parquet", found=Class.RIGHT if same and words else Class.WRONG),
        Case(name="sqlite", found=Class.RIGHT if text else Class.WRONG),
    ]
