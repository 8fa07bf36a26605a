"""The interval of a share of values that stand together on pages."""

from __future__ import annotations

from collections.abc import Sequence

from rolecall.monitor.intervals import wilson


def by_page(pages: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """The 95 % interval of a share over values that stand together on pages: (part, whole) each.

    Values of a page are alike, so that they are fewer than they seem: Wilson's interval with their
    number divided by the design effect of the ratio estimator (Kish 1965), at least one page each.
    """
    part, whole = sum(one for one, _ in pages), sum(of for _, of in pages)
    many = len(pages)
    if many < 2 or not whole:
        return 0.0, 1.0
    share = part / whole
    spread = sum((one - share * of) ** 2 for one, of in pages) * many / (many - 1)
    alone = share * (1 - share) * whole
    effect = spread / alone if alone > 0 else whole / many
    worth = max(min(float(whole), whole / max(1.0, effect)), 1.0)
    return wilson(share * worth, worth)
