"""What a changed line of a copy may say that its original did not: the finders' word for it.

A value that the copy alone has would be missing from a shared extraction, and nobody could look it
up. So a line that is not the original's is searched by everything that finds values in a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final

from rolecall.normalise import triggers
from rolecall.normalise.dates import find_dates
from rolecall.normalise.dates_relative import may_be_relative, may_open
from rolecall.normalise.education import find_education
from rolecall.normalise.employment import find_employment
from rolecall.normalise.found import Found
from rolecall.normalise.languages import find_languages
from rolecall.normalise.place_finder import find_places
from rolecall.normalise.places import is_place
from rolecall.normalise.salary import find_salaries
from rolecall.normalise.seniority import read_level
from rolecall.normalise.workplace import find_workplace
from rolecall.normalise.years import find_years
from rolecall.reader.apply import APPLY, EMAIL
from rolecall.reader.skills import SkillLine, SkillSpan
from rolecall.reader.verdict_phrases import closings
from rolecall.reader.wording import wording

FindSkills = Callable[[Sequence[SkillLine]], Sequence[SkillSpan]]

LONGEST: Final = 3_000
"""Characters of a line that are searched, as many as the reader does."""

SHORT: Final = 6
"""Words of a line that may be a fact all by itself, such as a level or a place."""

CHROME_WORDS: Final = 12
NOTICE_WORDS: Final = 40
PLACE: Final = 0.5
LONGEST_LINK: Final = 60

Gain = tuple[str, Any]
"""A unit, and a value of it."""


def gains(
    line: str, *, language: str | None, captured: date | None, chrome: bool = False
) -> Iterator[Gain]:
    """Values that the finders see in a line; of the site's own lines, only dates."""
    text = line[:LONGEST]
    its = wording(text)
    called = its.triggers
    dated = called & triggers.DIGIT or (
        its.words and may_open(its.words[0]) and may_be_relative(text)
    )
    if dated and (not chrome or len(its.words) < CHROME_WORDS):
        found = find_dates(text, language=language, captured=captured, labelled=True)
        yield from _values("date", found)
    if chrome:
        return
    if called & triggers.DIGIT:
        found = find_salaries(text, language=language, labelled=True)
        yield from _values("salary", [one for one in found if one.cue != "amount"])
    if called & triggers.WORKPLACE:
        yield from _values("workplace", find_workplace(text))
    if called & triggers.EMPLOYMENT:
        yield from _values("employment_type", find_employment(text))
    if called & triggers.YEARS:
        yield from _values("experience", find_years(text))
    if called & triggers.EDUCATION:
        yield from _values("education", find_education(text))
    if called & triggers.LANGUAGES:
        yield from _values("languages_required", find_languages(text))
    if called & triggers.LEVEL and len(its.words) <= SHORT:
        level = read_level(text[its.value_at :] or text, language=language)
        if level is not None and level.value:
            yield "seniority", level.value
    if "@" in text:
        for mail in EMAIL.findall(text):
            yield "application_email", mail.rstrip(".")


def _values(unit: str, found: list[Found]) -> Iterator[Gain]:
    return ((unit, one.value) for one in found if one.value is not None)


def may_place(line: str, language: str | None) -> bool:
    """Whether a line names a place, or is one."""
    text = line[:LONGEST]
    if len(wording(text).words) <= SHORT and is_place(text) >= PLACE:
        return True
    return any(one.value is not None for one in find_places(text, language=language))


def skills_in(line: str, find: FindSkills) -> list[str]:
    """The skills of a line, judged by itself."""
    return [one.text for one in find([SkillLine(line[:LONGEST], 0, "requirements", "item")])]


def says_closed(line: str) -> bool:
    """Whether a line says that the vacancy is closed."""
    words = wording(line[:LONGEST]).words
    return len(words) <= NOTICE_WORDS and bool(closings().find(words))


@lru_cache(maxsize=4096)
def invites(link: str) -> bool:
    """Whether the text of a link asks to apply."""
    return len(link) <= LONGEST_LINK and APPLY.search(link) is not None
