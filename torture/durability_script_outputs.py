"""The script of an output: three runs over one file, as `rolecall extract --resume` makes them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from rolecall.core import Reason, Source
from rolecall.outputs.nouns import Mode, Output
from rolecall.outputs.open import Format, open_output
from rolecall.record import dump, failed_record

CONFIG: Final = "c0ffee"
FIRST: Final = {"a": "x", "b": "x", "c": "x", "d": "x"}
SECOND: Final = {"d": "x", "b": "new", "e": "x", "a": "x"}
THIRD: Final = {"e": "x", "f": "x", "a": "x", "b": "new"}


class Outputs:
    """One format."""

    def __init__(self, form: Format) -> None:
        self._form = form

    def ready(self, folder: Path) -> None:
        """Nothing is there before."""

    def steps(self, folder: Path) -> list[tuple[str, Callable[[], Any]]]:
        """A run that stops, one over other inputs in another order, one more."""
        steps: list[tuple[str, Callable[[], Any]]] = []
        for inputs, mode, whole in ((FIRST, "new", False), (SECOND, "resume", True),
                                    (THIRD, "resume", True)):  # fmt: skip
            steps += self._run(folder, inputs, mode, whole=whole)  # type: ignore[arg-type]
        return steps

    def wrong(self, folder: Path, acks: list[Any], commits: int | None) -> str:
        """Whether records that were acknowledged are there, and a last run puts all in order."""
        output = self._open(folder, "resume")
        known = {name: output.known(name) for name in {**FIRST, **SECOND, **THIRD}}
        for name, told in acks:
            for source, body in (told or {}).items() if name in ("append", "sync") else ():
                newest = [
                    more[source]
                    for step, more in acks
                    if step in ("append", "sync") and source in more
                ][-1]
                if body == newest and known[source] not in (digest(body), *self._later(source)):
                    output.close()
                    return f"the record of {source} is gone"
        fresh = run(output, THIRD)
        rows = read(folder / f"out.{self._form}", self._form)
        if [row["seq"] for row in rows] != list(range(len(rows))):
            return f"the order is {[row['seq'] for row in rows]}"
        sources = [row["source"] for row in rows]
        if len(set(sources)) != len(sources) or sources[: len(THIRD)] != list(THIRD):
            return f"the records are those of {sources}"
        if any(row["source_id"] != digest({**FIRST, **SECOND, **THIRD}[row["source"]])
               for row in rows):  # fmt: skip
            return "a record is an old one"
        kept = sum(known[name] == digest(body) for name, body in THIRD.items())
        if fresh != len(THIRD) - kept:
            return f"{fresh} were done, and {kept} were there"
        left = [one.name for one in folder.iterdir() if one.name.startswith(".out")]
        return f"{left} are left" if left else ""

    def _later(self, source: str) -> tuple[str, ...]:
        """What may stand in the place of a record meanwhile."""
        return tuple(digest(one[source]) for one in (SECOND, THIRD) if source in one)

    def _run(
        self, folder: Path, inputs: Mapping[str, str], mode: Mode, *, whole: bool
    ) -> list[tuple[str, Callable[[], Any]]]:
        held: list[Output] = []
        written: dict[str, str] = {}

        def one(name: str, seq: int) -> dict[str, str]:
            output, body = held[0], inputs[name]
            if output.known(name) == digest(body):
                output.keep(name, seq)
                return {}
            output.append(name, seq, line(name, seq, body))
            written[name] = body
            # Rows of a database are there when they are committed.
            return {name: body} if self._form != "sqlite" else {}

        def sync() -> dict[str, str]:
            held[0].sync()
            return dict(written)

        def step(name: str, seq: int) -> Callable[[], Any]:
            return lambda: one(name, seq)

        steps: list[tuple[str, Callable[[], Any]]] = [
            ("open", lambda: held.append(self._open(folder, mode)))
        ]
        steps += [("append", step(name, seq)) for seq, name in enumerate(inputs)]
        steps.append(("sync", sync))
        if whole:
            steps.append(("finish", lambda: held[0].complete()))
        return [*steps, ("close", lambda: held[0].close())]

    def _open(self, folder: Path, mode: Mode) -> Output:
        return open_output(str(folder / f"out.{self._form}"), mode, CONFIG, form=self._form)


def digest(body: str) -> str:
    """The source_id of a page."""
    return hashlib.sha256(body.encode()).hexdigest()


def line(name: str, seq: int, body: str) -> bytes:
    """The record of a page that could be read."""
    source = Source(body=body.encode(), locator=name)
    reason = Reason(code="list_page", stage="verdict", message="a list")
    record = failed_record(reason, locator=name, seq=seq, config=CONFIG, source=source)
    return dump(record | {"outcome": "not_a_posting", "reason": None})


def run(output: Output, inputs: Mapping[str, str]) -> int:
    """What a run does: keep what is there, append the rest, put in order."""
    fresh = 0
    for seq, (name, body) in enumerate(inputs.items()):
        if output.known(name) == digest(body):
            output.keep(name, seq)
        else:
            output.append(name, seq, line(name, seq, body))
            fresh += 1
    output.complete()
    output.close()
    return fresh


def read(path: Path, form: Format) -> list[dict[str, Any]]:
    """The records as others would read them, in the order in which they stand."""
    if form == "csv":
        import csv

        with path.open(encoding="utf-8-sig", newline="") as file:
            return [dict(row) | {"seq": int(row["seq"])} for row in csv.DictReader(file)]
    if form == "sqlite":
        connection = sqlite3.connect(path)
        rows = connection.execute("SELECT record FROM records ORDER BY seq").fetchall()
        connection.close()
        return [json.loads(row[0]) for row in rows]
    if form == "parquet":
        import pyarrow.parquet

        found: list[dict[str, Any]] = pyarrow.parquet.read_table(path).to_pylist()
        return found
    data = path.read_bytes()
    if form == "jsonl.gz":
        data = gzip.decompress(data)
    elif form == "jsonl.zst":
        import zstandard

        data = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)).read()
    return [json.loads(one) for one in data.splitlines()]
