"""Targets on quotes that become values: pay, dates, places, years and whatever has a vocabulary."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from fuzz.nouns import Draw, Target, hold, strictly
from rolecall.normalise.dates import find_dates, read_date
from rolecall.normalise.education import find_education
from rolecall.normalise.employment import find_employment
from rolecall.normalise.found import Found
from rolecall.normalise.languages import find_languages
from rolecall.normalise.numbers import read_number
from rolecall.normalise.place_finder import find_places
from rolecall.normalise.places import is_place, read_place
from rolecall.normalise.salary import find_salaries, read_salary
from rolecall.normalise.seniority import find_title_level, read_level
from rolecall.normalise.triggers import (
    EDUCATION,
    EMPLOYMENT,
    LANGUAGES,
    LEVEL,
    WORKPLACE,
    YEARS,
    called,
    triggers_in,
    triggers_of,
)
from rolecall.normalise.words import fold, words_of
from rolecall.normalise.workplace import find_workplace
from rolecall.normalise.years import find_years
from rolecall.reader.lexicon import split_words
from rolecall.schema.validate import fault

LANGUAGE: Final = (None, "en", "de", "fr", "cs", "es", "pl", "sv", "da", "xx", "pt", "it")
CAPTURED: Final = (
    None,
    date(2026, 11, 26),
    date(1990, 1, 1),
    date(2100, 12, 31),
    date(2024, 2, 29),
)
HINTS: Final = (None, "EUR", "USD", "x", "")
FINDERS: Final[tuple[tuple[Callable[..., list[Found]], int, str], ...]] = (
    (find_workplace, WORKPLACE, "workplace"),
    (find_employment, EMPLOYMENT, "employment_type"),
    (find_years, YEARS, ""),
    (find_education, EDUCATION, ""),
    (find_languages, LANGUAGES, ""),
)


def found(text: str, all_: list[Found]) -> None:
    """That each thing that was found stands in the text, in order, with a value of strict JSON."""
    for one in all_:
        hold(0 <= one.start < one.end <= len(text), f"{one.start}:{one.end} of {len(text)}")
        strictly(one.value)


def _pay(data: bytes) -> None:
    draw = Draw(data)
    language, hint, labelled = draw.choice(LANGUAGE), draw.choice(HINTS), draw.flag()
    text = draw.rest().decode("utf-8", "replace")
    all_ = find_salaries(text, language=language, currency_hint=hint, labelled=labelled)
    found(text, all_)
    last = 0
    for one in all_:
        hold(one.start >= last, "two amounts that overlap")
        last = one.end
        low, high = one.value["salary_min"], one.value["salary_max"]
        hold(low is None or high is None or low <= high, f"pays {low} to {high}")
        if one.cue != "amount" and hint not in ("x", ""):
            _valid(one.value)
    read_salary(text, language=language, labelled=labelled)
    one_number = read_number(text, language=language)
    if one_number is not None:
        strictly(one_number.value)


def _valid(value: dict[str, Any]) -> None:
    for name, part in value.items():
        if part is not None:
            wrong = fault(name, part)
            # What no posting may hold is left out where candidates are settled.
            hold(wrong is None or "maximum" in wrong, f"{name} {part!r}: {wrong}")


def _dates(data: bytes) -> None:
    draw = Draw(data)
    language, captured = draw.choice(LANGUAGE), draw.choice(CAPTURED)
    first, labelled = draw.choice((None, True, False)), draw.flag()
    text = draw.rest().decode("utf-8", "replace")
    all_ = find_dates(
        text, language=language, captured=captured, day_first=first, labelled=labelled
    )
    found(text, all_)
    for one in all_:
        if one.value is not None:
            told = date.fromisoformat(one.value)
            hold(one.cue == "relative" or 1990 <= told.year <= 2100, f"the year of {told}")
            hold(fault("date_posted", one.value) is None, f"no valid date: {one.value}")
            again = read_date(one.value)
            if 1990 <= told.year <= 2100:
                hold(
                    again is not None and again.value == one.value, f"{one.value} reads as {again}"
                )
        elif one.problem is None:
            hold(False, "no date, and no word of why")


def _places(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    all_ = find_places(text)
    found(text, all_)
    place = read_place(text)
    strictly(place)
    whole = place["text"] or ""
    hold(read_place(whole)["text"] == whole, "a place whose text is another's")
    for name in ("city", "region"):
        part = place[name]
        if part:
            hold(bool(part.strip()), f"a blank {name}")
    hold(0.0 <= is_place(text) <= 1.0, "a plausibility out of range")


def _words(data: bytes) -> None:
    """All closed vocabularies, and the guard that calls their finders."""
    draw = Draw(data)
    language = draw.choice(LANGUAGE)
    text = draw.rest().decode("utf-8", "replace")
    for find, _, name in FINDERS:
        all_ = find(text, language=language)
        found(text, all_)
        for one in all_:
            if name and one.value is not None:
                value = [one.value] if name == "employment_type" else one.value
                hold(fault(name, value) is None, f"{name} {one.value!r}")
    for told in (read_level(text), find_title_level(text, language=language)):
        if told is not None and told.value is not None:
            hold(fault("seniority", told.value) is None, f"the level {told.value!r}")
    key = fold(text)
    hold(fold(key) == key or not key.isascii(), f"folding is never done: {key!r:.100}")
    words_of(text)


def _triggers(data: bytes) -> None:
    """A line in which a finder finds something calls that finder."""
    for line in data.decode("utf-8", "replace")[:2_000].split("\n")[:8]:
        bits = 0
        for word in split_words(line):
            bits |= triggers_of(word)
        calls = called(bits) | triggers_in(line)
        for find, bit, name in FINDERS:
            if not calls & bit and find(line):
                hold(False, f"{name or find.__name__} is found in {line!r:.200}, and not called")
        if not calls & LEVEL and read_level(line) is not None:
            hold(False, f"a level is found in {line!r:.200}, and not called")


_LINES: Final = (
    b"\x01\x01\x01Salary: \xc2\xa328,000 to \xc2\xa331,000 per annum",
    b"\x02\x00\x003.200 \xe2\x82\xac brutto im Monat",
    b"\x03\x02\x01de 35 \xc3\xa0 45 k\xe2\x82\xac par an",
    b"\x01\x00\x00$55-60/hr + bonus",
    b"\x04\x00\x0045 000 - 60 000 K\xc4\x8d",
    b"\x00\x00\x00EUR 1.234.567,89",
    b"\x00\x00\x01CHF 100'000.-",
)
_DAYS: Final = (
    b"\x01\x01\x00\x00Posted 3 days ago, apply by 31/12/2026",
    b"\x02\x01\x01\x0131. Dezember 2026",
    b"\x03\x00\x00\x00le 1er f\xc3\xa9vrier 2027",
    b"\x00\x01\x00\x0120260131",
    b"\x01\x01\x02\x00yesterday\nheute\n2026-02-30",
)
_PLACE: Final = (
    b"Bath, England, UK",
    "Köln (hybrid) / Remote".encode(),
    b"10117 Berlin, Deutschland",
    b"San Francisco, CA 94105; New York, NY",
    b"Praha 4 - Chodov",
    b"3 locations",
)
_VOCABULARY: Final = (
    b"\x01Full-time, hybrid (2 days a week in the office)",
    "\x02Vollzeit/Teilzeit 20–40 Std., Homeoffice".encode(),
    b"\x01at least 3-5 years of experience", b"\x01Bachelor's degree or MSc",
    b"\x02Abgeschlossenes Studium, Deutsch B2",
    b"\x01Senior Staff Engineer II", "\x03CDI, télétravail partiel, bac+5".encode(),
    b"\x05jornada completa, 100 % remoto",
)  # fmt: skip

TARGETS: Final = (
    Target(
        name="normalise/pay",
        holds="never raises; each amount is in its place, in order, low before high, and valid",
        run=_pay,
        seeds=_LINES,
        words=("€", "£", "$", "k", "K", "EUR", "per hour", "/Monat", "bis", "-", "–", ",00", ".000",
               "p.a.", "up to", "ab", "Mio", "１", "٣", "\u00a0", "\u202f", "1e9", "salary", "%"),
    ),
    Target(
        name="normalise/dates",
        holds="never raises; a date is an ISO date from 1990 to 2100 that reads as itself",
        run=_dates,
        seeds=_DAYS,
        words=("2026", "31.", "/12/", "-02-30", "days ago", "gestern", "janvier", "Mai", "T00:00Z",
               "29 February", "00", "１２", "vor 3 Wochen", "today", "Q4", "31.02."),
    ),
    Target(
        name="normalise/places",
        holds="never raises; each name is in its place; a place's text reads as itself",
        run=_places,
        seeds=_PLACE,
        words=("Berlin", "London", ", ", "(", ")", " / ", "UK", "CA", "Remote", "Paris", "São", ";",
               "Praha", "12345", "|", " - ", "New York", "Île", "Ś", "ß", "İ"),
    ),
    Target(
        name="normalise/vocabularies",
        holds="never raises; what is found stands there and is of the vocabulary",
        run=_words,
        seeds=_VOCABULARY,
        words=("full", "time", "part", "remote", "years", "Jahre", "degree", "senior", "m/w/d",
               "German", "B2", "bac+5", "homeoffice", "80-100%", "-", "/", "'", "\u0301", "İ", "ſ"),
    ),
    Target(
        name="normalise/triggers",
        holds="a line in which a finder finds something calls that finder",
        run=_triggers,
        seeds=tuple(one[1:] for one in _VOCABULARY),
        words=("full", "time", "teil", "zeit", "_", "%", "years", "bac+5", "ﬁ", "\u0301", "\u00ad",
               "home-office", "l'anglais", "İ", "ſ", "K", "20h", "ß", "Å", "３"),
    ),
)  # fmt: skip
