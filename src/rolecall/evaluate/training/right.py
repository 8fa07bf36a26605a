"""When a proposal is right for an annotated page, unit by unit.

The comparisons follow the corpus guide: titles by their words, companies without their legal form,
places by their most specific word, numbers within one per cent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rolecall.reader.proposal import Proposal
from rolecall.same.values import same_company_words, same_place_words
from rolecall.same.words import bag_f1, words

Gold = Mapping[str, Any]


def right(unit: str, proposal: Proposal, gold: Gold) -> bool | None:
    """Whether ``proposal`` is right; ``None`` where it is too close to call and teaches nothing."""
    value = proposal.value
    if unit == "title":
        return _title(value, gold["title"])
    if unit == "company":
        return bool(gold["company"]) and same_company_words(words(value), words(gold["company"]))
    if unit == "places":
        return any(same_place_words(words(value), words(place)) for place in gold["location"])
    if unit == "salary":
        return _numbers(value, gold, ("salary_min", "salary_max"))
    if unit == "experience":
        return _numbers(value, gold, ("experience_years_min", "experience_years_max"))
    if unit == "education":
        return bool(gold["education"]) and bag_f1(words(value), words(gold["education"])) >= 0.5
    if unit in ("employment_type", "languages_required"):
        return value in gold[unit]
    if unit == "application_url":
        return bool(gold[unit]) and _url(gold[unit]) in str(value)
    return bool(gold[unit]) and words(value) == words(gold[unit])


KEYS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "places": ("location",),
    "salary": ("salary_min", "salary_max"),
    "experience": ("experience_years_min", "experience_years_max"),
}
"""Keys of an annotation that say what is right for a unit, where they are not its own name."""


def labelled(unit: str, gold: Gold) -> bool:
    """Whether the annotation says anything about ``unit``, be it that the page holds none."""
    return all(key in gold for key in KEYS_OF.get(unit, (unit,)))


def has_value(unit: str, gold: Gold) -> bool:
    """Whether the page's annotation holds a value for ``unit``."""
    if unit == "places":
        return bool(gold["location"])
    if unit == "salary":
        return gold["salary_min"] is not None or gold["salary_max"] is not None
    if unit == "experience":
        return gold["experience_years_min"] is not None or gold["experience_years_max"] is not None
    return bool(gold[unit])


def _title(value: str, gold: str | None) -> bool | None:
    if not gold:
        return False
    a, b = words(value), words(gold)
    if a == b:
        return True
    union = set(a) | set(b)
    return None if union and len(set(a) & set(b)) / len(union) >= 0.8 else False


def _numbers(value: Mapping[str, Any], gold: Gold, fields: tuple[str, str]) -> bool:
    pairs = [(value.get(field), gold[field]) for field in fields]
    if all(wanted is None for _, wanted in pairs):
        return False
    return all(
        (found is None) == (wanted is None)
        and (found is None or abs(found - wanted) <= 0.01 * abs(wanted))
        for found, wanted in pairs
    )


def _url(url: str) -> str:
    return url.split("?")[0].lstrip(".").rstrip("/")[:80]
