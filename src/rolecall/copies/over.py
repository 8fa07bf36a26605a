"""What stands over a line and says what it is: a heading, or a label in the line before.

The same words mean something else below another label: a day under "posted" and under "apply by", a
list under "requirements" and under "benefits".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, Final

from rolecall.copies.original import Lines
from rolecall.reader.wording import wording

FAR: Final = 40
"""Lines above a list in which its heading is looked for."""

LONGEST: Final = 100
"""Characters of a heading or label."""

BARE: Final = 4
"""Characters beside a value up to which its line says nothing else."""


def label_over(page: Lines, at: int) -> tuple[str, ...]:
    """The fields that the line before labels, where it is nothing but a label."""
    before = page.line(at - 1) if at else ""
    its = wording(before) if 0 < len(before) <= LONGEST else None
    return its.label if its is not None and its.value_at >= len(before) else ()


def topic_over(page: Lines, at: int, items: Collection[int]) -> str | None:
    """The class of the nearest heading above a line; ``items`` are lines that are none."""
    for above in range(at - 1, max(-1, at - 1 - FAR), -1):
        if above in items or page.roles[above] != "v" or len(page.line(above)) > LONGEST:
            continue
        found = wording(page.line(above)).heading
        if found is not None:
            return found.name
    return None


def same_topics(old: Lines, new: Lines, pairs: dict[int, int], added: Collection[int]) -> bool:
    """Whether each run of a list's lines stands below the same heading.

    ``pairs`` gives the copy's line for each of the original's, ``added`` are the copy's own ones.
    """
    mine, theirs = set(pairs), {*pairs.values(), *added}
    return all(
        topic_over(old, at, mine) == topic_over(new, there, theirs)
        for at, there in pairs.items()
        if at - 1 not in mine or there - 1 not in theirs
    )


def same_label(old: Lines, new: Lines, at: int, there: int) -> bool:
    """Whether no other label stands before a line of the copy than before the original's."""
    if at and there and old.line(at - 1) == new.line(there - 1):
        return True
    was, now = label_over(old, at), label_over(new, there)
    return was == now or not was or not now


def alone(page: Lines, at: int, size: int, values: Callable[[str], Iterable[Any]]) -> bool:
    """Whether a bare value of ``size`` characters is the only one of its kind on a page."""
    if len(page.line(at)) > size + BARE:
        return True
    own = list(values(page.line(at)))
    return not any(
        value not in own
        for other in range(len(page))
        if other != at and page.roles[other] == "v" and any(map(str.isdigit, page.line(other)))
        for value in values(page.line(other))
    )
