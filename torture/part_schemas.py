"""Schemas of users: judged, compiled, held to; and hostile ones, refused in time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from torture.nouns import Try
from torture.schemas_bench import bench, postings
from torture.schemas_cost import clocked, many
from torture.schemas_hostile import hostile
from torture.schemas_suite import official
from torture.schemas_valid import valid

GROUPS: Final[Mapping[str, Try]] = {
    "suite": official,
    "bench": bench,
    "postings": postings,
    "hostile": hostile,
    "time": clocked,
    "many": many,
    "valid": valid,
}
