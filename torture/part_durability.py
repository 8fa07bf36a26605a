"""Durability: nothing that was acknowledged is lost or done twice, whatever dies meanwhile."""

from __future__ import annotations

from typing import Final

from torture.durability_points import commit_points
from torture.nouns import Try

GROUPS: Final[dict[str, Try]] = {
    "commit_points": commit_points,
}
