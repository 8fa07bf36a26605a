"""The output that the user names, opened as its format wants it."""

from __future__ import annotations

from typing import Final, Literal, get_args

from rolecall.errors import UsageError
from rolecall.inputs.files import shown
from rolecall.outputs.files import refuse_irregular
from rolecall.outputs.nouns import Mode, Output, Wanted

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
    """The format that the name's ending says; JSON Lines for every other one."""
    name = path.lower()
    return next((one for ending, one in ENDINGS.items() if name.endswith(ending)), "jsonl")


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
    refuse_irregular(path)
    form = form or format_of(path)
    if form == "jsonl":
        from rolecall.outputs.json_lines import JsonLines
        from rolecall.outputs.rows import open_rows

        return open_rows(path, mode, wanted, JsonLines())
    if form == "csv":
        from rolecall.outputs.csv import Csv
        from rolecall.outputs.rows import open_rows

        return open_rows(path, mode, wanted, Csv(wanted))
    raise UsageError(f"cannot write {shown(path)} as {form}")
