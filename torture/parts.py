"""The parts, and their groups by name."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Final

from torture.nouns import Try

FOLDER: Final = Path(__file__).parent


def groups() -> dict[str, Try]:
    """All groups as ``part/group``, parts by name, groups in the order of their part."""
    found: dict[str, Try] = {}
    for path in sorted(FOLDER.glob("part_*.py")):
        part = path.stem.removeprefix("part_")
        module = importlib.import_module(f"torture.{path.stem}")
        found.update({f"{part}/{name}": tried for name, tried in module.GROUPS.items()})
    return found
