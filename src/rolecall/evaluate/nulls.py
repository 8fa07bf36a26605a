"""How often an empty unit is rightly empty: the figures of ``route.NULL_TRUST``.

    python -m rolecall.evaluate.nulls [--corpus DIR] [--records FILE]

Reads the records that ``make gate`` leaves behind, each page read without its site.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from rolecall.evaluate.annotated import load_annotated
from rolecall.schema.posting import UNITS

GOLD: Final[Mapping[str, tuple[str, ...]]] = {
    "places": ("location",),
    "salary": ("salary_min", "salary_max"),
    "experience": ("experience_years_min", "experience_years_max"),
    "description": ("description_start",),
}
"""Unit -> the annotations that say whether it is there, where they have other names."""


def nulls(
    records: Iterable[Mapping[str, Any]], gold: Mapping[str, Mapping[str, Any]]
) -> dict[str, tuple[int, int]]:
    """Unit -> (pages on which nothing was found and nothing is there, pages with nothing found)."""
    out: dict[str, tuple[int, int]] = {}
    for record in records:
        answer = gold.get(Path(record["source"]).name.split(".")[0])
        data = record["data"]
        if answer is None or not data:
            continue
        for unit, names in UNITS.items():
            if all(data.get(name) is None for name in names):
                right, all_ = out.get(unit, (0, 0))
                there = any(answer.get(name) for name in GOLD.get(unit, (names[0],)))
                out[unit] = (right + (not there), all_ + 1)
    return out


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    root = Path.cwd()
    parser.add_argument("--corpus", type=Path, default=root.parent / "shared" / "corpus")
    parser.add_argument("--records", type=Path, default=root / "build" / "gate" / "records.jsonl")
    args = parser.parse_args()
    gold = {sample.id: sample.gold for sample in load_annotated(args.corpus)}
    rows = (json.loads(line) for line in args.records.read_text("utf-8").splitlines())
    for unit, (right, all_) in sorted(
        nulls(rows, gold).items(), key=lambda row: row[1][0] / row[1][1]
    ):
        print(f"{unit:22}{right / all_:6.2f}{right:6} of {all_}")


if __name__ == "__main__":
    main()
