"""When a found skill is a right one: compared fuzzily, each right skill counted once."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence

from rolecall.reader.skill_groups import Group


def stem(text: str) -> str:
    """Case, marks at the ends and a plural ``s`` removed."""
    folded = unicodedata.normalize("NFKC", html.unescape(text)).casefold()
    folded = re.sub(r"\s+", " ", folded).strip().strip(" .;,:")
    return folded[:-1] if len(folded) > 3 and folded.endswith("s") else folded


def same_skill(a: str, b: str) -> bool:
    """Equal after ``stem`` or without marks, or more than half of one is the other."""
    x, y = stem(a), stem(b)
    if x == y or re.sub(r"\W", "", x) == re.sub(r"\W", "", y):
        return True
    short, long = sorted((x.split(), y.split()), key=len)
    size = len(short)
    return size * 2 > len(long) and any(
        long[i : i + size] == short for i in range(len(long) - size + 1)
    )


def set_f1(found: Sequence[str], wanted: Sequence[str]) -> float:
    """F1 of two lists; 1 where both are empty."""
    if not found or not wanted:
        return float(not found and not wanted)
    left = list(wanted)
    hits = 0
    for one in found:
        for other in left:
            if same_skill(one, other):
                left.remove(other)
                hits += 1
                break
    return 2 * hits / (len(found) + len(wanted))


def right(groups: Sequence[Group], wanted: Sequence[str]) -> list[bool]:
    """Which groups are skills: the surest first, equal ones before similar ones."""
    left = list(wanted)
    out = [False] * len(groups)
    order = sorted(range(len(groups)), key=lambda i: -groups[i].best.share)
    for exact in (True, False):
        for i in order:
            text = groups[i].mentions[0].text
            for other in left if not out[i] else ():
                if stem(text) == stem(other) if exact else same_skill(text, other):
                    left.remove(other)
                    out[i] = True
                    break
    return out
