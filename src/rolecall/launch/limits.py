"""How patient the keeper of a server is, and how long it pauses after a fault."""

from __future__ import annotations

from typing import Final

from msgspec import Struct


class Limits(Struct, frozen=True, kw_only=True):
    """How patient the keeper is; seconds, and counts.

    A start may print nothing for ``patience``. A running server is asked every ``every``; after
    ``misses`` answers missed in a row, or ``stuck`` without a token while requests are in work, it
    is started again, as is one that gives no token within ``answer`` while it has nothing to do,
    ``tries`` times in a row, after ``first`` doubled up to ``longest``. After ``well`` without a
    fault the count begins anew. Draining takes at most ``drain``. ``step`` is how long it sleeps
    where it can only look again, ``grace`` how long a server that was replaced takes requests that
    were on their way. What a server started may outlive it for ``linger``, then the keeper goes on
    all the same.
    """

    patience: float = 1_200.0
    every: float = 5.0
    misses: int = 3
    stuck: float = 600.0
    answer: float = 4.0
    tries: int = 5
    first: float = 1.0
    longest: float = 60.0
    well: float = 600.0
    drain: float = 60.0
    step: float = 0.25
    grace: float = 2.0
    linger: float = 30.0


LIMITS: Final = Limits()


def pause(failures: int, limits: Limits, chance: float) -> float:
    """Seconds to wait before start number ``failures`` in a row: doubled each time, up to the
    longest, and of that between half and all by ``chance``, so that many do not start at once."""
    longest: float = min(limits.longest, limits.first * 2 ** min(failures - 1, 30))
    return longest * (0.5 + chance / 2)
