"""The nouns of the doctor: a finding with its remedy, and what is left of the set-up."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from rolecall.errors import Error

Level = Literal["ok", "note", "FAIL"]
"""``note`` is worth knowing and no fault; ``FAIL`` does not work."""


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that was looked at. ``remedy`` says what to do where it is not ``well``."""

    name: str
    well: bool
    told: str
    level: Level = "ok"
    remedy: str = ""
    details: dict[str, Any] = {}


def finding(name: str, level: Level, told: str, remedy: str = "", **details: Any) -> Finding:
    """A finding; what is well but for a note stays well."""
    return Finding(
        name=name, well=level != "FAIL", told=told, level=level, remedy=remedy, details=details
    )


def failed(name: str, error: Error) -> Finding:
    """The finding that ``error`` is."""
    return finding(name, "FAIL", str(error), error.hint or "")


class Step(Struct, frozen=True, kw_only=True):
    """A step of the set-up: ``seconds`` that it will take, 0 if it is ``done``; ``basis`` says how
    that is known."""

    name: str
    seconds: float
    done: bool
    basis: str
