"""The nouns of the torture: a case with its class, a figure with its goal, a group of both."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

RULE_OF_THREE: Final = 3.0
"""None of N seen: at 95 % the true share is at most 3/N (Hanley and Lippman-Hand, JAMA 1983)."""


class Class(enum.IntEnum):
    """What became of a case, from worst to best. A case may only move up."""

    CRASHED = 0
    """The process died, or an error came that nobody had foreseen."""
    HUNG = 1
    """It took longer than is allowed, or more memory."""
    LOST = 2
    """Something that was accepted is gone, or is there twice."""
    WRONG = 3
    """It ended, with something that is not true: a wrong value, outcome, or no word of a loss."""
    SHORT = 4
    """Nothing is wrong or lost, but a user would wish for more."""
    RIGHT = 5
    """As it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One thing that was tried. ``name`` is stable between runs; ``note`` says what was seen."""

    name: str
    found: Class
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Something that was measured. ``held`` is None where there is no goal to hold."""

    name: str
    value: float
    unit: str = ""
    goal: str = ""
    held: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What a group of cases came to. ``said`` is one line for people: what is tried here."""

    said: str
    cases: tuple[Case, ...] = ()
    figures: tuple[Figure, ...] = ()
    skipped: str = ""
    """Why nothing was tried, where nothing was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How to try.

    ``full`` asks for the long form (else what fits into CI); ``scratch`` is an empty folder of the
    group's own; ``shared`` holds public test suites and pages, and is None where they are absent.
    """

    seed: int
    full: bool
    scratch: Path
    shared: Path | None
    say: Callable[[str], None]
    """Progress, a line at a time."""

    def number(self, quick: int, full: int) -> int:
        """``full`` in the long form, else ``quick``."""
        return full if self.full else quick


Try = Callable[[Terms], Group]
"""Tries a group of cases. It raises only what is a defect of the torture itself."""


def bound(bad: int, of: int) -> float | None:
    """The highest share that none of ``of`` still allows at 95 %; None where something was bad."""
    return None if bad or not of else min(1.0, RULE_OF_THREE / of)
