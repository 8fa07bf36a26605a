"""Engines that fail: servers that do wrong, die, hang, ask to be left alone, or cost too much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from torture.engines_faults import faults
from torture.nouns import Try

GROUPS: Final[Mapping[str, Try]] = {
    "faults": faults,
}
