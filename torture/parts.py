"""The parts, and their groups by name."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from torture.nouns import Try

FOLDER: Final = Path(__file__).parent


def groups(only: Sequence[str] = ()) -> dict[str, Try]:
    """The groups whose ``part/group`` begins with one of ``only``, or all: parts by name.

    Other parts are not loaded: what they bring along would count as memory of the pages'.
    """
    found: dict[str, Try] = {}
    for path in sorted(FOLDER.glob("part_*.py")):
        part = path.stem.removeprefix("part_")
        if only and not any(part.startswith(one.partition("/")[0]) for one in only):
            continue
        module = importlib.import_module(f"torture.{path.stem}")
        found.update({f"{part}/{name}": tried for name, tried in module.GROUPS.items()})
    return {
        name: tried
        for name, tried in found.items()
        if not only or any(name.startswith(one) for one in only)
    }
