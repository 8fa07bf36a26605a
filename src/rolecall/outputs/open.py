"""The output that the user names, opened as its format wants it."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Final, Literal, get_args

from rolecall.errors import UsageError
from rolecall.inputs.files import shown
from rolecall.outputs.files import refuse_irregular
from rolecall.outputs.nouns import Mode, Output, Wanted
from rolecall.remote.names import is_remote

if TYPE_CHECKING:
    from rolecall.outputs.packed import Packing

Format = Literal["jsonl", "csv", "sqlite", "parquet", "jsonl.gz", "jsonl.zst"]
"""What an output can be."""

FORMATS: Final[tuple[Format, ...]] = get_args(Format)

ENDINGS: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".sqlite": "sqlite",
    ".sqlite3": "sqlite",
    ".db": "sqlite",
    ".parquet": "parquet",
    ".gz": "jsonl.gz",
    ".zst": "jsonl.zst",
}


def format_of(path: str) -> Format:
    """The format that the name's ending says; JSON Lines for every other one.

    Raises:
        UsageError: the ending says that another format than JSON Lines is to be compressed.
    """
    name = path.lower()
    fitting = (one for ending, one in ENDINGS.items() if name.endswith(ending))
    found: Format = next(fitting, "jsonl")
    inner = os.path.splitext(os.path.splitext(name)[0])[1]
    if found in ("jsonl.gz", "jsonl.zst") and inner in ENDINGS:
        raise UsageError(
            f"{shown(path)}: only JSON Lines are compressed as a whole, not {inner}",
            hint=f"name it {inner}, or say --format {found}",
        )
    return found


def open_output(
    path: str,
    mode: Mode,
    config: str,
    *,
    with_text: bool = False,
    fields: tuple[str, ...] | None = None,
    form: Format | None = None,
) -> Output:
    """Open an output and lock it; ``form`` or else its name's ending says which format it has.

    ``fields`` are the top-level fields of a user's schema.

    Raises:
        UsageError: where ``mode`` forbids it, or what is there is another run's.
    """
    wanted = Wanted(config=config, with_text=with_text, fields=fields)
    form = form or format_of(path)
    if is_remote(path):
        from rolecall.outputs.away import open_away

        here = functools.partial(_opened, wanted=wanted, form=form)
        return open_away(path, mode, here, os.environ)
    refuse_irregular(path)
    return _opened(path, mode, wanted, form)


def _opened(path: str, mode: Mode, wanted: Wanted, form: Format) -> Output:
    if form in ("jsonl", "csv"):
        from rolecall.outputs.csv import Csv
        from rolecall.outputs.json_lines import JsonLines
        from rolecall.outputs.rows import open_rows

        return open_rows(path, mode, wanted, Csv(wanted) if form == "csv" else JsonLines())
    if form == "sqlite":
        from rolecall.outputs.sqlite import open_database

        return open_database(path, mode, wanted)
    from rolecall.outputs.packed import open_packed

    return open_packed(path, mode, wanted, _packing(form, wanted))


def _packing(form: Format, wanted: Wanted) -> Packing:
    if form == "parquet":
        from rolecall.outputs.parquet import Parquet

        return Parquet(wanted)
    from rolecall.outputs.compressed import Compressed

    return Compressed("gz" if form == "jsonl.gz" else "zst")
