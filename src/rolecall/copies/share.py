"""A copy's record from its original's: every value looked up on the copy, or the reason why not.

A value goes over where its quote stands in the copy in the same context. The copy's own data must
state the same, and no changed line of it may say a value that the record would lack.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from rolecall.copies.align import Aligned, align, replaced
from rolecall.copies.carry import SECTIONS, Carried, carry
from rolecall.copies.gains import (
    LONGEST,
    FindSkills,
    gains,
    invites,
    may_place,
    says_closed,
    skills_in,
)
from rolecall.copies.heads import other_names, other_places, size_of_head, unsaid
from rolecall.copies.original import Lines, Original, lines_of, links_of, stated_of
from rolecall.copies.stand import UNIT_OF, Stand
from rolecall.core import Candidate, Notice, Page
from rolecall.reader.wording import wording
from rolecall.schema.posting import LIST_UNITS, MULTI_FIELD_UNITS, UNITS
from rolecall.settle import CUTS

Record = Mapping[str, Any]

REWORDED: Final = frozenset(
    {"description", "responsibilities", "requirements", "benefits", "skills", "education"}
)
"""Units of which the page's data often has another wording than the page itself."""

DATES: Final = ("date_posted", "valid_through")

SHORT: Final = 8
"""Spaces of a line that may name a place which no list of places knows."""


WHOLE: Final = 0.8
"""The share of a line's words from which on they are the heading of a list."""


class Apart(Struct, frozen=True):
    """Why a page gets no share: ``why`` in a few words. ``copy`` is false where it is no copy."""

    why: str
    copy: bool = True


class Shared(Struct, frozen=True):
    """What the record of a copy takes from that of its original."""

    data: dict[str, Any] | None
    evidence: dict[str, dict[str, Any]]
    warnings: list[dict[str, str]]


class Means(Struct, frozen=True):
    """What sharing needs of a run: ``stated`` reads a page's data, ``skills`` finds skills.

    ``plain`` says that records are default postings. Others are shared only where nothing changed.
    """

    stated: Callable[[Page], Sequence[Candidate]]
    skills: FindSkills
    plain: bool = True


class _ApartError(Exception):
    def __init__(self, why: str, *, copy: bool = True) -> None:
        super().__init__(why)
        self.apart = Apart(why, copy)


def share(page: Page, original: Original, record: Record, means: Means) -> Shared | Apart:
    """What ``page`` takes from its original's ``record``, or why it is to be extracted itself."""
    try:
        return _shared(page, original, record, means)
    except _ApartError as found:
        return found.apart


def _shared(page: Page, original: Original, record: Record, means: Means) -> Shared:
    if record["outcome"] == "failed":
        raise _ApartError("original failed")
    if page.language != original.language:
        raise _ApartError("language")
    if {one.code for one in page.warnings} & CUTS or set(original.notices) & CUTS:
        raise _ApartError("cut")
    lines = lines_of(page)
    found = align(original.lines, lines)
    if replaced(original.lines, lines, found):
        raise _ApartError("other text", copy=False)
    changed = [at for at in found.changed if lines.roles[at] == "v"]
    lost = [
        at for at, one in enumerate(found.to) if one is None and original.lines.roles[at] == "v"
    ]
    if (changed or lost) and record["outcome"] == "not_a_posting":
        raise _ApartError("no posting, other lines")
    if not means.plain and (changed or lost or not _in_order(original.lines, found)):
        raise _ApartError("other lines, own schema")
    _demand_open(original.lines, lines, found)
    warnings = _warnings(page, original, record)
    if record["outcome"] == "not_a_posting":
        _demand_same_data(original, page, means)
        return Shared(None, {}, warnings)
    stated = stated_of(means.stated(page))
    if means.plain:
        _compare_stated(original, stated, record)
    else:
        _demand_same_data(original, page, means)
    carried = _carry(Stand(page, lines, original, found, stated), record, plain=means.plain)
    told = {name for unit in _doubted(record) for name in UNITS.get(unit, ())}
    if any(carried.data[name] != record["data"][name] for name in told & carried.data.keys()):
        raise _ApartError("problem")
    if means.plain:
        _compare_lines(page, lines, original, found, (carried.data, means.skills))
    return Shared(carried.data, carried.evidence, warnings)


def _in_order(original: Lines, found: Aligned) -> bool:
    """Whether no line of the vacancy has moved."""
    there = [
        one for at, one in enumerate(found.to) if one is not None and original.roles[at] == "v"
    ]
    return all(map(int.__lt__, there, there[1:]))


def _carry(stand: Stand, record: Record, *, plain: bool) -> Carried:
    found = carry(stand, record, plain=plain)
    if isinstance(found, str):
        raise _ApartError(found)
    return found


def _warnings(page: Page, original: Original, record: Record) -> list[dict[str, str]]:
    """The copy's own warnings about the page, and the original's about its values."""
    own = [_told(one) for one in page.warnings]
    of_page = set(original.notices)
    return own + [one for one in record["warnings"] if one["code"] not in of_page | READ]


READ: Final = frozenset({"bad_captured"})
"""Warnings of reading an input, which each page has for itself."""


def _told(notice: Notice) -> dict[str, str]:
    return {"code": notice.code, "message": notice.message}


def _demand_open(original: Lines, copy: Lines, found: Aligned) -> None:
    """That no line which says that the vacancy is closed has come or gone."""
    for page, pairs in ((copy, found.back), (original, found.to)):
        for at, one in enumerate(pairs):
            if one is None and page.roles[at] != "x" and says_closed(page.line(at)):
                raise _ApartError("closed")


def _demand_same_data(original: Original, page: Page, means: Means) -> None:
    stated = {unit: one.value for unit, one in stated_of(means.stated(page)).items()}
    if _plain(stated) != _plain(original.stated):
        raise _ApartError("stated data")


