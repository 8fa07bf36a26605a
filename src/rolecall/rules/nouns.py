"""A rule as it stands, and how it is said."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from msgspec import Struct, structs

from rolecall.rules.facts import Share, Untold

Name = Literal[
    "local_share", "accuracy_floor", "long_context", "better_candidate", "engine_behind",
    "model_behind", "drift", "failures", "budget_forecast", "plan_versus_reported",
    "trial_stopped", "audits_disagree",
]  # fmt: skip

LEAST_PAGES: Final = 200
"""Pages (or calls) below which a share tells nothing."""
MOST_NAMED: Final = 5


class Rule(Struct, frozen=True, kw_only=True):
    """A rule as it stands: what it ``watches``, from where on it holds (``threshold``), whether it
    does (``None``: that cannot be told), the ``figure`` if it has one, what is said of it, and
    what to do next (empty where there is nothing to do)."""

    name: Name
    watches: str
    threshold: str
    holds: bool | None
    figure: float | None = None
    told: str
    next: str = ""


def of_share(rule: Rule, share: Share, of: str, least: int = LEAST_PAGES) -> Rule:
    """The rule, unless there are too few to tell; what to do next only where it holds."""
    if share.whole < least:
        return untold(rule, Untold(f"{share.whole:,} {of}, which is too few to tell"))
    return rule if rule.holds else stated(rule, False, rule.told, rule.figure)


def stated(
    rule: Rule, holds: bool | None, told: str, figure: float | None = None, following: str = "-"
) -> Rule:
    """The rule with what was found; without ``following``, what it said to do stays where nothing
    can be told, and there is nothing to do where it does not hold."""
    if following == "-":
        following = rule.next if holds is None else ""
    return structs.replace(rule, holds=holds, figure=figure, told=told, next=following)


def untold(rule: Rule, fact: Untold) -> Rule:
    """The rule where its fact is not known."""
    return stated(rule, None, f"cannot be told: {fact.why}", None, fact.next)


def listed(names: Iterable[str], most: int = MOST_NAMED) -> str:
    """Names in a sentence, the first few of them."""
    found = list(names)
    rest = len(found) - most
    return ", ".join(found[:most]) + (f" and {rest} more" if rest > 0 else "")
