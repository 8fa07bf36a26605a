"""What a decision record says in words: who is chosen, and what became of each candidate."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from rolecall.evaluate.choose.decide import SURE, Decision
from rolecall.evaluate.choose.exact import shown
from rolecall.evaluate.choose.nouns import Standing


def sentences(decision: Decision) -> list[str]:
    """The decision in words: who is chosen, by how much, and what is not resolved."""
    first, winner = decision.first, decision.winner
    if not first:
        return [
            "No candidate can be chosen: each breaks a floor, or evidence for it is missing.",
            *_better_but_out(decision),
        ]
    if winner is None:
        total = next(one.sum for one in decision.standings if one.name == first[0])
        level = f"{', '.join(first[:-1])} and {first[-1]} are level at {shown(total)}"
        return [
            f"Tied: {level} of 10 points. The matrix does not tell them apart.",
            *_better_but_out(decision),
        ]
    said = f"{winner.name} is chosen, with {shown(winner.sum)} of 10 points"
    others = [one for one in decision.standings if one.rank == 2]
    if others:
        names = " and ".join(one.name for one in others)
        ahead = winner.sum - others[0].sum
        said += f", {shown(ahead)} ahead of {names}"
    elif len(decision.standings) > 1:
        said += ": the only one that keeps every floor with evidence for everything"
    out = [f"{said}."]
    if not decision.measured:
        out.append("All points are judgement: nothing that was measured speaks for it or against.")
    chance = decision.chances.chances[winner.name]
    if not decision.resolved:
        doubts = [
            f"the floor {one.floor} is not resolved ({one.text})"
            for one in winner.floors
            if not one.resolved
        ]
        if chance < SURE:
            told = f"within the intervals of what was measured it is first in {100 * chance:.1f} %"
            doubts.insert(0, f"{told} of the draws")
        if len(decision.sample_sets) > 1:
            sets = "; ".join(
                f"{', '.join(names)} on `{samples}`"
                for samples, names in decision.sample_sets.items()
            )
            out.append(f"The candidates were measured on different samples ({sets}).")
        more = "More labelled postings narrow an interval."
        out += [f"Not resolved: {'; '.join(doubts)}. {more}"] if doubts else []
    return [*out, *_better_but_out(decision)]


def _better_but_out(decision: Decision) -> list[str]:
    """Candidates with more points that cannot be chosen, and why."""
    best = max((one.total for one in decision.standings if one.rank and one.total), default=None)
    told = []
    for one in decision.standings:
        if one.stands or one.total is None or (best is not None and one.total <= best):
            continue
        why = "; ".join(f"{floor.floor}: {floor.text}" for floor in (*one.out, *one.unshown))
        told.append(f"{one.name} has {shown(one.total)} points and cannot be chosen ({why}).")
    return told


def title_of(criterion: str) -> str:
    """A criterion's name as a heading."""
    named = {
        "maintenance": "Maintenance and cognitive load",
        "adaptability": "Architectural adaptability",
    }
    return named.get(criterion, criterion.replace("_", " ").capitalize())


def verdict_of(one: Standing, first: Sequence[str]) -> str:
    """What became of a candidate, in a few words."""
    if one.out:
        return f"out: {', '.join(floor.floor for floor in one.out)}"
    if one.unshown:
        return f"not shown: {', '.join(floor.floor for floor in one.unshown)}"
    if one.total is None:
        return "points missing"
    if one.name in first:
        return "selected" if len(first) == 1 else "tied"
    return f"rejected, place {one.rank}"


def points(score: Fraction | None) -> str:
    """Points without decimals that say nothing."""
    return "none" if score is None else shown(score).removesuffix(".00")
