"""Parquet: typed columns for the posting, evidence and all else nested beside it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from importlib.util import find_spec
from typing import Any, Final

import orjson

from rolecall.errors import UsageError
from rolecall.inputs.files import shown
from rolecall.outputs.files import not_ours, other_text, says
from rolecall.outputs.nouns import Head, Wanted
from rolecall.outputs.parquet_rows import Kind, fitting, kinds, to_line, to_row
from rolecall.record import SCHEMA_VERSION

LAYOUT: Final = 1
"""Raised when the columns change their meaning."""

KEY: Final = b"rolecall"
"""The file's metadata under this key is what the records have in common, as JSON."""

ROWS: Final = 500
"""Records that are turned into columns at once."""

BATCH: Final = 1 << 24
"""Bytes of lines from which on fewer are turned into columns at once."""

GROUP: Final = 1 << 25
"""Bytes of a row group in memory, about."""

LEVEL: Final = 3
NEEDED: Final = ("seq", "source", "source_id", "outcome", "reason", "config")


class Parquet:
    """The packing of ``.parquet``.

    The library is loaded when it is first used: for a new output that is when its records are
    written, after the worker processes have ended. ``group`` is the size of a row group in memory.
    """

    def __init__(self, wanted: Wanted, *, group: int = GROUP) -> None:
        self._wanted, self._group = wanted, group
        if find_spec("pyarrow") is None:
            raise UsageError(
                "Parquet needs a package that is not installed",
                hint="pip install 'rolecall[batch]'",
            )

    @cached_property
    def _arrow(self) -> Any:
        import pyarrow

        return pyarrow

    @cached_property
    def _files(self) -> Any:
        import pyarrow.parquet

        return pyarrow.parquet

    def heads(self, path: str) -> Iterator[Head]:
        """The head of every record in a file."""
        with self._open(path) as file:
            self._check(path, file.schema_arrow)
            for row in self._rows(path, file, NEEDED):
                reason = row["reason"] or {}
                yield Head(
                    row["seq"],
                    row["source"],
                    row["source_id"],
                    row["outcome"] == "failed",
                    bool(reason.get("retryable")),
                    row["config"],
                    self._wanted.with_text,
                )

    def lines(self, path: str) -> Iterator[bytes]:
        """Every record in a file, as its line was."""
        with self._open(path) as file:
            for row in self._rows(path, file, None):
                yield to_line(row, self._wanted) + b"\n"

    def write(self, path: str, lines: Iterator[bytes]) -> None:
        """Write a file with these records, a row group at a time."""
        schema = self._schema()
        with self._files.ParquetWriter(
            path, schema, compression="zstd", compression_level=LEVEL, write_page_checksum=True
        ) as writer:
            group: list[Any] = []
            size = 0
            while some := _some(lines):
                batch = self._batch(some, schema)
                group.append(batch)
                size += batch.nbytes
                if size >= self._group:
                    writer.write_table(self._arrow.Table.from_batches(group, schema))
                    group, size = [], 0
            if group:
                writer.write_table(self._arrow.Table.from_batches(group, schema))

    def _batch(self, lines: list[bytes], schema: Any) -> Any:
        rows = [to_row(line, self._wanted) for line in lines]
        make = self._arrow.RecordBatch.from_pylist
        try:
            return make(rows, schema)
        except (self._arrow.ArrowException, TypeError, ValueError, OverflowError):
            pairs = zip(rows, lines, strict=True)
            return make([fitting(row, self._wanted, line) for row, line in pairs], schema)

    def _rows(self, path: str, file: Any, columns: tuple[str, ...] | None) -> Iterator[Any]:
        try:
            for group in range(file.num_row_groups):  # what is read at once is no more than one
                for batch in file.iter_batches(
                    ROWS, row_groups=[group], columns=columns, use_threads=False
                ):
                    yield from batch.to_pylist()
        except (self._arrow.ArrowException, OSError) as error:
            raise not_ours(f"{shown(path)} is damaged: {says(error)}") from error

    def _open(self, path: str) -> Any:
        try:
            return self._files.ParquetFile(path, pre_buffer=False, page_checksum_verification=True)
        except self._arrow.ArrowException as error:
            raise not_ours(f"{shown(path)} is not Parquet") from error
        except OSError as error:
            if error.errno is None:  # not of the system's: what it reads makes no sense
                raise not_ours(f"{shown(path)} is damaged: {says(error)}") from error
            raise UsageError(f"cannot read {shown(path)}: {says(error)}") from error

    def _check(self, path: str, schema: Any) -> None:
        """Refuse a file of another program's, and one of another shape."""
        try:
            about = orjson.loads((schema.metadata or {})[KEY])
            layout, with_text = about["layout"], about["with_text"]
        except (KeyError, TypeError, ValueError):
            raise not_ours(f"{shown(path)} is Parquet, but not of rolecall extract") from None
        if layout != LAYOUT:
            raise not_ours(f"{shown(path)} was written by another version of rolecall ({layout})")
        if with_text != self._wanted.with_text:
            raise other_text(path, self._wanted.with_text)
        if not schema.equals(self._schema()):
            raise not_ours(f"{shown(path)} has other columns")

    def _schema(self) -> Any:
        columns = [(name, self._type(kind)) for name, kind in kinds(self._wanted).items()]
        fields = None if self._wanted.fields is None else list(self._wanted.fields)
        about = {
            "layout": LAYOUT,
            "schema_version": SCHEMA_VERSION,
            "with_text": self._wanted.with_text,
            "fields": fields,
        }
        return self._arrow.schema(columns, metadata={KEY: orjson.dumps(about)})

    def _type(self, kind: Kind) -> Any:
        arrow = self._arrow
        if isinstance(kind, list):
            return arrow.list_(self._type(kind[0]))
        if isinstance(kind, dict):
            return arrow.struct([(name, self._type(one)) for name, one in kind.items()])
        return {
            "string": arrow.string(),
            "int": arrow.int64(),
            "float": arrow.float64(),
            "bool": arrow.bool_(),
            "map": arrow.map_(arrow.string(), arrow.float64()),
        }[kind]


def _some(lines: Iterator[bytes]) -> list[bytes]:
    """The next lines without their ends, as many as are turned into columns at once."""
    found: list[bytes] = []
    size = 0
    for line in lines:
        found.append(line[:-1])
        size += len(line)
        if len(found) >= ROWS or size >= BATCH:
            break
    return found
