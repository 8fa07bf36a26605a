"""Whether two records of the same page say the same, field by field.

The definitions are those by which records are scored against labels (`rolecall.same`); neither of
the two counts as the right one, so each must be right where the other is taken for the label.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from rolecall.same.scorers import POSTING, SCORERS, Claim, empty
from rolecall.same.values import SHARED, canonical, same_exactly, same_number, same_text

OUTCOME: Final = "(posting)"
"""The entry that says whether both take the page for a posting. A schema's field is unlikely to
have this name; where one has, its entry is left out."""
WITH_VALUES: Final = frozenset({"ok", "partial"})
"""Outcomes of pages with values."""
MOST_ITEMS: Final = 300
"""Items of a list that are held against those of another one by one; longer ones are counted."""

_TEXTS: Final = frozenset({"text", "company", "phrase", "normalised", "date", "url"})
_LISTS: Final = frozenset({"place", "same_set", "skills", "set_f1", "text_coverage"})


def agreement(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, bool]:
    """Whether two records say the same: of each top-level field that has a value in one of them.

    Text says the same where four fifths of the words are shared, a company without its legal form,
    numbers within one per cent, lists where four fifths of the items are (F1). `OUTCOME` says
    whether both take the page for a posting; where only one does, that is all that is told, since
    the fields of a page that is none are no question. Nothing is told of a page that one of the two
    has failed on. Damaged records are held against each other as far as they can be read.
    """
    one, two = _posting(first), _posting(second)
    if one is None or two is None:
        return {}
    if not (one and two):
        return {OUTCOME: one == two}
    a, b = _data(first), _data(second)
    names = sorted({name for name in (*a, *b) if isinstance(name, str)})
    told = {
        name: same_value(name, a.get(name), b.get(name))
        for name in names
        if not (_nothing(a.get(name)) and _nothing(b.get(name)))
    }
    return told | {OUTCOME: True}


def same_value(field: str, a: Any, b: Any) -> bool:
    """Whether two values of a field say the same. A field with the name of one of the default
    posting is compared as that is, where both values are of its kind. Never raises."""
    if _nothing(a) or _nothing(b):
        return _nothing(a) and _nothing(b)
    try:
        return _same_named(POSTING.get(field, ""), a, b)
    except Exception:  # nested too deep, a number without an order: whatever a schema allows
        return _equal(a, b)


def _same_named(name: str, a: Any, b: Any) -> bool:
    if name in _TEXTS and isinstance(a, str) and isinstance(b, str):
        return _scored(name, a, b) or _equal(a, b)
    if name in _LISTS and _either(_listed, a, b) and max(len(a), len(b)) <= MOST_ITEMS:
        return _scored(name, a, b) or _equal(a, b)
    if name == "place" and isinstance(a, str) and isinstance(b, str):
        return _scored(name, a, b) or _equal(a, b)
    return _same(a, b)


def _scored(name: str, a: Any, b: Any) -> bool:
    """By the scorer, with each of the two in the place of the label."""
    score = SCORERS[name]
    return all((score(Claim(x, y)) or 0.0) >= SHARED for x, y in ((a, b), (b, a)))


def _same(a: Any, b: Any) -> bool:
    """Of any kind."""
    if isinstance(a, bool) or isinstance(b, bool):
        return same_exactly(a, b)
    if _either(_number, a, b):
        return bool(a == b) or (same_number(a, b) and same_number(b, a))
    if _either(_listed, a, b):
        return _shared_items(a, b) >= SHARED
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        parts = {*a, *b}
        return all(same_value("", a.get(part), b.get(part)) for part in parts)
    return _equal(a, b) or (isinstance(a, str) and isinstance(b, str) and same_text(a, b))


def _shared_items(a: Sequence[Any], b: Sequence[Any]) -> float:
    """F1 of the items, in any order, equal but for case, markup and white space."""
    one, two = Counter(map(canonical, a)), Counter(map(canonical, b))
    return 2 * (one & two).total() / (one.total() + two.total())


def _equal(a: Any, b: Any) -> bool:
    try:
        return bool(canonical(a) == canonical(b))
    except Exception:
        return False


def _posting(record: Mapping[str, Any]) -> bool | None:
    """Whether a record says that its page is a posting; ``None`` where it says neither."""
    outcome = record.get("outcome") if isinstance(record, Mapping) else None
    if outcome in ("not_a_posting", *WITH_VALUES):
        return outcome in WITH_VALUES
    return None


def _data(record: Mapping[str, Any]) -> Mapping[str, Any]:
    data = record.get("data")
    return data if isinstance(data, Mapping) else {}


def _nothing(value: Any) -> bool:
    try:
        return empty(value)
    except Exception:
        return False


def _either(kind: Callable[[Any], bool], a: Any, b: Any) -> bool:
    return kind(a) and kind(b)


def _number(value: Any) -> bool:
    return isinstance(value, int | float)


def _listed(value: Any) -> bool:
    return isinstance(value, list | tuple)
