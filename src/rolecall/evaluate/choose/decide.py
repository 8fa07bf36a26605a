"""From a file of candidates to a decision: everything that the record then says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, structs

from rolecall.evaluate.choose.draws import DRAWS, Chances, chances
from rolecall.evaluate.choose.evidence import Evidence, gather
from rolecall.evaluate.choose.floors import check_floors
from rolecall.evaluate.choose.matrix import stand, winners
from rolecall.evaluate.choose.nouns import Selection, Standing
from rolecall.evaluate.choose.pareto import Front, beaten_on_points, measured_front
from rolecall.evaluate.choose.sensitivity import (
    Range,
    Shares,
    Shift,
    least_shift,
    ranges,
    scores_of,
    shares,
)

SURE = 0.95
"""A candidate that comes first less often than this within the intervals is not resolved."""


class Decision(Struct, frozen=True, kw_only=True):
    """What was found. ``first`` is empty where no candidate stands, and has several in a tie.

    ``ranges`` and ``shift`` are about the first of ``first``; they are empty for a tie.
    """

    selection: Selection
    standings: tuple[Standing, ...]
    first: tuple[str, ...]
    ranges: tuple[Range, ...] = ()
    shift: Shift | None = None
    shares: Shares
    chances: Chances
    front: Front
    beaten: Mapping[str, tuple[str, ...]]

    @property
    def winner(self) -> Standing | None:
        """The one candidate that is first, if there is one."""
        if len(self.first) != 1:
            return None
        return next(one for one in self.standings if one.name == self.first[0])

    @property
    def measured(self) -> bool:
        """Whether any figure behind points or a floor was measured: one declared is not."""
        used = [points.figure for one in self.standings for points in one.points]
        used += [one.figures.get(name) for one in self.standings for name in self.selection.floors]
        return any(figure is not None and not figure.trace.declared for figure in used)

    @property
    def sample_sets(self) -> Mapping[str, tuple[str, ...]]:
        """Fingerprint of samples -> the candidates that stand and were measured on them."""
        found: dict[str, list[str]] = {}
        for one in self.standings:
            sets = {figure.trace.samples for figure in one.figures.values()} - {""}
            for name in sorted(sets) if one.stands else ():
                found.setdefault(name, []).append(one.name)
        return {name: tuple(names) for name, names in found.items()}

    @property
    def resolved(self) -> bool:
        """Whether one candidate is first, and stays so within the intervals of what was measured.

        A floor of the winner whose interval lies on both sides leaves the choice open too, and so
        do candidates on different samples, and a choice for which nothing was measured at all.
        """
        if self.winner is None or not self.measured or len(self.sample_sets) > 1:
            return False
        floors = all(one.resolved for one in self.winner.floors)
        return floors and self.chances.chances[self.winner.name] >= SURE


def decide(selection: Selection, folder: Path, *, seed: int = 0, draws: int = DRAWS) -> Decision:
    """Gather the evidence of every candidate from ``folder``, and choose.

    Raises `UsageError` for evidence that is named and cannot be read.
    """
    evidence = {one.name: gather(one, folder) for one in selection.candidates}
    return weigh(selection, evidence, seed=seed, draws=draws)


def weigh(
    selection: Selection, evidence: Mapping[str, Evidence], *, seed: int = 0, draws: int = DRAWS
) -> Decision:
    """Choose on evidence that was gathered; nothing is read."""
    figures = {name: one.figures for name, one in evidence.items()}
    floors = {
        one.name: check_floors(selection, one, figures[one.name], evidence[one.name].findings)
        for one in selection.candidates
    }
    missing = {name: one.missing for name, one in evidence.items()}
    standings = tuple(
        structs.replace(one, findings=evidence[one.name].findings)
        for one in stand(selection, figures, floors, missing)
    )
    first = tuple(one.name for one in winners(standings))
    scores, weights = scores_of(standings), selection.weights
    alone = len(first) == 1
    return Decision(
        selection=selection,
        standings=standings,
        first=first,
        ranges=ranges(scores, weights, first[0]) if alone else (),
        shift=least_shift(scores, weights, first[0]) if alone else None,
        shares=shares(scores, seed=seed),
        chances=chances(standings, weights, seed=seed, draws=draws),
        front=measured_front(standings),
        beaten=beaten_on_points(standings),
    )
