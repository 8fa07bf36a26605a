"""The ratchet: what each case once reached, which it may not fall behind.

``ratchet.json`` holds for each group how many cases there were, in the long form where that was
``full``, and those that are not right. In the short form fewer are tried, and held to the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from torture.nouns import Class, Group

PLACE: Final = Path(__file__).with_name("ratchet.json")


def read(place: Path = PLACE) -> dict[str, Any]:
    """What is pinned, by group."""
    return dict(json.loads(place.read_text("utf-8"))) if place.exists() else {}


def behind(pinned: Mapping[str, Any], name: str, group: Group, *, full: bool) -> list[str]:
    """What of ``group`` is worse than what is pinned, in words."""
    kept = pinned.get(name, {"cases": 0, "others": {}})
    if group.skipped:
        return []
    worse = []
    for case in group.cases:
        least = Class[kept["others"].get(case.name, "RIGHT")]
        if case.found < least:
            told = f": {case.note}" if case.note else ""
            worse.append(f"{name}/{case.name} was {least.name}, is {case.found.name}{told}")
    if full and len(group.cases) < kept["cases"]:
        worse.append(f"{name} had {kept['cases']} cases, has {len(group.cases)}")
    return worse


def is_new(pinned: Mapping[str, Any], name: str, *, full: bool) -> bool:
    """Whether nothing is pinned of a group, or only its short form where this is the long one."""
    return name not in pinned or (full and not pinned[name]["full"])


def pinned_with(
    pinned: Mapping[str, Any], name: str, group: Group, *, full: bool
) -> dict[str, Any]:
    """``pinned`` with what ``group`` reached."""
    others = {one.name: one.found.name for one in group.cases if one.found is not Class.RIGHT}
    held = {"cases": len(group.cases), "full": full, "others": dict(sorted(others.items()))}
    return dict(sorted({**pinned, name: held}.items()))


def write(pinned: Mapping[str, Any], place: Path = PLACE) -> None:
    """Pin."""
    place.write_text(json.dumps(pinned, indent=1, ensure_ascii=True) + "\n", "utf-8")
