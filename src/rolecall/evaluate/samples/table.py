"""A CSV table -> samples: one row a page, one column a field."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from rolecall.errors import UsageError
from rolecall.evaluate.nouns import Sample
from rolecall.evaluate.samples.check import near
from rolecall.evaluate.samples.faults import Faults
from rolecall.evaluate.samples.row import sample_of
from rolecall.inputs.files import shown
from rolecall.schema.fields import Field
from rolecall.schema.links import known_names, words_of
from rolecall.schema.schema import Schema

SOURCES: Final = ("source", "page", "file", "html_file", "path")
"""Names of a column of pages."""

OTHERS: Final = ("id", "url", "site", "language", "captured", "posting")
NULL: Final = "null"
"""A cell that says that the page holds no value."""

ITEMS: Final = re.compile(r"(?:(?<!\s)\s+)?[;|\n]\s*")
LONGEST_CELL: Final = 10 << 20
YES: Final = frozenset({"1", "true", "yes", "y"})
NO: Final = frozenset({"0", "false", "no", "n"})


class Reading(Struct, frozen=True, kw_only=True):
    """How a table is read.

    ``columns`` maps columns to fields, beside those that bear the name of one. ``source`` is the
    column of pages, which lie in ``pages``. ``empty_is_null`` takes an empty cell for "the page
    holds none"; else nobody has labelled it.
    """

    columns: Mapping[str, str] = {}
    source: str = ""
    pages: Path | None = None
    empty_is_null: bool = False
    schema: Schema | None = None


def table_samples(path: Path, reading: Reading, notices: list[str]) -> Iterator[Sample]:
    """The samples of a table; ``notices`` are told which columns were left out.

    Raises `UsageError` with file, line and remedy for a table, a column or a cell that cannot be
    used.
    """
    schema = reading.schema or Schema.posting()
    fields = {".".join(one.path): one for one in schema.fields}
    if schema.is_posting:
        fields.pop("location", None) if "locations" in fields else None
    folder = reading.pages if reading.pages is not None else path.parent
    csv.field_size_limit(LONGEST_CELL)
    faults = Faults()
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is no regular file", hint="name a CSV file")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            file.seek(0)
            rows = csv.reader(file, delimiter=_delimiter(head), strict=True)
            header = [name.strip() for name in next(rows, [])]
            columns = _columns(header, fields, reading, path, notices)
            for row in rows:
                if any(cell.strip() for cell in row):
                    where = f"{shown(str(path))}:{rows.line_num}"
                    read = partial(_sample, row, columns, header, fields, reading, where, folder)
                    if (sample := faults.keep(read)) is not None:
                        yield sample
    except csv.Error as error:
        raise UsageError(f"{path} is no CSV table: {error}", hint="export it as CSV") from None
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path} is not UTF-8: {error.reason} at byte {error.start}",
            hint="export it as CSV in UTF-8",
        ) from None
    except OSError as error:
        told = (error.strerror or str(error)).lower()
        raise UsageError(f"cannot read {path}: {told}", hint="name a CSV file") from None
    faults.demand_none()


def _delimiter(head: str) -> str:
    return max(",;\t", key=head.count)


def _columns(
    header: Sequence[str],
    fields: Mapping[str, Field],
    reading: Reading,
    path: Path,
    notices: list[str],
) -> list[str]:
    """For each column its field or key, or nothing; the source is called ``source``."""
    for column, field in reading.columns.items():
        if column not in header:
            raise UsageError(f"{path} has no column {column!r}", hint=near(column, header))
        if field not in fields and field not in OTHERS:
            raise UsageError(f"there is no field {field!r}", hint=near(field, (*fields, *OTHERS)))
    if reading.source and reading.source not in header:
        raise UsageError(
            f"{path} has no column {reading.source!r}", hint=near(reading.source, header)
        )
    lower = {name.lower() for name in header}
    source = reading.source.lower() or next((name for name in SOURCES if name in lower), "")
    out = []
    for name in header:
        plain = "_".join(name.lower().split())
        if name.lower() == source:
            out.append("source")
        elif name in reading.columns:
            out.append(reading.columns[name])
        elif plain in fields or plain in OTHERS:
            out.append(plain)
        else:
            out.append("")
            if name:
                notices.append(_left_out(name, fields))
    if "source" not in out:
        raise UsageError(
            f"{path} has no column of pages",
            hint=f"name it: --source-column NAME; there are: {', '.join(header)}",
        )
    doubled = sorted({name for name in out if name and out.count(name) > 1})
    if doubled:
        raise UsageError(
            f"{path}: two columns are {doubled[0]}", hint="rename one, or map the other away"
        )
    return out


def _left_out(name: str, fields: Mapping[str, Field]) -> str:
    meant = known_names().get(" ".join(words_of(name)))
    meant = "locations" if meant == "location" and "locations" in fields else meant
    told = f"column {name!r} was left out"
    return f"{told}; --column {name!r}={meant} takes it" if meant in fields else told


def _sample(
    row: Sequence[str],
    columns: Sequence[str],
    header: Sequence[str],
    fields: Mapping[str, Field],
    reading: Reading,
    where: str,
    folder: Path,
) -> Sample:
    if len(row) != len(header):
        raise UsageError(
            f"{where}: {len(row)} cells under {len(header)} columns",
            hint="put cells that hold the separator into quotes",
        )
    out: dict[str, Any] = {"expected": {}}
    for name, cell in zip(columns, row, strict=True):
        cell = cell.strip()
        if not name or (not cell and (not reading.empty_is_null or name not in fields)):
            continue
        if name in fields:
            value = None if cell.lower() in ("", NULL) else _value(cell, fields[name], where)
            _put(out["expected"], fields[name].path, value)
        elif name == "posting":
            out[name] = _truth(cell, name, where)
        else:
            out[name] = cell
    return sample_of(out, where, folder, reading.schema)


def _put(expected: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for name in path[:-1]:
        expected = expected.setdefault(name, {})
    expected[path[-1]] = value


def _value(cell: str, field: Field, where: str) -> Any:
    """What a cell says, as the field holds it."""
    name = ".".join(field.path)
    if field.kind in ("list", "rows"):
        items = [item for item in ITEMS.split(cell) if item]
        if field.kind == "rows":
            return [{"text": item} for item in items]
        return [_listed(item, field.values) for item in items]
    if field.kind in ("number", "integer"):
        try:
            number = float(cell.replace(" ", ""))
            return int(number) if number.is_integer() else number
        except (ValueError, OverflowError):
            raise UsageError(
                f"{where}: {name}: {cell!r} is no number", hint="write it plainly, such as 45000"
            ) from None
    if field.kind == "boolean":
        return _truth(cell, name, where)
    if field.kind == "any":
        return cell
    return _listed(cell, field.values)


def _listed(cell: str, values: tuple[Any, ...] | None) -> str:
    """A listed value as it is spelled in the schema; anything else as it stands."""
    spelled = "_".join(re.findall(r"\w+", cell.lower()))
    for value in values or ():
        if isinstance(value, str) and "_".join(re.findall(r"\w+", value.lower())) == spelled:
            return value
    return cell


def _truth(cell: str, name: str, where: str) -> bool:
    if cell.lower() not in YES | NO:
        raise UsageError(f"{where}: {name}: {cell!r} is neither true nor false", hint="write true")
    return cell.lower() in YES
