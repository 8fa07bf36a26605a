"""A decision in a few lines of plain text, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.evaluate.choose.decide import Decision
from rolecall.evaluate.choose.exact import percent, shown
from rolecall.evaluate.choose.firmness import shift_told
from rolecall.evaluate.choose.matrix import stated
from rolecall.evaluate.choose.since import Since
from rolecall.evaluate.choose.words import points, sentences, verdict_of
from rolecall.table import aligned


def summary(decision: Decision, since: Since | None = None) -> str:
    """The matrix, what is out and why, the decision and how firmly it stands."""
    return _matrix(decision) + "\n" + "".join(f"{line}\n" for line in _lines(decision, since))


def _lines(decision: Decision, since: Since | None) -> Iterator[str]:
    for one in decision.standings:
        for floor in one.floors:
            if floor.verdict != "held" or not floor.resolved:
                yield f"{one.name}: {floor.floor} {floor.verdict}: {floor.text}"
        for points_ in one.points:
            if points_.score is None:
                yield f"{one.name}: no points for {points_.criterion}: {points_.how}"
        if one.candidate.stated_total is not None and one.total is not None:
            yield f"{one.name}: stated total {stated(one.total, one.candidate.stated_total)}"
    yield from sentences(decision)
    if decision.winner is not None and len(decision.shares.shares) > 1:
        yield shift_told(decision.shift, decision.winner.name)
        share = decision.shares.shares[decision.winner.name]
        told = f"It is first under {percent(share)} of all weights"
        if decision.chances.moved:
            chance = decision.chances.chances[decision.winner.name]
            told += f", and in {100 * chance:.1f} % of the draws within the intervals"
        yield f"{told}."
    if since is not None:
        yield ""
        yield f"Since {since.date or 'the older record'}:"
        yield from (f"- {one}" for one in since.changes or ("nothing changed",))
        for trigger in since.triggers:
            if trigger.fired or trigger.why:
                verdict = "fired" if trigger.fired else "not fired"
                why = f": {trigger.why}" if trigger.why else ""
                yield f"trigger {trigger.name}: {verdict}{why}"


def _matrix(decision: Decision) -> str:
    """The points as an aligned table: names to the left, numbers to the right."""
    weights = decision.selection.weights
    rows = [("", *(name.replace("_", " ") for name in weights), "total", "")]
    rows.append(("weight", *(percent(one, 0) for one in weights.values()), "", ""))
    for one in decision.standings:
        total = "none" if one.total is None else shown(one.total)
        scores = (points(each.score) for each in one.points)
        rows.append((one.name, *scores, total, verdict_of(one, decision.first)))
    return aligned(*rows, worded=True)
