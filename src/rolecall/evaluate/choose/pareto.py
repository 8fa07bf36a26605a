"""Who is beaten on everything: the Pareto front of figures, and of points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from msgspec import Struct

from rolecall.evaluate.choose.measures import COSTS, MEASURES, QUALITY
from rolecall.evaluate.choose.nouns import Standing


class Front(Struct, frozen=True, kw_only=True):
    """``axes`` are the measures that all of ``placed`` have; ``left_out`` says what was not used.

    ``beaten`` maps a candidate off the front to those that are no worse in anything and better in
    something; the others are on the front.
    """

    axes: tuple[str, ...]
    placed: tuple[str, ...]
    beaten: Mapping[str, tuple[str, ...]]
    left_out: tuple[str, ...] = ()

    @property
    def front(self) -> tuple[str, ...]:
        """Those that nobody beats."""
        return tuple(name for name in self.placed if name not in self.beaten)


def measured_front(standings: Sequence[Standing]) -> Front:
    """The front of one quality (up) against GPU memory, cost and latency (down).

    A measure that some candidate lacks cannot place it and is left out, by name; candidates
    without the quality are not placed.
    """
    quality = next((name for name in QUALITY if any(name in one.figures for one in standings)), "")
    placed = [one for one in standings if quality in one.figures]
    left_out = [
        f"{one.name} is not placed: it has no figure for {quality}"
        for one in standings
        if quality and one not in placed
    ]
    axes = [quality] if quality else []
    for name in COSTS:
        lacking = [one.name for one in placed if name not in one.figures]
        if not lacking:
            axes.append(name)
        elif len(lacking) < len(placed):
            left_out.append(f"{name} is left out: {', '.join(lacking)} has no figure for it")
    if not placed or len(axes) < 2:
        return Front(axes=(), placed=(), beaten={}, left_out=tuple(left_out))
    values = {
        one.name: tuple(
            one.figures[name].value * (1 if MEASURES[name].better == "up" else -1) for name in axes
        )
        for one in placed
    }
    return Front(
        axes=tuple(axes),
        placed=tuple(values),
        beaten=dominated(values),
        left_out=tuple(left_out),
    )


def beaten_on_points(standings: Sequence[Standing]) -> Mapping[str, tuple[str, ...]]:
    """The candidates that no weights can put first alone, and who has no fewer points anywhere.

    Only candidates that stand are looked at.
    """
    return dominated(
        {
            one.name: tuple(points.score or Fraction(0) for points in one.points)
            for one in standings
            if one.stands
        }
    )


def dominated(values: Mapping[str, tuple[Fraction, ...]]) -> dict[str, tuple[str, ...]]:
    """Name -> those that are at least as great in everything and greater in something."""
    found = {}
    for name, own in values.items():
        better = tuple(
            other
            for other, theirs in values.items()
            if theirs != own and all(a >= b for a, b in zip(theirs, own, strict=True))
        )
        if better:
            found[name] = better
    return found
