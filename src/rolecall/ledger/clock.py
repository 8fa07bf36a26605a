"""The time as the ledger takes it: an aware moment, given from outside so that tests can set it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present moment, with its time zone."""


def utc_now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)
