"""Parquet files: one input for each row, read a few rows at a time and only the columns needed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO

from rolecall.errors import SourceError
from rolecall.inputs.columns import Columns
from rolecall.inputs.files import shown
from rolecall.inputs.nouns import Input, failed
from rolecall.inputs.tables import Cells, no_page, row

BATCH_BYTES = 2 << 20
MOST_ROWS = 64  # a file tells only what a text that is there often takes once
BUFFER = 1 << 20
NEED = "Parquet needs a package: pip install 'rolecall[batch]'"


def parquet(file: BinaryIO, locator: str, limit: int, columns: Columns) -> Iterator[Input]:
    """The rows of a file that can seek; one input that failed where reading stopped.

    Rows are counted from 1. Memory holds one page of each column and a few rows.
    """
    number = 0
    try:
        opened = _opened(file)
        names = _names(opened.schema_arrow, columns)
        for group in range(opened.metadata.num_row_groups):
            size = _rows_at_once(opened.metadata.row_group(group))
            for batch in opened.iter_batches(
                size, row_groups=[group], columns=list(names.values()), use_threads=False
            ):
                for cells in chain.from_iterable(_cells(one, names) for one in _parts(batch)):
                    number += 1
                    yield row(cells, f"{locator}:{number}", limit, columns)
    except SourceError as error:
        yield failed(locator, error.code, str(error))
    except Exception as error:  # pyarrow raises what it likes for a file that is broken
        text = shown(" ".join(str(error).split())[:200]) or type(error).__name__
        if number:
            text = f"reading stopped before row {number + 1}: {text}"
            yield failed(f"{locator}:{number + 1}", "decode_error", text)
        else:
            yield failed(locator, "decode_error", f"cannot be read as Parquet: {text}")


def rows(file: BinaryIO) -> int | None:
    """How many rows a file says that it has."""
    try:
        told = int(_opened(file).metadata.num_rows)
        return told if told >= 0 else 1
    except Exception:  # what is wrong with it is told when it is read
        return 1


def _opened(file: BinaryIO) -> Any:
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise SourceError(NEED) from error
    return ParquetFile(file, pre_buffer=False, buffer_size=BUFFER)


def _rows_at_once(group: Any) -> int:
    """As many rows as are about ``BATCH_BYTES`` long."""
    each = group.total_byte_size / max(1, group.num_rows)
    return max(1, min(MOST_ROWS, int(BATCH_BYTES / max(1.0, each))))


def _parts(batch: Any) -> Iterator[Any]:
    """A batch in parts that stay small when the texts of its dictionaries are written out."""
    import pyarrow
    from pyarrow import compute

    longest = 1
    for column in batch.columns:
        if pyarrow.types.is_dictionary(column.type) and len(column.dictionary):
            if not _holds_bytes(column.type, pyarrow.types):
                continue
            lengths = compute.binary_length(_plain_bytes(column.dictionary))
            longest = max(longest, compute.max(lengths).as_py() or 1)
    step = max(1, BATCH_BYTES // longest)
    for start in range(0, batch.num_rows, step):
        yield batch.slice(start, step)


def _names(schema: Any, columns: Columns) -> dict[str, str]:
    """Parts of an input and the columns that hold them, checked for their types."""
    import pyarrow

    wanted = {part: getattr(columns, part) for part in columns.__struct_fields__}
    there = schema.names
    names = {part: name for part, name in wanted.items() if there.count(name) == 1}
    for name in wanted.values():
        if there.count(name) > 1:
            raise SourceError(f"the file has several columns {name!r}")
    if not {"html", "text"} & names.keys():
        raise no_page(columns, there, "the file")
    for part in ("html", "text"):
        kind = schema.field(names[part]).type if part in names else None
        if kind is not None and not _holds_bytes(kind, pyarrow.types):
            raise SourceError(f"the column {names[part]!r} holds {kind}, neither text nor bytes")
    return names


def _holds_bytes(kind: Any, types: Any) -> bool:
    if types.is_dictionary(kind):
        kind = kind.value_type
    return _is_text(kind, types) or bool(
        types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind)
    )


def _is_text(kind: Any, types: Any) -> bool:
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _plain_bytes(column: Any) -> Any:
    """A column of text or bytes as bytes, whether they are valid text or not."""
    import pyarrow

    small = pyarrow.types.is_string(column.type) or pyarrow.types.is_binary(column.type)
    return column.cast(pyarrow.binary() if small else pyarrow.large_binary())


def _cells(batch: Any, names: dict[str, str]) -> Iterator[Cells]:
    """The rows of a batch; text as the bytes that it is in the file, whether valid or not."""
    import pyarrow

    found: dict[str, list[Any]] = {}
    coded: dict[str, bool] = {}
    for part, name in names.items():
        column = batch.column(batch.schema.get_field_index(name))
        if pyarrow.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        coded[part] = _is_text(column.type, pyarrow.types)
        if coded[part]:
            column = _plain_bytes(column)
        found[part] = column.to_pylist()
    none: list[Any] = [None] * batch.num_rows
    both = zip(
        *(found.get(part, none) for part in ("html", "text", "url", "charset", "captured")),
        strict=True,
    )
    for html, text, url, charset, captured in both:
        told = coded.get("html" if html is not None and (html or not text) else "text", False)
        yield Cells(html, text, told, url, charset, captured)
