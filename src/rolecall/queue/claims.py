"""Claims as rows of the table tell of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rolecall.queue.nouns import Claim

COLUMNS: Final = (
    "id, fence, batch, place, submitter, source, body, url, media_type, charset, captured, schema,"
    " priority, attempts, deaths, failures, deferrals, worker, rank"
)
"""What `claim_of` reads, and the rank."""
BODY: Final = COLUMNS.split(", ").index("body")
RANK: Final = COLUMNS.split(", ").index("rank")
PRIORITY: Final = COLUMNS.split(", ").index("priority")


def claim_of(row: Sequence[Any], bodies: Mapping[bytes, bytes]) -> Claim:
    """The claim that a row of `COLUMNS` tells of."""
    told = dict(zip(COLUMNS.split(", ")[:RANK], row, strict=False))
    body = told.pop("body")
    told["worker"] = told["worker"] or ""
    return Claim(
        task=told.pop("id"), body=bodies.get(bytes(body)) if body is not None else None, **told
    )
