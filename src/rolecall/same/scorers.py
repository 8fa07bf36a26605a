"""The scorers by name, one for each kind of field: pure, from 0 to 1.

A scorer is given a `Claim`: what a record says, what the label says, and what else is right. Where
the label has no value, saying nothing is right. ``None`` means that the scorer cannot tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from rolecall.same import values as same
from rolecall.same.money import same_money
from rolecall.same.overlap import range_overlap
from rolecall.same.words import fold, text_f1, value_words


class Claim(Struct, frozen=True):
    """A value to be scored: ``found`` in ``record`` at ``pointer``, ``wanted`` by the label.

    ``also`` holds further right values.
    """

    found: Any
    wanted: Any
    also: Sequence[Any] = ()
    pointer: str = ""
    record: Mapping[str, Any] = {}


Scorer = Callable[[Claim], float | None]


def empty(value: Any) -> bool:
    """Whether a value says nothing: null, or a text, list or object with nothing in it."""
    return value is None or (not value and not isinstance(value, bool | int | float))


def _scalar(equal: Callable[[Any, Any], bool]) -> Scorer:
    """Right or wrong, by ``equal`` of a found and a right value."""

    def score(claim: Claim) -> float:
        right = any(equal(claim.found, other) for other in claim.also) if claim.also else False
        if empty(claim.found):
            return float(empty(claim.wanted))
        return float(right or (not empty(claim.wanted) and equal(claim.found, claim.wanted)))

    return score


def _listed(f1: Callable[[Sequence[Any], Sequence[Any]], float]) -> Scorer:
    """``f1`` of two lists; the best of all right lists."""

    def score(claim: Claim) -> float:
        found = _items(claim.found)
        best = f1(found, _items(claim.wanted))
        for other in claim.also:
            best = max(best, f1(found, _items(other)))
        return best

    return score


def _items(value: Any) -> list[Any]:
    """The items of a list; what is no list has none that match, and as many as characters."""
    if isinstance(value, list | tuple):
        return list(value)
    return list(str(value)) if not empty(value) else []


def _same_set(claim: Claim) -> float:
    found = _set(claim.found)
    return float(found == _set(claim.wanted) or any(found == _set(other) for other in claim.also))


def _set(value: Any) -> set[str]:
    items = value if isinstance(value, list | tuple) else [] if empty(value) else [value]
    return {fold(item) for item in items}


def _place(claim: Claim) -> float:
    """F1 over places; where the label has none, any place that is also right will do."""
    found, wanted = _places(claim.found), _places(claim.wanted)
    others = [_places(other) for other in claim.also]
    if not wanted:
        return float(
            not found
            or any(same.same_place_words(a, b) for a in found for other in others for b in other)
        )
    best = same.set_f1(found, wanted, same.same_place_words)
    for other in others:
        best = max(best, same.set_f1(found, other, same.same_place_words) if other else 0.0)
    return best


def _places(value: Any) -> list[list[str]]:
    """The words of each place: of its text, or of its parts where it has none."""
    out = []
    for item in value if isinstance(value, list | tuple) else [value]:
        text = item
        if isinstance(item, Mapping):
            parts = (item.get(part) for part in ("city", "region", "country"))
            text = item.get("text") or item.get("name") or ", ".join(str(x) for x in parts if x)
        if text:
            out.append(value_words(text))
    return [words for words in out if words]


def _text_coverage(claim: Claim) -> float:
    """F1 of the bags of words, wherever one item ends and the next begins."""
    found = _joined(claim.found)
    best = 0.0
    for other in (claim.wanted, *claim.also):
        wanted = _joined(other)
        best = max(best, text_f1(found, wanted) if wanted else float(not found.strip()))
    return best


def _joined(value: Any) -> str:
    if empty(value):
        return ""
    return "\n".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _block_overlap(claim: Claim) -> float | None:
    """Of the characters that the evidence or the label covers, the share that both do."""
    if empty(claim.wanted) or empty(claim.found):
        return float(empty(claim.wanted) and empty(claim.found))
    return range_overlap(claim.record, claim.pointer, claim.wanted)


SCORERS: Final[Mapping[str, Scorer]] = {
    "exact": _scalar(same.same_exactly),
    "normalised": _scalar(same.same_normalised),
    "text": _scalar(same.same_text),
    "phrase": _scalar(same.same_phrase),
    "company": _scalar(same.same_company),
    "number": _scalar(same.same_number),
    "money": _scalar(same_money),
    "date": _scalar(same.same_day),
    "url": _scalar(same.same_url),
    "place": _place,
    "same_set": _same_set,
    "set_f1": _listed(same.items_f1),
    "skills": _listed(same.skills_f1),
    "text_coverage": _text_coverage,
    "block_overlap": _block_overlap,
}

MEANINGS: Final[Mapping[str, str]] = {
    "exact": "equal as JSON",
    "normalised": "equal but for markup, case, Unicode forms and white space",
    "text": "at least 0.8 of the words of either are shared (Jaccard)",
    "phrase": "F1 of the words is at least 0.5",
    "company": "equal without legal forms, or one a run of at least half of the other's words",
    "number": "within 1 % of the label",
    "money": "amounts within 1 %, and currency and period the same where both say one",
    "date": "the same ISO day",
    "url": "the label's address, without its query, stands in the found one",
    "place": "F1 over places; a place is right if it has the label's first word and not more "
    "than twice as many others",
    "same_set": "the same items, in any order",
    "set_f1": "F1 of the items, equal as `normalised`",
    "skills": "F1 of the items, but for case, plural and punctuation, or one the greater part of "
    "the other",
    "text_coverage": "F1 of all words of all items, wherever one item ends",
    "block_overlap": "characters that evidence and label both cover, of those that either covers; "
    "not scored where the label does not stand in the record's text",
}
"""What each scorer calls right."""

POSTING: Final[Mapping[str, str]] = {
    "title": "text",
    "company": "company",
    "location": "place",
    "locations": "place",
    "workplace": "normalised",
    "employment_type": "same_set",
    "seniority": "normalised",
    "salary_min": "number",
    "salary_max": "number",
    "salary_currency": "normalised",
    "salary_period": "normalised",
    "experience_years_min": "number",
    "experience_years_max": "number",
    "education": "phrase",
    "skills": "skills",
    "languages_required": "set_f1",
    "description": "text",
    "responsibilities": "text_coverage",
    "requirements": "text_coverage",
    "benefits": "text_coverage",
    "application_url": "url",
    "application_email": "normalised",
    "date_posted": "date",
    "valid_through": "date",
    "posting_language": "normalised",
}
"""Field of the default posting -> scorer."""
