"""Engines that fail: servers that do wrong, die, hang, ask to be left alone, or cost too much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from torture.engines_crowd import crowd, loops
from torture.engines_death import deaths
from torture.engines_faults import faults
from torture.engines_money import quota, spend
from torture.engines_time import cancels, clocks, rests
from torture.engines_tokens import tokens
from torture.nouns import Try

GROUPS: Final[Mapping[str, Try]] = {
    "faults": faults,
    "chaos": crowd,
    "clock": clocks,
    "death": deaths,
    "retry_after": rests,
    "quota": quota,
    "spend": spend,
    "tokens": tokens,
    "loops": loops,
    "cancel": cancels,
}
