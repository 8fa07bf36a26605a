"""What earlier runs did, in a form that every machine of a Ray run holds once.

Ray keeps NumPy arrays in memory that all processes of a machine share; a record takes 48 bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from rolecall.outputs.nouns import IDENTITY, identity

SOURCE = 32  # bytes of a source_id
WORDS = (IDENTITY + SOURCE) // 8


class Known(Struct, frozen=True):
    """The first and the second half of each identity, sorted by the first; their source_ids."""

    firsts: Any
    seconds: Any
    sources: Any

    @classmethod
    def of(cls, records: Iterable[tuple[bytes, bytes]]) -> Known | None:
        """From (identity, source_id) in any order; ``None`` if there is none."""
        import numpy as np

        packed = bytearray()
        for key, source in records:
            packed += key + source
        if not packed:
            return None
        table = np.frombuffer(packed, dtype=">u8").reshape(-1, WORDS)
        table = table[np.argsort(table[:, 0])]
        return cls(table[:, 0].astype("u8"), table[:, 1].astype("u8"), table[:, 2:].copy())

    def get(self, locator: str) -> str | None:
        """The source_id that an earlier run wrote for ``locator``."""
        key = identity(locator)
        first, second = int.from_bytes(key[:8]), int.from_bytes(key[8:])
        place = int(self.firsts.searchsorted(self.firsts.dtype.type(first)))
        while place < len(self.firsts) and int(self.firsts[place]) == first:
            if int(self.seconds[place]) == second:
                source: str = self.sources[place].tobytes().hex()
                return source
            place += 1
        return None
