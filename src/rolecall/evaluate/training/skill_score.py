"""When a found skill is a right one: compared fuzzily, each right skill counted once."""

from __future__ import annotations

from collections.abc import Sequence

from rolecall.reader.skill_groups import Group
from rolecall.same import values as same
from rolecall.same.values import same_skill, skill_stem


def set_f1(found: Sequence[str], wanted: Sequence[str]) -> float:
    """F1 of two lists of skills; 1 where both are empty."""
    return same.set_f1(found, wanted, same_skill)


def right(groups: Sequence[Group], wanted: Sequence[str]) -> list[bool]:
    """Which groups are skills: the surest first, equal ones before similar ones."""
    left = list(wanted)
    out = [False] * len(groups)
    order = sorted(range(len(groups)), key=lambda i: -groups[i].best.share)
    for exact in (True, False):
        for i in order:
            text = groups[i].mentions[0].text
            for other in left if not out[i] else ():
                if skill_stem(text) == skill_stem(other) if exact else same_skill(text, other):
                    left.remove(other)
                    out[i] = True
                    break
    return out