def _compare_stated(original: Original, stated: Mapping[str, Candidate], record: Record) -> None:
    """That the copy states as data what the original did, or what its record says."""
    origins = {key.split("/")[1]: one["origin"] for key, one in record["evidence"].items()}
    doubted = _doubted(record)
    for unit in UNITS:
        was, now = original.stated.get(unit), stated.get(unit)
        if unit in doubted and _plain(was) != _plain(now.value if now is not None else None):
            raise _ApartError(f"stated {unit}")  # what contradicted the value may do so no more
        if now is None or (was is not None and _plain(was) == _plain(now.value)):
            continue  # what is no longer stated is missed when the value is looked up
        taken = next((origins[name] for name in UNITS[unit] if name in origins), None)
        if unit in REWORDED and taken not in (None, "stated"):
            continue
        if unit == "places" and _texts(now.value) == _texts(record["data"]["locations"]):
            continue
        if unit in DATES and was is not None and taken == "stated":
            continue  # read anew
        if _plain(now.value) != _plain(_value(record["data"], unit)):
            raise _ApartError(f"stated {unit}")


def _doubted(record: Record) -> set[str]:
    """Units of which the record tells a problem, in words that hold their values."""
    return {UNIT_OF.get(one["pointer"].split("/")[1], "") for one in record["problems"]}


def _texts(places: Any) -> set[str]:
    """The wordings of places."""
    return {one["text"].casefold() for one in places or ()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items() if one is not None}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _value(data: Mapping[str, Any], unit: str) -> Any:
    names = UNITS[unit]
    if unit in MULTI_FIELD_UNITS:
        return {name: data[name] for name in names}
    return data[names[-1]]


def _compare_lines(
    page: Page,
    lines: Lines,
    original: Original,
    found: Aligned,
    known: tuple[Mapping[str, Any], FindSkills],
) -> None:
    """That no changed line says a value which the record would lack."""
    data, find = known
    changed = found.changed
    for at in changed:
        role, text = lines.roles[at], lines.line(at)
        if role == "x":
            continue
        said = set(map(repr, _said(page, text, chrome=role == "c")))
        was = found.back[at]
        before = original.lines.line(was) if was is not None else ""
        if was is not None:
            said -= set(map(repr, _said(page, before, chrome=role == "c")))
        for unit, value in _said(page, text, chrome=role == "c"):
            if repr((unit, value)) in said and not _has(data, unit, value):
                raise _ApartError(f"new {unit}")
        if role == "v":
            _demand_known(text, before, (page, data, original), find)
    if data["location"] is not None:
        head = size_of_head(lines, found.back)
        if other_places(lines, found.back, head, original.lines.text):
            raise _ApartError("new places")
    _demand_employer(lines, original.lines, found, data["company"])
    _demand_no_link(page, original, data)


def _said(page: Page, text: str, *, chrome: bool) -> list[tuple[str, Any]]:
    return list(gains(text, language=page.language, captured=page.captured, chrome=chrome))


def _demand_known(
    text: str, before: str, known: tuple[Page, Mapping[str, Any], Original], find: FindSkills
) -> None:
    """The same for what no finder of a closed vocabulary sees: names, places, skills."""
    page, data, original = known
    if not before and (data["title"] is None or data["company"] is None):
        raise _ApartError("new line, no title or company")
    short = text.count(" ") < SHORT
    if data["location"] is None and (short or may_place(text, page.language)):
        raise _ApartError("new place")
    if not before:
        _demand_no_topic(text[:LONGEST], data, original.lines.text)
    skills = {one.casefold() for one in data["skills"] or ()}
    shown = original.lines.text.casefold()
    for skill in skills_in(text, find):
        if skill.casefold() not in skills and skill.casefold() not in shown:
            raise _ApartError("new skill")


def _demand_no_topic(text: str, data: Mapping[str, Any], shown: str) -> None:
    """That a new line says no other place behind a label, and heads no list that the record lacks.

    The lines of such a list would not tell.
    """
    its = wording(text)
    if "location" in its.label and unsaid(text[its.value_at :], shown):
        raise _ApartError("new places")
    heads = its.heading is not None and not its.label and its.heading.cover > WHOLE
    topic = its.heading.name if its.heading is not None and heads else ""
    if topic in SECTIONS and data[topic] is None:
        raise _ApartError(f"new {topic}")


def _demand_employer(lines: Lines, original: Lines, found: Aligned, company: str | None) -> None:
    """That no line which named the employer has gone where a new one may name another."""
    gone = any(
        one is None and original.roles[at] == "v" and original.line(at) == company
        for at, one in enumerate(found.to)
    )
    head = size_of_head(lines, found.back) if gone else 0
    if gone and other_names(lines, found.back, head, original.text):
        raise _ApartError("new company")


def _demand_no_link(page: Page, original: Original, data: Mapping[str, Any]) -> None:
    if data["application_url"] is not None:
        return
    known = {text for text, _, _ in original.links}
    if any(invites(text) and text not in known for text, _, _ in links_of(page)):
        raise _ApartError("new application_url")


def _has(data: Mapping[str, Any], unit: str, value: Any) -> bool:
    """Whether the record says ``value`` already."""
    if unit == "date":
        return value in (data["date_posted"], data["valid_through"])
    if unit in LIST_UNITS:
        return value in (data[unit] or ())
    if unit in MULTI_FIELD_UNITS:
        own = _value(data, unit)
        return all(own.get(key) == one for key, one in value.items() if one is not None)
    if unit == "education":
        return str(value).casefold() in str(data[unit] or "").casefold()
    return bool(data[unit] == value)
