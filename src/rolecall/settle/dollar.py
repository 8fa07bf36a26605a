"""A bare ``$`` in a page's pay is the dollar of the country that the work is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from rolecall.core import Candidate, Page, Problem
from rolecall.normalise.dollars import DOLLARS, dollars_of, says_us_dollars
from rolecall.normalise.salary import read_salary

USUAL: Final = "USD"
"""What the finder of pay takes a bare ``$`` for."""

_FIELD: Final = "salary_currency"
_OTHER: Final = "CAD"


def settle_dollars(page: Page, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    """The candidates, in which pay in ``$`` has the currency that the page's places call for.

    Where its own data states a dollar, it is that one. Where the places have several, none is
    taken and the candidate says so. A page that says it means US dollars, and one whose places
    tell nothing, keep the usual meaning.
    """
    if not any(map(_open, candidates)) or says_us_dollars(page.text):
        return candidates
    found = _said(page, candidates)
    if not found or found == {USUAL}:
        return candidates
    return [_with(one, found) if _open(one) else one for one in candidates]


def open_dollar(quote: str) -> bool:
    """Whether the wording of pay leaves open which dollar it is in."""
    if "$" not in quote and "ollar" not in quote:
        return False
    found = read_salary(quote, currency_hint=_OTHER, labelled=True)
    if found is None or found.value[_FIELD] != _OTHER:
        return False
    usual = read_salary(quote, labelled=True)
    return usual is not None and usual.value[_FIELD] == USUAL


def _open(one: Candidate) -> bool:
    return (
        one.unit == "salary"
        and one.origin != "stated"
        and isinstance(one.value, Mapping)
        and one.value.get(_FIELD) == USUAL
        and bool(one.quotes)
        and open_dollar(one.quotes[0])
    )


def _said(page: Page, candidates: Sequence[Candidate]) -> set[str]:
    """The dollars that the page's own data or its places call for."""
    for one in candidates:
        if one.unit == "salary" and one.origin == "stated" and isinstance(one.value, Mapping):
            return {code for code in DOLLARS.values() if code == one.value.get(_FIELD)}
    places = [one for one in candidates if one.unit == "places" and isinstance(one.value, list)]
    places.sort(key=lambda one: one.origin != "stated")
    found: set[str] = set()
    for one in places:
        named = [place for place in one.value if isinstance(place, Mapping)]
        said = dollars_of(named, near=_near(page))
        found = found & said or found or said
    return found


def _near(page: Page) -> str | None:
    """The country of the page's language tag ("en-AU")."""
    tag = page.meta.get("lang", "").replace("_", "-").upper()
    return tag[3:5] if len(tag) == 5 and tag[2] == "-" else None


def _with(one: Candidate, found: set[str]) -> Candidate:
    value: dict[str, Any] = dict(one.value)
    if len(found) == 1:
        (value[_FIELD],) = found
        return replace(one, value=value)
    value[_FIELD] = None
    told = f"$ may be {' or '.join(sorted(found))}: the page does not say which"
    doubt = Problem(pointer=f"/{_FIELD}", kind="ambiguous", message=told)
    return replace(one, value=value, problems=(*one.problems, doubt))
