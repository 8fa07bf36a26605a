"""Claims as rows of the table tell of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from rolecall.queue.nouns import Claim

COLUMNS: Final = (
    "id, fence, batch, place, submitter, source, url, media_type, charset, captured, schema,"
    " priority, attempts, deaths, failures, deferrals, worker, rank"
)
"""What `claim_of` reads, and the rank."""
RANK: Final = COLUMNS.split(", ").index("rank")
PLACE: Final = COLUMNS.split(", ").index("place")
PRIORITY: Final = COLUMNS.split(", ").index("priority")
_NAMES: Final = COLUMNS.split(", ")[:RANK]


def claim_of(row: Sequence[Any], body: bytes | None = None) -> Claim:
    """The claim that a row of `COLUMNS` tells of, with its page."""
    told = dict(zip(_NAMES, row, strict=False))
    told["worker"] = told["worker"] or ""
    return Claim(task=told.pop("id"), body=body, **told)
