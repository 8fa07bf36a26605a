"""Fits a trained reader to a user's labels: rankers drawn to what they were, unit by unit.

A hundred pages are too few to train a reader on and enough to correct one. So the weights of each
ranker start where training left them and are drawn back there; how strongly, and whether at all,
is what pages of held-out sites say. A unit keeps its ranker unless more of their values become
right, by more than the standard error over groups of sites, and the right ones more probable: that
alone is not enough, since a ranker can be surer of what is right and no more often right.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rolecall.evaluate.annotated import Annotated
from rolecall.evaluate.training.choice import Page, fit_choice
from rolecall.evaluate.training.right import has_value, labelled, right
from rolecall.reader import facts
from rolecall.reader.blocks import Tagged, tag
from rolecall.reader.linear import Linear, chances
from rolecall.reader.model import Model
from rolecall.reader.place import propose_places
from rolecall.reader.proposal import Proposal
from rolecall.reader.read import CHOSEN, choose_places, ranked
from rolecall.same.values import same_place_words, set_f1
from rolecall.same.words import words

STRENGTHS: Final = ((2, 20.0), (4, 20.0), (8, 4.0))
"""(epochs, draw): how far a ranker may go from where it was, from little to more."""

LEAST_PAGES: Final = 10
"""Pages with a label that a unit needs for its ranker to change."""

UNITS_FITTED: Final = (*CHOSEN, "places", "seniority")


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one page teaches one unit: its proposals as features and whether they are right."""

    group: int
    rows: Page
    proposals: tuple[Proposal, ...]
    gold: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fitted:
    """What became of a unit: its draw (``None`` where the ranker is kept), and how many pages
    taught it. ``gain`` is how much more of the values of held-out pages are right, as a share."""

    unit: str
    pages: int
    gain: float
    strength: tuple[int, float] | None


def lessons(
    model: Model, pages: Sequence[Annotated], group_of: Mapping[str, int]
) -> dict[str, list[Lesson]]:
    """Unit -> what the pages teach it, as the model's own tagger sees them.

    A page whose unit is not labelled teaches that unit nothing, and neither does one whose right
    value is not among the proposals: no ranker could choose it. ``group_of`` maps sites to the
    groups that are held out.
    """
    out: dict[str, list[Lesson]] = {unit: [] for unit in UNITS_FITTED}
    for page in pages:
        tagged = tag(page.page, model.tagger)
        for unit in UNITS_FITTED:
            if not labelled(unit, page.gold):
                continue
            proposals = _proposals(unit, tagged, model)
            rows = [(p.features, right(unit, p, page.gold)) for p in proposals]
            if has_value(unit, page.gold) and not any(y for _, y in rows):
                continue
            if rows:
                out[unit].append(Lesson(group_of[page.site], rows, tuple(proposals), page.gold))
    return out


def _proposals(unit: str, tagged: Tagged, model: Model) -> list[Proposal]:
    if unit == "places":
        return propose_places(tagged)
    if unit != "seniority":
        return CHOSEN[unit](tagged)
    titles = CHOSEN["title"](tagged)
    if not titles:
        return facts.propose_levels(tagged, None)
    return facts.propose_levels(tagged, ranked(titles, model.rankers["title"])[0][1].span)


def log_chance(ranker: Linear, rows: Page) -> float:
    """The logarithm of the probability that the ranker gives to what is right, none included."""
    known = [(features, y) for features, y in rows if y is not None]
    shares = chances([ranker.score(features) for features, _ in known])
    hit = sum(share for share, (_, y) in zip(shares, known, strict=True) if y)
    if not any(y for _, y in known):
        hit = 1.0 - sum(shares)
    return math.log(max(hit, 1e-6))


def outcome(unit: str, lesson: Lesson, ranker: Linear, least: float) -> float:
    """How right the value is that this ranker gives (0 to 1), with the threshold ``least``."""
    if unit == "places":
        chosen = choose_places(list(lesson.proposals), ranker)
        found = [words(p.value) for _, p in chosen] if chosen and chosen[0][0] >= least else []
        return set_f1(found, [words(place) for place in lesson.gold["location"]], same_place_words)
    order = ranked(lesson.proposals, ranker)
    best = order[0][1]
    if sum(chance for chance, p in order if p.value == best.value) < least:
        return float(not has_value(unit, lesson.gold))
    return float(right(unit, best, lesson.gold) is not False)


