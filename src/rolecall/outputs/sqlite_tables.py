"""The tables and views of an SQLite output: records as they are, and two ways to look at them."""

from __future__ import annotations

import re
from typing import Final

from rolecall.schema.posting import FIELDS

APPLICATION: Final = 0x526F6C65
"""``PRAGMA application_id`` of our databases: "Role"."""

LAYOUT: Final = 1
"""``PRAGMA user_version``: raised when the tables change."""

MOST_COLUMNS: Final = 1_900
"""A view of SQLite's has 2,000 columns at most."""

TABLES: Final = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE records (
    seq INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    source_id TEXT,
    url TEXT,
    outcome TEXT NOT NULL,
    reason_code TEXT,
    retryable INTEGER,
    config TEXT NOT NULL,
    record TEXT NOT NULL
);
CREATE INDEX records_by_source ON records (source);
CREATE VIEW evidence AS
SELECT
    records.seq AS seq,
    records.source AS source,
    one.key AS pointer,
    json_extract(one.value, '$.quote') AS quote,
    json_extract(one.value, '$.start') AS "start",
    json_extract(one.value, '$.end') AS "end",
    json_extract(one.value, '$.match') AS "match",
    json_extract(one.value, '$.origin') AS origin,
    json_extract(one.value, '$.confidence') AS confidence,
    json_extract(one.value, '$.block_path') AS block_path,
    json_extract(one.value, '$.pointer') AS derived_from
FROM records, json_each(records.record, '$.evidence') AS one;
"""

_OWN: Final = ("seq", "source", "url", "outcome")
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def postings(fields: tuple[str, ...] | None) -> str:
    """The view ``postings``: a column for each field at the top of the data.

    A list is JSON, as ``json_each`` takes it. SQLite knows names of columns in any case, so a
    second one of the same letters gets a number.
    """
    taken: set[str] = set()
    values = [f"records.{name} AS {_column(name, taken)}" for name in _OWN]
    values += [
        f"{_value(name)} AS {_column(name, taken)}"
        for name in (FIELDS if fields is None else fields)[:MOST_COLUMNS]
    ]
    columns = ",\n    ".join(values)
    kept = "records.outcome IN ('ok', 'partial')"
    return f"CREATE VIEW postings AS\nSELECT\n    {columns}\nFROM records\nWHERE {kept};"


def _value(name: str) -> str:
    if _WORD.fullmatch(name):
        return f"json_extract(records.record, '$.data.{name}')"
    told = "'" + name.replace("'", "''").replace("\0", "") + "'"  # a path cannot hold every name
    return f"(SELECT value FROM json_each(records.record, '$.data') WHERE key = {told})"


def _column(name: str, taken: set[str]) -> str:
    """A name for a column that no other one has, quoted."""
    number, free = 1, name
    while free.casefold() in taken:
        number += 1
        free = f"{name}_{number}"
    taken.add(free.casefold())
    return '"' + free.replace('"', '""').replace("\0", "") + '"'
