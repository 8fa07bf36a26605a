"""All targets by name."""

from __future__ import annotations

from typing import Final

from fuzz import (
    targets_ask,
    targets_files,
    targets_normalise,
    targets_page,
    targets_rest,
    targets_stated,
)
from fuzz.nouns import Target

ALL: Final[dict[str, Target]] = {
    one.name: one
    for part in (
        targets_page,
        targets_stated,
        targets_normalise,
        targets_ask,
        targets_files,
        targets_rest,
    )
    for one in part.TARGETS
}
