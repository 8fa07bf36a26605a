"""What the reader's parts put forward for one unit, and the features they share."""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from rolecall.core import Problem, Span
from rolecall.reader.blocks import Tagged
from rolecall.reader.linear import Group
from rolecall.reader.lines import Line


class _Fields(NamedTuple):
    unit: str
    value: Any
    span: Span | None
    singles: tuple[str, ...]
    groups: tuple[Group, ...]
    pointer: str | None
    problems: tuple[Problem, ...]


class Proposal(_Fields):
    """One value that a unit may have, where it stands, and what speaks for and against it.

    Features that many proposals share come as ``groups``, whose weights a ranker sums once.
    """

    __slots__ = ()

    def __new__(
        cls,
        *,
        unit: str,
        value: Any,
        span: Span | None,
        features: tuple[str, ...] = (),
        groups: tuple[Group, ...] = (),
        pointer: str | None = None,
        problems: tuple[Problem, ...] = (),
    ) -> Proposal:
        """A proposal with ``features`` of its own and those of its ``groups``."""
        row = (unit, value, span, features, groups, pointer, problems)
        return tuple.__new__(cls, row)

    @property
    def features(self) -> tuple[str, ...]:
        """All features, those of the groups too."""
        return (*self.singles, *chain.from_iterable(self.groups))


def bins(count: int) -> str:
    """A coarse name for a distance or a count."""
    if count < 4:
        return str(count)
    return "4+" if count < 8 else "8+" if count < 16 else "16+" if count < 32 else "32+"


def place_features(tagged: Tagged, index: int) -> Group:
    """Where a line stands: zone, distance to the body, kind, tag, hints of its labels."""
    block, zone, share = tagged.lines[index].block, tagged.zones[index], tagged.shares[index]
    if zone == "head":
        away = f"up={bins(tagged.first - index)}"
    elif zone == "after":
        away = f"down={bins(index - tagged.last)}"
    else:
        away = f"in={bins(index - tagged.first)}"
    heading, field = int(share.get("T", 0.0) * 3.99), int(share.get("F", 0.0) * 3.99)
    return _standing(
        (zone, block.kind, block.tag, away), (heading, field), (block.bold, block.link > 0.5)
    )


@lru_cache(maxsize=4096)
def _standing(
    names: tuple[str, str, str, str], shares: tuple[int, int], marks: tuple[bool, bool]
) -> Group:
    zone, kind, tag, away = names
    out = (f"z={zone}", f"k={kind}", f"t={tag}", away, f"T{shares[0]}", f"F{shares[1]}")
    return (*out, *(name for name, holds in zip(("bold", "link"), marks, strict=True) if holds))


def label_of(tagged: Tagged, index: int) -> tuple[str, ...]:
    """The fields that label a line: its own label, else the label that is the line before."""
    return tagged.labelled[index]


def is_label(line: Line) -> bool:
    """Whether a line is nothing but a label."""
    return bool(line.label) and line.value_at >= len(line.text)


def value_at(line: Line) -> int:
    """Where a line's value begins in its text: behind its own label, if it has one."""
    return line.value_at if line.label and 0 < line.value_at < len(line.text) else 0


def value_span(tagged: Tagged, index: int) -> Span:
    """The span of a line without its own label."""
    line = tagged.lines[index]
    at, span = value_at(line), line.block.span
    return Span(span.start + at, span.end) if at else span
