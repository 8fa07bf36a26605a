"""Statements -> candidates: one value per unit, and its place in the visible text if any."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from rolecall.core import Candidate, Page, Span, Statement
from rolecall.normalise.employment import find_employment
from rolecall.normalise.workplace import find_workplace
from rolecall.stated.choose import is_titled, title_of
from rolecall.stated.confidence import REPAIRED, STATE, STRANGE, UNSEEN_STATE, confidence
from rolecall.stated.facts import (
    MAX_ITEMS,
    company_of,
    day_of,
    mail_of,
    said,
    text_of,
    texts_of,
    years_of,
)
from rolecall.stated.pay import salary_of, visible_salary
from rolecall.stated.places import PLAUSIBLE, places_of
from rolecall.stated.plain import line, lines
from rolecall.stated.visible import Visible

MIN_DESCRIPTION: Final = 40
HALF_BODY: Final = 0.5
MAX_YEARS: Final = 40
MAX_LIST: Final = 20_000
MAX_ITEM: Final = 60
"""Characters up to which the parts of an enumeration in one string count as its items."""

_MONTHS: Final = ("January February March April May June July August September October November"
                  " December").split()  # fmt: skip
_BRACKET: Final = re.compile(r" ?[-–]? ?\([^()]{1,24}\)(?= |$)")
_TYPES: Final = {
    "FULLTIME": "full_time", "PARTTIME": "part_time", "CONTRACTOR": "contract",
    "CONTRACT": "contract", "TEMPORARY": "temporary", "TEMP": "temporary", "SEASONAL": "temporary",
    "INTERN": "internship", "INTERNSHIP": "internship", "VOLUNTEER": "volunteer",
    "PERDIEM": "temporary", "APPRENTICESHIP": "apprenticeship", "APPRENTICE": "apprenticeship",
    "FREELANCE": "freelance", "FREELANCER": "freelance",
}  # fmt: skip
_HYBRID: Final = ("hybrid", "híbrid", "ibrid", "hybryd", "гибрид")
_APPLY: Final = re.compile(
    r"apply|appli(?:cation|y)|bewerb|postul|candidat|solicit|sollicit|ansøg|ansok|aplik"
)
_YEARS: Final = "years?|yrs?|jahre?n?|ans|années|jaar|let|roky|anos|anni|лет|года?|años|års?|lata?"
_LANGUAGES: Final = {
    "english": "en", "deutsch": "de", "german": "de", "french": "fr", "français": "fr",
    "dutch": "nl", "nederlands": "nl", "czech": "cs", "čeština": "cs", "portuguese": "pt",
    "português": "pt", "italian": "it", "italiano": "it", "russian": "ru", "русский": "ru",
    "spanish": "es", "español": "es", "danish": "da", "dansk": "da", "swedish": "sv",
    "svenska": "sv", "polish": "pl", "polski": "pl",
}  # fmt: skip


class Fact(NamedTuple):
    """A value with its wording: one quote and span per list item, else one."""

    value: Any
    quotes: tuple[str, ...]
    spans: tuple[Span | None, ...]
    path: str
    trust: float = 1.0


class _View(NamedTuple):
    """What the readers of single units look at."""

    page: Page
    visible: Visible
    data: Mapping[str, Any]


def candidates_of(page: Page, statements: tuple[Statement, ...]) -> Iterator[Candidate]:
    """One candidate per unit, from the first of ``statements`` that has the unit."""
    visible = Visible(page)
    done: set[str] = set()
    for statement in statements:
        view = _View(page, visible, statement.data)
        factor = _factor(page, visible, statement)
        for unit, read in _READERS.items():
            if unit in done:
                continue
            fact = read(view)
            if fact is None or fact.value in (None, "", []):
                continue
            done.add(unit)
            seen = sum(span is not None for span in fact.spans) / max(len(fact.spans), 1)
            hidden = statement.syntax == "state" and not seen
            yield Candidate(
                unit=unit,
                value=fact.value,
                quotes=fact.quotes,
                spans=fact.spans,
                origin="stated",
                confidence=confidence(
                    unit, seen, factor=factor * fact.trust * (UNSEEN_STATE if hidden else 1.0)
                ),
                pointer=f"{statement.pointer}/{fact.path}",
            )


def _factor(page: Page, visible: Visible, statement: Statement) -> float:
    factor = REPAIRED if statement.repaired else 1.0
    if statement.syntax == "state":
        factor *= STATE
    title = title_of(statement)
    if title and visible.find(title) is None and not is_titled(page, title):
        factor *= STRANGE
    return factor


def _one(view: _View, text: str, path: str) -> Fact | None:
    """A single wording, as the page shows it where it does."""
    if not text:
        return None
    span = view.visible.find(text)
    if span is None:
        return Fact(text, (text,), (None,), path)
    shown = span.of(view.page.text)
    return Fact(shown, (shown,), (span,), path)


def _title(view: _View) -> Fact | None:
    """The stated title with the bracket that its heading adds to it, such as "(m/f/d)"."""
    path = "title" if view.data.get("title") else "name"
    fact = _one(view, said(text_of(view.data.get(path)))[:300], path)
    if fact is None or (span := fact.spans[0]) is None:
        return fact
    block = view.visible.block(span.start)
    if block is None or block.kind != "heading" or block.span.start != span.start:
        return fact
    tail = _BRACKET.match(view.page.text, span.end, block.span.end)
    if tail is None:
        return fact
    shown = view.page.text[span.start : tail.end()]
    return Fact(shown, (shown,), (Span(span.start, tail.end()),), path)


def _company(view: _View) -> Fact | None:
    return _one(view, company_of(view.data)[:200], "hiringOrganization")


def _places(view: _View) -> Fact | None:
    places = places_of(view.data, view.visible)
    if not places:
        return None
    quotes = tuple(place.value["text"] or "" for place in places)
    spans = tuple(place.span for place in places)
    plausible = max(place.plausible for place in places) >= PLAUSIBLE
    # A remote posting states where the firm sits.
    remote = "TELECOMMUTE" in text_of(view.data.get("jobLocationType")).upper()
    trust = (1.0 if plausible else 0.5) * (0.8 if remote else 1.0)
    return Fact([place.value for place in places], quotes, spans, "jobLocation", trust)


def _workplace(view: _View) -> Fact | None:
    for text in texts_of(view.data.get("jobLocationType")):
        word = "".join(filter(str.isalpha, text)).lower()
        if word in ("telecommute", "telecommuting", "remote", "fullyremote"):
            # schema.org has no word for hybrid work, so boards call that TELECOMMUTE as well.
            trust = 0.5 if any(word in view.visible.text for word in _HYBRID) else 1.0
            span = view.visible.find("remote")
            quote = span.of(view.page.text) if span else text
            return Fact("remote", (quote,), (span,), "jobLocationType", trust)
        found = find_workplace(line(text[:200]).replace("_", " "))
        if found and found[0].value:
            return Fact(found[0].value, (text,), (view.visible.find(text),), "jobLocationType")
    return None


def _employment(view: _View) -> Fact | None:
    values: dict[str, str] = {}
    for text in texts_of(view.data.get("employmentType")):
        for part in re.split(r"[,;|/\n]", line(text[:400])):
            constant = re.sub(r"[^A-Z]", "", part.upper())
            if constant in _TYPES:
                values.setdefault(_TYPES[constant], part.strip())
            elif constant != "OTHER":
                for found in find_employment(part.strip()):
                    if isinstance(found.value, str) and found.cue != "weak":
                        values.setdefault(found.value, part.strip())
    if not values:
        return None
    spans = tuple(_employment_span(view, value, raw) for value, raw in values.items())
    quotes = tuple(
        span.of(view.page.text) if span else raw
        for span, raw in zip(spans, values.values(), strict=True)
    )
    return Fact(list(values), quotes, spans, "employmentType")


def _employment_span(view: _View, value: str, raw: str) -> Span | None:
    words = value.replace("_", " ")
    for spelling in (raw, words, words.replace(" ", "-")):
        if span := view.visible.find(spelling):
            return span
    return None


def _salary(view: _View) -> Fact | None:
    stated = salary_of(view.data)
    if stated is None:
        return None
    salary, name = stated
    span = visible_salary(view.visible, salary, view.page.language)
    raw = text_of(view.data.get(name)) or ""
    quote = span.of(view.page.text) if span else line(raw)[:200]
    trust = 0.5 if name == "estimatedSalary" and span is None else 1.0
    return Fact(salary, (quote,), (span,), name, trust)


def _experience(view: _View) -> Fact | None:
    stated = view.data.get("experienceRequirements")
    years = years_of(stated)
    if years is None:
        return None
    low = years["experience_years_min"]
    figure = low if low is not None else years["experience_years_max"]
    # The figure comes first, so that the search runs from figure to figure.
    near = rf"{figure}(?<![\d.,]{figure})\b(?! ?[%€$£])[^\n]{{0,12}}?\b(?:{_YEARS})\b"
    match = re.search(near, view.visible.text)
    span = Span(match.start(), match.end()) if match else None
    quote = span.of(view.page.text) if span else line(text_of(stated))[:200]
    return Fact(years, (quote,), (span,), "experienceRequirements")


def _education(view: _View) -> Fact | None:
    stated = view.data.get("educationRequirements")
    text = said(text_of(stated)[:2000])
    return _one(view, text[:300], "educationRequirements")


def _description(view: _View) -> Fact | None:
    stated = text_of(view.data.get("description"))
    text = "\n".join(lines(stated))
    if len(text) < MIN_DESCRIPTION:
        return None
    covered = view.visible.cover(text)
    if covered is None:
        return Fact(text, (text,), (None,), "description")
    shown = covered.span.of(view.page.text)
    value = shown if covered.stated > 0.9 and covered.shown > 0.9 else text
    trust = min(1.0, 0.5 + 0.5 * covered.stated)
    if covered.of_body < HALF_BODY:
        # Shortened, or the first paragraph only.
        trust *= 0.6
    return Fact(value, (shown,), (covered.span,), "description", trust)


def _listed(*names: str) -> Callable[[_View], Fact | None]:
    """A reader of a list unit: items, the lines of a text, or an enumeration in one string."""

    def read(view: _View) -> Fact | None:
        for name in names:
            items: list[str] = []
            for text in texts_of(view.data.get(name)):
                items += _items(text[:MAX_LIST])
            kept = list(dict.fromkeys(item for item in items if said(item)))[:MAX_ITEMS]
            if kept:
                spans = tuple(view.visible.find(item) for item in kept)
                shown = [
                    span.of(view.page.text) if span else item
                    for span, item in zip(spans, kept, strict=True)
                ]
                return Fact(shown, tuple(shown), spans, name)
        return None

    return read


def _items(text: str) -> list[str]:
    found = [item for item in lines(text) if not item.endswith(":")]
    if len(found) != 1:
        return found
    parts = [part.strip(" .") for part in re.split(r"[,;](?!\d)", found[0])]
    parts = [part for part in parts if part]
    return parts if len(parts) > 1 and max(map(len, parts)) <= MAX_ITEM else found


def _date(name: str) -> Callable[[_View], Fact | None]:
    def read(view: _View) -> Fact | None:
        stated = view.data.get(name)
        day = day_of(stated, view.page.language)
        if day is None:
            return None
        span = _date_span(view.visible, day)
        quote = span.of(view.page.text) if span else text_of(stated).strip()
        return Fact(day, (quote,), (span,), name)

    return read


def _date_span(visible: Visible, day: str) -> Span | None:
    """Where the text shows an ISO date in a spelling that leaves no doubt about it."""
    text = visible.text
    near: list[str] = []
    at = text.find(day[:4])
    while at >= 0 and len(near) < MAX_YEARS:
        near.append(text[max(0, at - 20) : at + 12])
        at = text.find(day[:4], at + 4)
    windows = "\n".join(near)
    for spelling in _spelled(day) if near else ():
        if spelling.lower() in windows and (span := visible.find(spelling)):
            return span
    return None


def _spelled(day: str) -> Iterator[str]:
    """Common spellings of an ISO date that leave no doubt about it."""
    year, month, number = int(day[:4]), int(day[5:7]), int(day[8:])
    name = _MONTHS[month - 1]
    yield day
    yield f"{number:02}.{month:02}.{year}"
    yield f"{number}.{month}.{year}"
    yield f"{number}. {month}. {year}"
    yield f"{number:02}/{month:02}/{year}"
    yield f"{month:02}/{number:02}/{year}"
    for word in (name, name[:3]):
        yield f"{word} {number}, {year}"
        yield f"{number} {word} {year}"
        yield f"{number:02} {word} {year}"


def _address(view: _View) -> Fact | None:
    """An apply link: an ``ApplyAction``, or a ``url`` that says it is one and is not this page."""
    for name in ("potentialAction", "applicationContact", "url"):
        value = view.data.get(name)
        if name == "potentialAction":
            value = value.get("target") if isinstance(value, Mapping) else None
        if isinstance(value, Mapping):
            value = value.get("urlTemplate") or value.get("url")
        url = value.strip() if isinstance(value, str) else ""
        if not url.startswith(("http://", "https://", "/")) or len(url) > 2000 or " " in url:
            continue
        if name != "potentialAction" and not _APPLY.search(url.lower()):
            continue
        if url == view.page.url:
            continue
        link = next((link for link in view.page.links if link.href == url), None)
        return Fact(url, (url,), (None,), name, 1.0 if link else 0.8)
    return None


def _mail(view: _View) -> Fact | None:
    mail = mail_of(view.data.get("applicationContact"))
    return _one(view, mail or "", "applicationContact")


def _language(view: _View) -> Fact | None:
    text = text_of(view.data.get("inLanguage")).strip().lower()
    code = _LANGUAGES.get(text) or (re.split(r"[-_]", text)[0] if text.isascii() else "")
    if len(code) != 2 or not code.isalpha():
        return None
    return Fact(code, (text,), (None,), "inLanguage")


_READERS: Final[dict[str, Callable[[_View], Fact | None]]] = {
    "title": _title,
    "company": _company,
    "places": _places,
    "workplace": _workplace,
    "employment_type": _employment,
    "salary": _salary,
    "experience": _experience,
    "education": _education,
    "skills": _listed("skills"),
    "description": _description,
    "responsibilities": _listed("responsibilities"),
    "requirements": _listed("qualifications"),
    "benefits": _listed("jobBenefits", "benefits", "incentiveCompensation"),
    "application_url": _address,
    "application_email": _mail,
    "date_posted": _date("datePosted"),
    "valid_through": _date("validThrough"),
    "posting_language": _language,
}
