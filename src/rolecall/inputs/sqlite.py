"""SQLite files: one input for each row of a table, in the order of its rowids.

A file is opened for reading only, and in steps of a few rows, so that whoever writes into it does
not wait for the whole run.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from rolecall.errors import SourceError
from rolecall.inputs.columns import Columns
from rolecall.inputs.nouns import Input, failed
from rolecall.inputs.tables import Cells, no_page, row

STEP_ROWS = 256
STEP_BYTES = 4 << 20
WAIT_SECONDS = 5.0  # for a writer to let go of the file
HANGS_SECONDS = 60.0  # that finding the next rows may take
COUNT_SECONDS = 1.0
OPERATIONS = 100_000  # of SQLite's machine between two looks at the clock
LONGEST_WORD = 1 << 16  # characters of a cell that is no page
HIDDEN = 1  # what table_xinfo says of a column that only commands to a virtual table use


def sqlite(
    path: str, table: str | None, locator: str, limit: int, columns: Columns
) -> Iterator[Input]:
    """The rows of ``table``, or of the only one that has pages; locators end in ``#table:rowid``.

    One input that failed stands where reading stopped.
    """
    last: int | None = None
    where = locator
    try:
        with contextlib.closing(_opened(path)) as database:
            query = _Query(database, *_table(database, table, columns), columns, limit)
            where = f"{locator.removesuffix(f'#{table}')}#{query.table}"
            while step := query.step(last):
                for rowid, cells in step:
                    yield _input(rowid, cells, f"{where}:{rowid}", limit, columns)
                    last = rowid
    except SourceError as error:
        yield failed(where, error.code, str(error))
    except (sqlite3.Error, OverflowError, ValueError) as error:
        code = "decode_error"
        if isinstance(error, sqlite3.OperationalError):
            code = "unreadable"
        if last is None:
            yield failed(where, code, f"cannot be read as SQLite: {_says(error)}")
        else:
            text = f"reading stopped after rowid {last}: {_says(error)}"
            yield failed(f"{where}:{last + 1}", code, text)


def _says(error: Exception) -> str:
    text = str(error)
    if "locked" in text or "busy" in text:
        return f"{text}: another program writes into it"
    return text


def count(path: str, table: str | None, columns: Columns) -> int | None:
    """How many rows there are, if that is known within a second."""
    try:
        with contextlib.closing(_opened(path, COUNT_SECONDS)) as database:
            name, _ = _table(database, table, columns)
            found = database.execute(f"SELECT count(*) FROM {_quoted(name)}").fetchone()
            return int(found[0])
    except SourceError:
        return 1
    except sqlite3.Error as error:
        return None if "interrupted" in str(error) else 1


def _opened(path: str, patience: float = HANGS_SECONDS) -> sqlite3.Connection:
    """The file, for reading only; nothing is written beside it either.

    One that keeps a log of changes (WAL) and has none now is read as if nobody could write into it:
    SQLite would start a log, and leave it there.
    """
    full = os.path.realpath(path)
    more = "&immutable=1" if _keeps_log(full) and not os.path.exists(full + "-wal") else ""
    database = sqlite3.connect(
        f"file:{quote(os.fsencode(full))}?mode=ro{more}",
        uri=True,
        timeout=WAIT_SECONDS,
        isolation_level=None,
    )
    database.text_factory = bytes
    _wind(database, patience)
    try:
        database.execute("PRAGMA trusted_schema = OFF")
        database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        database.close()
        if "readonly" in str(error):
            raise SourceError(
                "a program was cut off while it wrote into the file; open it once with that "
                "program, or with sqlite3, and it is mended"
            ) from error
        raise
    return database


def _keeps_log(path: str) -> bool:
    with open(path, "rb") as file:
        return file.read(20)[18:20] == b"\2\2"  # the versions to write and to read it with


def _table(
    database: sqlite3.Connection, table: str | None, columns: Columns
) -> tuple[str, list[str]]:
    """The table to read, and its columns; raises `SourceError` that lists what there is."""
    rows = database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' "
        "ESCAPE '\\' ORDER BY name"
    )
    tables = {name: _columns(database, name) for name in (_text(found[0]) for found in rows)}
    if table is not None:
        if table not in tables:
            there = ", ".join(tables) or "none"
            raise SourceError(f"there is no table {table!r}; there are: {there}")
        if not {columns.html, columns.text} & set(tables[table]):
            raise no_page(columns, tables[table], f"the table {table!r}")
        return table, tables[table]
    fit = [name for name, there in tables.items() if {columns.html, columns.text} & set(there)]
    if len(fit) == 1:
        return fit[0], tables[fit[0]]
    if fit:
        raise SourceError(
            f"several tables have pages: {', '.join(fit)} (name one: file.sqlite#{fit[0]})"
        )
    if not tables:
        raise SourceError("the file has no tables")
    if len(tables) == 1:
        ((only, its),) = tables.items()
        raise no_page(columns, its, f"the table {only!r}")
    listed = "; ".join(f"{name} ({', '.join(there[:9])})" for name, there in tables.items())
    raise SourceError(
        f"no table has a column {columns.html!r} or {columns.text!r}; there are: "
        f"{listed[:600]} (say which with --columns html=NAME)"
    )


def _columns(database: sqlite3.Connection, table: str) -> list[str]:
    try:
        found = database.execute(f"PRAGMA table_xinfo({_quoted(table)})").fetchall()
        return [_text(one[1]) for one in found if one[6] != HIDDEN]
    except sqlite3.OperationalError as error:
        if "no such module" in str(error):  # a virtual table of an extension that is not here
            return []
        raise


def _text(told: Any) -> str:
    return told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class _Query:
    """Rows of a table from a rowid on, a few at a time; nothing larger than ``limit`` is loaded."""

    def __init__(
        self,
        database: sqlite3.Connection,
        table: str,
        there: list[str],
        columns: Columns,
        limit: int,
    ) -> None:
        self.database, self.table = database, table
        named = {name.lower() for name in there}
        self.rowid = next((one for one in ("rowid", "_rowid_", "oid") if one not in named), "rowid")
        size = "octet_length" if sqlite3.sqlite_version_info >= (3, 43) else "length"
        parts = []
        for part in ("html", "text"):
            name = getattr(columns, part)
            cell = _quoted(name) if name in there else "NULL"
            parts += [
                f"CASE WHEN {size}({cell}) <= {int(limit)} THEN {cell} END",
                f"typeof({cell})",
                f"{size}({cell}) > {int(limit)}",
            ]
        for part in ("url", "charset", "captured"):
            cell = _quoted(getattr(columns, part))
            kinds = "" if part == "captured" else f" AND typeof({cell}) = 'text'"
            fits = f"CASE WHEN length({cell}) <= {LONGEST_WORD}{kinds} THEN {cell} END"
            parts.append(fits if getattr(columns, part) in there else "NULL")
        self.select = f"SELECT {self.rowid}, {', '.join(parts)} FROM {_quoted(table)}"

    def step(self, last: int | None) -> list[tuple[int, Cells | None]]:
        """The next rows; ``None`` for one that is too large."""
        after = "" if last is None else f" WHERE {self.rowid} > {last}"
        found: list[tuple[int, Cells | None]] = []
        size = 0
        _wind(self.database, HANGS_SECONDS)
        try:
            with contextlib.closing(
                self.database.execute(
                    f"{self.select}{after} ORDER BY {self.rowid} LIMIT {STEP_ROWS}"
                )
            ) as rows:
                for rowid, *cells in rows:
                    if not isinstance(rowid, int):
                        raise SourceError(f"the table {self.table!r} has no rowids")
                    found.append((rowid, _of(cells)))
                    size += sum(len(one) for one in cells if isinstance(one, bytes))
                    if size > STEP_BYTES:
                        break
        except sqlite3.OperationalError as error:
            if "no such column" in str(error):
                raise SourceError(f"the table {self.table!r} has no rowids") from error
            if not found:
                raise
        return found


def _wind(database: sqlite3.Connection, seconds: float) -> None:
    """Start the clock: what takes longer from now on is interrupted."""
    end = time.monotonic() + seconds
    database.set_progress_handler(lambda: time.monotonic() > end, OPERATIONS)


def _of(cells: list[Any]) -> Cells | None:
    """The cells of a row; ``None`` if its page is too large."""
    html, html_type, html_large, text, text_type, text_large, url, charset, captured = cells
    if html_large or (text_large and html is None):
        return None
    if html_type not in (b"text", b"blob"):
        html = None
    if text_type not in (b"text", b"blob"):
        text = None
    kind = html_type if html is not None and (html or not text) else text_type
    return Cells(html, text, kind == b"text", url, charset, captured)


def _input(rowid: int, cells: Cells | None, locator: str, limit: int, columns: Columns) -> Input:
    if cells is None:
        text = f"holds more than {limit:,} bytes, the limit for one page"
        return failed(locator, "too_large", text)
    return row(cells, locator, limit, columns)
