"""The lines of ``rolecall status`` about rules that hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolecall.table import one_line

if TYPE_CHECKING:
    from rolecall.ledger.store import Store
    from rolecall.rules.states import Standing


def held(store: Store) -> tuple[Standing, ...]:
    """The rules that held when they were last evaluated."""
    from rolecall.rules.states import States

    return tuple(one for one in States(store).all() if one.rule.holds)


def rule_lines(standings: tuple[Standing, ...]) -> Iterator[str]:
    """A line for each: what holds, and what to do next."""
    for one in standings:
        rule = one.rule
        following = f"; next: {rule.next}" if rule.next else ""
        yield f"RULE       {rule.name}: {one_line(rule.told + following)}"
