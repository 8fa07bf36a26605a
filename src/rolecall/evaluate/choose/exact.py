"""Exact numbers: read as they are written, kept as fractions, rounded only where they are shown."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction


def exact(number: Decimal | float) -> Fraction:
    """The decimal number that was written, exactly; a float stands for its shortest spelling."""
    return Fraction(Decimal(repr(number)) if isinstance(number, float) else number)


def shown(number: Fraction, digits: int = 2) -> str:
    """``number`` with so many decimals; a half is rounded away from zero (9.05 -> 9.1)."""
    scale = 10**digits
    whole = math.floor(abs(number) * scale + Fraction(1, 2))
    sign = "-" if number < 0 and whole else ""
    units, rest = divmod(whole, scale)
    return f"{sign}{units:,}" + (f".{rest:0{digits}d}" if digits else "")


def percent(number: Fraction, digits: int = 1) -> str:
    """A share in per cent."""
    return f"{shown(100 * number, digits)} %"
