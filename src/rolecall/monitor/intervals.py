"""The interval of a share. Plain arithmetic: figures are read where there is no numpy."""

from __future__ import annotations

import math
from typing import Final

Z: Final = 1.959963984540054
"""The 97.5 % quantile of the normal distribution: intervals are of 95 %."""


def wilson(part: float, whole: float) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927); of nothing, all there is."""
    if whole <= 0:
        return 0.0, 1.0
    share, square = min(1.0, max(0.0, part / whole)), Z * Z
    middle = (share + square / (2 * whole)) / (1 + square / whole)
    spread = math.sqrt(share * (1 - share) / whole + square / (4 * whole * whole))
    reach = Z / (1 + square / whole) * spread
    low = 0.0 if share <= 0 else max(0.0, middle - reach)
    high = 1.0 if share >= 1 else min(1.0, middle + reach)
    return low, high
