"""Print records as a table: what each page says, and how many of its values have evidence.

Reads the JSON Lines file that it is given, as ``rolecall extract --out`` writes it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

COLUMNS = (("page", 28), ("title", 38), ("company", 28), ("location", 26), ("pay", 24))


def pay(data: Mapping[str, Any]) -> str:
    """The salary in a few words, e.g. ``36000-39500 GBP/year``."""
    low, high = data.get("salary_min"), data.get("salary_max")
    if low is None and high is None:
        return ""
    if low is None or high is None:
        amount = f"from {low:g}" if high is None else f"up to {high:g}"
    else:
        amount = f"{low:g}" if low == high else f"{low:g}-{high:g}"
    period = data.get("salary_period")
    return f"{amount} {data.get('salary_currency') or ''}".strip() + (
        f"/{period}" if period else ""
    )


def cut(text: str | None, width: int) -> str:
    """``text`` in exactly ``width`` characters."""
    text = text or ""
    return (text if len(text) <= width else text[: width - 1] + "…").ljust(width)


def row(record: Mapping[str, Any]) -> str:
    """One line of the table."""
    page = Path(record["source"]).name
    data = record["data"]
    if not data:
        reason = record["reason"] or {}
        return f"{cut(page, 28)}  {record['outcome']}: {reason.get('code')}"
    cells = (page, data.get("title"), data.get("company"), data.get("location"), pay(data))
    return "  ".join(cut(cell, width) for cell, (_, width) in zip(cells, COLUMNS, strict=True))


def table(path: Path) -> str:
    """The table of all records in ``path``, with a line of sums."""
    records = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    postings = [record for record in records if record["data"]]
    evidence = [one for record in postings for one in record["evidence"].values()]
    spans = sum(one["start"] is not None for one in evidence)
    return "\n".join(
        [
            "  ".join(cut(name, width) for name, width in COLUMNS).rstrip(),
            *(row(record).rstrip() for record in records),
            "",
            f"{len(records)} pages, {len(postings)} postings, {len(evidence)} values with "
            f"evidence, {spans} of them at a place in the visible text",
            f"All records: {path}",
        ]
    )


if __name__ == "__main__":
    print(table(Path(sys.argv[1])))
