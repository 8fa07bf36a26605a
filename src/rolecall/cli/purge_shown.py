"""What is kept and what was forgotten, for people."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from rolecall.cli.tasks_shown import ago
from rolecall.forget.kinds import Kept
from rolecall.table import aligned


def shown(forgotten: Mapping[str, int], kept: Sequence[Kept], *, would: bool) -> str:
    """What went, and a table of what is kept, with where it is below."""
    words = ", ".join(f"{count:,} {name}" for name, count in forgotten.items()) or "nothing"
    text = f"{'would be forgotten' if would else 'forgotten'}: {words}\n"
    now = time.time() * 1000
    rows = [
        (
            one.kind,
            f"{one.count:,}",
            size(one.bytes_),
            ago(now - one.oldest) if one.oldest is not None else "",
            "yes" if one.pages else "",
            one.kept,
        )
        for one in kept
        if one.count
    ]
    if not rows:
        return text + "nothing is kept\n"
    head = ("kept", "count", "size", "oldest", "of pages", "for how long")
    text += "\n" + aligned(head, *rows, worded=True)
    places = dict.fromkeys(one.where for one in kept if one.count)
    return text + "\nin " + "\n   ".join(places) + "\n"


def size(bytes_: int) -> str:
    """Bytes as people read them."""
    for unit, one in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if bytes_ >= one:
            return f"{bytes_ / one:.1f} {unit}"
    return f"{bytes_} B" if bytes_ else ""