def _error(gains: Mapping[int, float], pages: int) -> float:
    """The standard error of a mean over pages, groups of sites taken as wholes."""
    mean = sum(gains.values()) / len(gains)
    spread = sum((gain - mean) ** 2 for gain in gains.values())
    return math.sqrt(spread * len(gains) / max(1, len(gains) - 1)) / pages


def _kept(one: Fitted) -> Fitted:
    return Fitted(one.unit, one.pages, 0.0, None)


class Trials:
    """Rankers fitted without one group of sites, or without two: made once, used in both."""

    def __init__(self, model: Model, taught: Mapping[str, Sequence[Lesson]], groups: int) -> None:
        self.model, self.taught, self.groups = model, taught, groups
        self._made: dict[tuple[Any, ...], Linear] = {}
        self._best: dict[tuple[str, frozenset[int]], Fitted] = {}

    def ranker(self, unit: str, strength: tuple[int, float], out: frozenset[int]) -> Linear:
        """The unit's ranker fitted to the pages of all groups but ``out``."""
        key = (unit, strength, out)
        if key not in self._made:
            rows = [one.rows for one in self.taught[unit] if one.group not in out]
            epochs, draw = strength
            prior = self.model.rankers[unit].weights
            self._made[key] = fit_choice(rows, prior=prior, epochs=epochs, l2=draw)
        return self._made[key]

    def best(self, unit: str, without: frozenset[int] = frozenset()) -> Fitted:
        """How the unit is best fitted, as told by the groups that are not in ``without``.

        Each group is judged by rankers that have seen neither it nor ``without``.
        """
        pages = [one for one in self.taught[unit] if one.group not in without]
        if (unit, without) in self._best:
            return self._best[unit, without]
        kept = self._best[unit, without] = self._choice(unit, without, pages)
        return kept

    def _choice(self, unit: str, without: frozenset[int], pages: Sequence[Lesson]) -> Fitted:
        kept = Fitted(unit, len(pages), 0.0, None)
        if len(pages) < LEAST_PAGES or len({one.group for one in pages}) < 2:
            return kept
        old, least = self.model.rankers[unit], self.model.thresholds.get(unit, 0.5)
        for strength in STRENGTHS:
            gains: dict[int, float] = {}
            nats = 0.0
            for one in pages:
                new = self.ranker(unit, strength, without | {one.group})
                gain = outcome(unit, one, new, least) - outcome(unit, one, old, least)
                gains[one.group] = gains.get(one.group, 0.0) + gain
                nats += log_chance(new, one.rows) - log_chance(old, one.rows)
            mean = sum(gains.values()) / len(pages)
            if nats > 0 and mean > max(kept.gain, _error(gains, len(pages))):
                kept = Fitted(unit, len(pages), mean, strength)
        return kept

    def _stands(self, unit: str) -> bool:
        """Whether the unit should change, as told by all groups and by all but any single one."""
        choices = [frozenset[int](), *(frozenset({group}) for group in range(self.groups))]
        return all(self.best(unit, without).strength is not None for without in choices)

    def fitted(
        self, without: frozenset[int] = frozenset()
    ) -> tuple[dict[str, Linear], list[Fitted]]:
        """The rankers of all units, those that change fitted to all groups but ``without``.

        A unit changes only if it changes with all groups and would have changed without any single
        one too: then what was measured on each group, by rankers without it, is what changes.
        """
        rankers = dict(self.model.rankers)
        told = [self.best(unit, without) for unit in UNITS_FITTED]
        told = [one if self._stands(one.unit) else _kept(one) for one in told]
        for one in told:
            if one.strength is not None:
                rankers[one.unit] = self.ranker(one.unit, one.strength, without)
        return rankers, told
