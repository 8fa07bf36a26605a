"""When two values say the same, kind by kind.

The definitions are those of the annotation guide that the decision record was measured by: text
by its words, companies without their legal form, places by their most specific word, numbers
within one per cent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from rolecall.same.words import fold, jaccard, text_f1, value_words

LEGAL_FORMS: Final = frozenset(
    "inc incorporated ltd limited llc gmbh ag sa as a/s plc corp corporation co company group bv nv"
    " oy ab srl spa sro".split()
)
SHARED: Final = 0.8
"""The share of words that two texts have in common if they say the same."""

HALF: Final = 0.5
TOLERANCE: Final = 0.01
URL_LENGTH: Final = 80
"""Characters of an address that are compared."""


def same_exactly(a: Any, b: Any) -> bool:
    """Equal as JSON: true is not 1."""
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


def same_normalised(a: Any, b: Any) -> bool:
    """Equal but for markup, case, Unicode forms and white space, also within lists and objects."""
    return (type(a) is type(b) and bool(a == b)) or bool(canonical(a) == canonical(b))


def canonical(value: Any) -> Any:
    """``value`` with all text folded; objects without what is null, numbers as text."""
    if isinstance(value, dict):
        rows = ((name, canonical(item)) for name, item in value.items() if item is not None)
        return tuple(sorted(rows, key=lambda row: row[0]))
    if isinstance(value, list | tuple):
        return tuple(map(canonical, value))
    return fold(value)


def same_text(a: Any, b: Any) -> bool:
    """Four fifths of the words are shared."""
    return jaccard(a, b) >= SHARED


def same_phrase(a: Any, b: Any) -> bool:
    """Half of the words are shared, each as often as it stands there."""
    return text_f1(a, b) >= HALF


def same_company(a: Any, b: Any) -> bool:
    """Equal without legal forms, or one a run of at least half of the other's words."""
    return same_company_words(value_words(a), value_words(b))


def same_company_words(a: Sequence[str], b: Sequence[str]) -> bool:
    """`same_company`, of words."""
    one = [w for w in a if w.strip(".") not in LEGAL_FORMS] or list(a)
    two = [w for w in b if w.strip(".") not in LEGAL_FORMS] or list(b)
    if not one or not two:
        return False
    short, long = sorted((one, two), key=len)
    return (
        one == two
        or "".join(one) == "".join(two)
        or (len(short) * 2 >= len(long) and _run(short, long))
    )


def same_place_words(found: Sequence[str], wanted: Sequence[str]) -> bool:
    """The most specific wanted word is there, with at most twice as many others."""
    return (
        bool(wanted)
        and wanted[0] in found
        and len(set(found) - set(wanted)) <= 2 * len(set(wanted)) + 2
    )


def same_number(a: Any, b: Any) -> bool:
    """Within one per cent of ``b``."""
    try:
        return abs(float(a) - float(b)) <= TOLERANCE * abs(float(b))
    except (TypeError, ValueError, OverflowError):
        return False


def same_day(a: Any, b: Any) -> bool:
    """The same ISO date; a time of day does not count."""
    return str(a)[:10] == str(b)[:10]


def same_url(found: Any, wanted: Any) -> bool:
    """The wanted address stands in the found one, without its query and a slash at its end."""
    return str(wanted).split("?")[0].lstrip(".").rstrip("/")[:URL_LENGTH] in str(found)


def same_skill(a: Any, b: Any) -> bool:
    """Equal but for case, plural and punctuation, or one the greater part of the other."""
    return _same_skill(_skill(str(a)), _skill(str(b)))


def items_f1(found: Sequence[Any], wanted: Sequence[Any]) -> float:
    """`set_f1` of items that are equal as `same_normalised` has it."""
    return set_f1(found, wanted, same_normalised)


def skills_f1(found: Sequence[Any], wanted: Sequence[Any]) -> float:
    """`set_f1` of lists of skills."""
    return set_f1(
        [_skill(str(one)) for one in found], [_skill(str(one)) for one in wanted], _same_skill
    )


def skill_stem(text: object) -> str:
    """Case, marks at the ends and a plural ``s`` removed."""
    return _skill(str(text)).stem


class _Skill(NamedTuple):
    stem: str
    letters: str
    words: list[str]


def _same_skill(one: _Skill, two: _Skill) -> bool:
    if one.stem == two.stem or one.letters == two.letters:
        return True
    short, long = one.words, two.words
    if len(short) == len(long):
        return False  # neither is a part of the other
    if len(short) > len(long):
        short, long = long, short
    return len(short) * 2 > len(long) and short[0] in long and _run(short, long)


@lru_cache(maxsize=1 << 12)
def _skill(text: str) -> _Skill:
    word = fold(text).strip(" .;,:")
    stem = word[:-1] if len(word) > 3 and word.endswith("s") else word
    return _Skill(stem, re.sub(r"\W", "", stem), stem.split())


def set_f1(found: Sequence[Any], wanted: Sequence[Any], same: Callable[[Any, Any], bool]) -> float:
    """F1 of two lists whose items match one to one by ``same``; 1 where both are empty."""
    if not found or not wanted:
        return float(not found and not wanted)
    left, hit = list(wanted), 0
    for item in found:
        at = next((n for n, other in enumerate(left) if same(item, other)), None)
        if at is not None:
            del left[at]
            hit += 1
    return 2 * hit / (len(found) + len(wanted))


def _run(short: Sequence[str], long: Sequence[str]) -> bool:
    n = len(short)
    return any(long[i : i + n] == short for i in range(len(long) - n + 1))
