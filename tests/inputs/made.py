"""The same rows written as files of every kind."""

from __future__ import annotations

import gzip
import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

from rolecall.inputs.columns import DEFAULT, Columns
from rolecall.inputs.kinds import kind_of
from rolecall.inputs.nouns import Input, Left
from rolecall.inputs.order import Order, carried_out

LIMIT = 10_000


def read(
    path: Path | str,
    *,
    left: Left | None = None,
    columns: Columns = DEFAULT,
    table: str | None = None,
) -> list[Input]:
    """The inputs of one file, read in this process."""
    order = Order(
        path=str(path), kind=kind_of(str(path)), table=table, limit=LIMIT, columns=columns
    )
    found = carried_out(order, left if left is not None else Left())
    return [entry for entry in found if entry is not None]


def codes(entries: list[Input]) -> list[str | None]:
    return [entry.fault and entry.fault[0] for entry in entries]


def record(
    kind: str, body: bytes, *, url: str = "", media: str = "application/http", **fields: str
) -> bytes:
    """One WARC record."""
    told = {
        "WARC-Type": kind,
        "WARC-Date": "2026-05-17T06:00:00Z",
        "Content-Type": media,
        "Content-Length": str(len(body)),
    }
    if url:
        told["WARC-Target-URI"] = url
    told |= {name.replace("_", "-"): value for name, value in fields.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return b"WARC/1.1\r\n" + head.encode() + b"\r\n" + body + b"\r\n\r\n"


def response(
    body: bytes, url: str = "http://a.example/", fields: str = "Content-Type: text/html\r\n"
) -> bytes:
    """A record of an HTTP response."""
    return record("response", f"HTTP/1.1 200 OK\r\n{fields}\r\n".encode() + body, url=url)


def json_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def parquet(path: Path, rows: list[dict[str, Any]], **options: Any) -> Path:
    import pyarrow
    from pyarrow.parquet import write_table

    names = sorted({name for row in rows for name in row}) or ["html"]
    columns = {name: [row.get(name) for row in rows] for name in names}
    types = [(name, pyarrow.string()) for name in names]
    write_table(pyarrow.table(columns, schema=pyarrow.schema(types)), path, **options)
    return path


def sqlite(path: Path, rows: list[dict[str, Any]], table: str = "pages") -> Path:
    names = sorted({name for row in rows for name in row}) or ["html"]
    with closing(sqlite3.connect(path)) as database:
        database.execute(f'CREATE TABLE "{table}" ({", ".join(names)})')
        holes = ", ".join("?" * len(names))
        for row in rows:
            values = [row.get(name) for name in names]
            database.execute(f'INSERT INTO "{table}" VALUES ({holes})', values)
        database.commit()
    return path


def warc(path: Path, rows: list[dict[str, Any]]) -> Path:
    """An archive in which each row is a response between other records."""
    parts = [record("warcinfo", b"software: none\r\n", media="application/warc-fields")]
    for row in rows:
        url = row.get("url") or ""
        media = "text/html" if "html" in row else "text/plain"
        fields = f"Content-Type: {media}; charset=utf-8\r\n"
        parts.append(record("request", b"GET / HTTP/1.1\r\n\r\n", url=url))
        body = (row.get("html") or row.get("text") or "").encode()
        parts.append(response(body, url or "http://a.example/", fields))
    packed = [gzip.compress(part) for part in parts]
    if path.suffix == ".wacz":
        with zipfile.ZipFile(path, "w") as zipped:
            zipped.writestr("archive/data.warc.gz", b"".join(packed))
            zipped.writestr("datapackage.json", "{}")
    else:
        path.write_bytes(b"".join(packed if path.suffix == ".gz" else parts))
    return path
