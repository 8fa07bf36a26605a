"""Amounts of memory as people write them, read exactly and shown back."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from rolecall.errors import UsageError
from rolecall.plan.nouns import GIB, MIB

UNITS: Final = {
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
    "k": 2**10,
    "m": 2**20,
    "g": 2**30,
    "t": 2**40,
}
"""Bytes of a unit in small letters; a single letter is the binary one, as Docker has it."""

MOST: Final = 2**50
_WRITTEN: Final = re.compile(r"(\d{1,18}(?:\.\d{1,15})?)\s*([A-Za-z]*)", re.ASCII)


def read_size(text: str) -> int:
    """``8GiB``, ``8 GB`` or ``7.5g`` in bytes, exactly; a fraction of a byte is dropped.

    Raises `UsageError` for what is no size, has no unit, is nothing or more than a pebibyte.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{text!r} is no amount of memory", hint="write it as 8GiB, 8GB or 7.5g")
    unit = found[2].lower()
    if not unit:
        raise UsageError(
            f"{text!r} has no unit",
            hint=f"{found[1]}GiB is {found[1]} x 1024^3 bytes, {found[1]}GB is {found[1]} x 1000^3",
        )
    if unit not in UNITS:
        raise UsageError(f"{found[2]!r} is no unit of memory", hint="GiB, GB, MiB, MB and g are")
    size = int(Decimal(found[1]) * UNITS[unit])
    if not 0 < size <= MOST:
        raise UsageError(f"{text!r} is no memory of a card", hint="cards have 1 to 1000 GiB")
    return size


def gib(size: int) -> str:
    """Bytes as ``4.20 GiB``, small ones as ``144 MiB`` or ``72.0 KiB``."""
    if abs(size) >= GIB // 10:
        return f"{size / GIB:,.2f} GiB"
    if abs(size) >= MIB:
        return f"{size / MIB:,.0f} MiB"
    return f"{size / 1024:,.1f} KiB" if abs(size) >= 1024 else f"{size:,} B"
