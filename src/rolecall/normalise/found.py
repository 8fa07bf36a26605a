"""The one thing every finder of this room returns."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Found(Struct, frozen=True, kw_only=True):
    """A value read from a string: where it stood, and what is doubtful about it.

    ``start`` and ``end`` are characters of the string that was searched. ``cue`` names the kind of
    wording that was matched (a finder documents its cues); ``problem`` says why ``value`` is
    ``None`` or partly ``None``.
    """

    value: Any
    start: int
    end: int
    cue: str = ""
    problem: str | None = None
