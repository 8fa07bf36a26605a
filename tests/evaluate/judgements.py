"""Judgements that are drawn, of which the truth is known."""

import numpy as np

from rolecall.evaluate.nouns import Judged, Judgement, Score


def judgement(name, scores, *, sites=None, samples="f" * 16, adr009=True, **each):
    """A judgement of ``scores``: field -> a value for each sample, ``None`` where unlabelled.

    ``sites`` names each sample's site (one of its own by default). ``each`` holds further columns
    of the rows, such as ``outcome`` or ``seconds``.
    """
    count = len(next(iter(scores.values())))
    rows = []
    for place in range(count):
        found = {
            field: Score(float(column[place]), True)
            for field, column in scores.items()
            if column[place] is not None
        }
        rows.append(
            Judged(
                id=f"p{place}",
                site=f"s{place}" if sites is None else str(sites[place]),
                language="en",
                tokens=100,
                outcome=each.get("outcome", ["ok"] * count)[place],
                scores=found,
                adr009=float(np.mean([one.value for one in found.values()]))
                if adr009 and found
                else None,
                marks={"schema_valid": True},
                seconds=each.get("seconds", [0.5] * count)[place],
                cost_usd=each.get("cost_usd", [0.0] * count)[place],
            )
        )
    return Judgement(name=name, samples=samples, config="c", rows=tuple(rows))


def right_or_wrong(both, only_a, only_b, neither):
    """Two columns of 0 and 1 with so many pairs of each kind."""
    a = [1] * both + [1] * only_a + [0] * only_b + [0] * neither
    b = [1] * both + [0] * only_a + [1] * only_b + [0] * neither
    return a, b
