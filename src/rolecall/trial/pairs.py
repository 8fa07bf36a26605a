"""Which pages are compared in time, and which of two is the slow one.

Pages are taken two by two in the order in which they come, whoever reads them; a two that the
split gave to one side alone is left out. Which of the other two is the challenger's was decided by
the split alone, and both ways are equally likely whatever the share is. So if the time of a page
does not depend on who reads it, the challenger is slow with probability at most 1/2: of the two
ways to deal them, at most one makes it more than ``margin`` times slower. That holds for pages of
any lengths in any order. It fails if the one who forms pairs looks at the times.
"""

from __future__ import annotations

import math
from typing import NamedTuple

MARGIN = 1.2
"""A challenger that takes up to so many times as long is not slow."""


class Timed(NamedTuple):
    """How long a page took, in seconds, and whether the challenger read it."""

    challenger: bool
    seconds: float


def paired(
    waiting: Timed | None, page: Timed, margin: float = MARGIN
) -> tuple[Timed | None, bool | None]:
    """What waits for the next page after ``page``, and whether the challenger was slow.

    The latter is ``None`` where this page makes no pair. A time that is below 0 or not a number
    makes none, and takes the place of no page.
    """
    if not 0.0 <= page.seconds < math.inf:
        return waiting, None
    if waiting is None:
        return page, None
    if waiting.challenger == page.challenger:
        return None, None
    one, other = (page, waiting) if page.challenger else (waiting, page)
    return None, is_slow(one.seconds, other.seconds, margin)


def is_slow(seconds: float, other_seconds: float, margin: float = MARGIN) -> bool:
    """Whether the challenger took more than ``margin`` times as long as the champion.

    Equal times are not slow: a tie counts as a miss. To leave ties out would test whether the
    challenger is slow in half of what is no tie, which may be so where it is slow in few pairs;
    half a hit would be right as well, and later.
    """
    return seconds > margin * other_seconds
