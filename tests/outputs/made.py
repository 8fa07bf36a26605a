"""Records to write, and outputs of every format read back."""

import csv
import gzip
import io
import json
import sqlite3
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.parquet
import zstandard

from rolecall.core import Reason, Route, Source
from rolecall.outputs.nouns import Output
from rolecall.record import dump, failed_record
from rolecall.schema.posting import FIELDS

CONFIG = "c0ffee"
FORMATS = ("jsonl", "csv", "sqlite", "parquet", "jsonl.gz", "jsonl.zst")
SEEN = {"name": "", "seq": 0}


def digest(body: str) -> str:
    return sha256(body.encode()).hexdigest()


def line(name: str, seq: int, body: str = "x", **more: Any) -> bytes:
    """The record of a page that could be read."""
    source = Source(body=body.encode(), locator=name)
    reason = Reason(code="list_page", stage="verdict", message="a list")
    record = failed_record(reason, locator=name, seq=seq, config=CONFIG, source=source)
    return dump(record | {"outcome": "not_a_posting", "reason": None} | more)


def posting(name: str, seq: int, **values: Any) -> bytes:
    """The record of a posting."""
    proof = {
        "quote": "Baker", "start": 0, "end": 5, "match": "exact", "origin": "reader",
        "confidence": 0.5, "block_path": "/html/body/h1", "pointer": None,
    }  # fmt: skip
    return line(
        name,
        seq,
        outcome="ok",
        data=dict.fromkeys(FIELDS) | values,
        evidence={f"/{field}": proof for field in values},
        route=json.loads(line("", 0))["route"] | {"producers": list(Route().producers)},
    )


def run(output: Output, inputs: dict[str, str], order: Iterable[str] | None = None) -> int:
    """What a run does: keep what is there, append the rest, put in order."""
    numbers = {name: seq for seq, name in enumerate(inputs)}
    fresh = 0
    for name in order or inputs:
        if output.known(name) == digest(inputs[name]):
            output.keep(name, numbers[name])
        else:
            output.append(name, numbers[name], line(name, numbers[name], inputs[name]))
            fresh += 1
    output.complete()
    output.close()
    return fresh


def read(path: Path, form: str) -> list[dict[str, Any]]:
    """The records as others would read them, in the order in which they stand."""
    if form == "csv":
        rows = csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""))
        return [dict(row) | {"seq": int(row["seq"])} for row in rows]
    if form == "sqlite":
        connection = sqlite3.connect(path)
        rows = connection.execute("SELECT seq, record FROM records").fetchall()
        connection.close()
        found = [json.loads(record) for _, record in rows]
        assert [one["seq"] for one in found] == [seq for seq, _ in rows]
        return found
    if form == "parquet":
        return list(pyarrow.parquet.read_table(path).to_pylist())
    data = path.read_bytes()
    if form == "jsonl.gz":
        data = gzip.decompress(data)
    elif form == "jsonl.zst":
        data = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)).read()
    return [json.loads(one) for one in data.splitlines()]


def told(path: Path, form: str) -> list[tuple[int, str]]:
    """Number and source of every record."""
    return [(row["seq"], row["source"]) for row in read(path, form)]
