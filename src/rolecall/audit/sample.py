"""Which pages are audited: a share of them, chosen by their content alone."""

from __future__ import annotations

import hashlib
from typing import Final

SALT: Final = b"audit"
"""Makes this choice another one than any that is made by the same hashes elsewhere."""
BYTES: Final = 8


def place_of(page: str) -> float:
    """Where a page stands between 0 and 1, by its hash in hexadecimal (a record's ``source_id``).

    The same page stands in the same place everywhere, and pages are spread evenly: those under a
    share are that share of them, and a larger share adds pages and drops none.
    """
    told = hashlib.sha256(SALT + page.encode()).digest()
    return int.from_bytes(told[:BYTES], "big") / (1 << 8 * BYTES)


def chosen(page: str, share: float) -> bool:
    """Whether a page is one of the ``share`` (0 to 1) that is audited."""
    return share >= 1.0 or place_of(page) < share
