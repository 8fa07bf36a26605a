"""Values in hostile wording: random strings through all readers of values, days that never were."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Final

from rolecall.normalise.dates import find_dates, read_date
from rolecall.normalise.education import find_education
from rolecall.normalise.employment import find_employment
from rolecall.normalise.languages import find_languages
from rolecall.normalise.numbers import read_number
from rolecall.normalise.place_finder import find_places
from rolecall.normalise.places import is_place, read_place
from rolecall.normalise.salary import find_salaries, read_salary
from rolecall.normalise.seniority import find_title_level, read_level
from rolecall.normalise.workplace import find_workplace
from rolecall.normalise.years import find_years
from torture.nouns import Case, Class, Group, Terms
from torture.pages_posting import posting
from torture.pages_tried import POSTING, Hostile, judged, strict, tried

DAY: Final = date(2026, 5, 17)
READERS: Final[dict[str, Callable[[str], Any]]] = {
    "dates": lambda text: find_dates(text, captured=DAY),
    "dates_labelled": lambda text: find_dates(text, labelled=True, language="de"),
    "date": lambda text: read_date(text, captured=DAY),
    "education": find_education,
    "employment": find_employment,
    "languages": find_languages,
    "number": read_number,
    "number_german": lambda text: read_number(text, language="de"),
    "places": find_places,
    "place": read_place,
    "is_place": is_place,
    "salaries": find_salaries,
    "salary": lambda text: read_salary(text, labelled=True, language="fr", currency_hint="CAD"),
    "level": read_level,
    "title_level": find_title_level,
    "workplace": find_workplace,
    "years": find_years,
}
WORDS: Final = (
    "70.000,00 €85k per hour 31/12 00-00 $ £52,000 1e400 ١٢٣ １２３ ½ ² Ⅷ 3.5 Mio k tis."
    " brutto/Monat up to from von bis ab 2026-02-30 29.02.2025 yesterday vor 3 Tagen il y a 2"
    " jours 5+ years Jahre remote hybrid full-time befristet Senior Lead Bachelor's B.Sc. English"
    " C1 fluent Berlin, DE Leeds CA 10115 USA \u202e \u200f \u0308 \u00ad İ ß ﬁ - – — / | ( ) [ ]"
    " . , : ; ' \" \\ % + \n \t \0 \ud800"
).split(" ")


def normalise(terms: Terms) -> Group:
    """Random strings through everything that reads a value out of words."""
    rng = random.Random(terms.seed)
    number = terms.number(400, 60_000)
    texts = [made_up(rng) for _ in range(number)]
    cases = tuple(read_all(name, read, texts) for name, read in READERS.items())
    said = f"{number:,} made-up strings through each reader of values: no error, finds lie within"
    return Group(said=said, cases=cases)


def made_up(rng: random.Random) -> str:
    """Words, figures and signs that values are made of, and anything else."""
    parts = []
    for _ in range(rng.randrange(1, 14)):
        kind = rng.random()
        if kind < 0.7:
            parts.append(rng.choice(WORDS))
        elif kind < 0.8:
            parts.append("".join(rng.choices(string.digits + ".,' -", k=rng.randrange(1, 30))))
        elif kind < 0.95:
            parts.append("".join(chr(rng.randrange(0x110000)) for _ in range(rng.randrange(4))))
        else:
            parts.append(rng.choice(WORDS) * rng.randrange(1, 200))
    return rng.choice((" ", "", "\n")).join(parts)


def read_all(name: str, read: Callable[[str], Any], texts: list[str]) -> Case:
    """Whether a reader takes all texts, says the same twice, and finds what lies within them."""
    for text in texts:
        try:
            found = read(text)
            again = read(text)
        except Exception as error:
            return Case(name=name, found=Class.CRASHED, note=f"{error!r} on {text[:80]!r}")
        if found != again:
            return Case(name=name, found=Class.WRONG, note=f"differs on {text[:80]!r}")
        for one in found if isinstance(found, list) else [found]:
            if hasattr(one, "start") and not 0 <= one.start < one.end <= len(text):
                return Case(name=name, found=Class.WRONG, note=f"{one} in {text[:80]!r}")
    return Case(name=name, found=Class.RIGHT)


DATED: Final[dict[str, tuple[str, str | None]]] = {
    "plain": ("2026-05-17", "2026-05-17"),
    "time": ("2026-05-17T23:59:59Z", "2026-05-17"),
    "zone": ("2026-05-17T23:59:59+14:00", "2026-05-17"),
    "past_2038": ("2038-01-20", "2038-01-20"),
    "second_2038": ("2038-01-19T03:14:08Z", "2038-01-19"),
    "leap_day": ("2028-02-29", "2028-02-29"),
    "no_leap_day": ("2027-02-29", None),
    "day_zero": ("0000-00-00", None),
    "month_13": ("2026-13-01", None),
    "day_32": ("2026-01-32", None),
    "year_9999": ("9999-12-31", None),
    "year_10000": ("10000-01-01", None),
    "year_1": ("0001-01-01", None),
    "epoch": ("1970-01-01", None),
    "leap_second": ("2026-06-30T23:59:60Z", "2026-06-30"),
    "skipped_hour": ("2026-03-29T02:30:00+01:00", "2026-03-29"),
    "hour_24": ("2026-05-17T24:00:00", "2026-05-17"),
    "basic": ("20260517", "2026-05-17"),
    "words": ("May 17, 2026", "2026-05-17"),
    "german": ("17. Mai 2026", "2026-05-17"),
    "ambiguous": ("05/06/2026", None),
    "full_width": ("２０２６-０５-１７", "2026-05-17"),
    "nonsense": ("soon", None),
    "empty": ("", None),
    "dash": ("-2026-05-17", "2026-05-17"),
    "huge": ("9" * 4_000, None),
}
LENIENT: Final = ("basic", "full_width", "year_9999", "hour_24", "leap_second", "dash")
"""Where nothing at all is right too."""


def dates(terms: Terms) -> Group:
    """Days as pages write them, stated as data and shown, in two time zones."""
    del terms
    pages = list(dated())
    wanted = {one.name: DATED[one.name.split("_", 1)[1]][1] for one in pages}
    cases = []
    for one, seen in zip(pages, tried(pages), strict=True):
        record = strict(seen.line)
        case = judged(one, record, seen.seconds)
        got, want = (record.get("data") or {}).get("date_posted"), wanted[one.name]
        lenient = one.name.split("_", 1)[1] in LENIENT or (want is not None and "shown" in one.name)
        if case.found is Class.RIGHT and got != want and not (got is None and lenient):
            case = Case(name=one.name, found=Class.WRONG, note=f"{got!r}, wanted {want!r}")
        cases.append(case)
    said = "days as pages write them, of any year: the right day or none"
    return Group(said=said, cases=tuple(cases))


def dated() -> Iterator[Hostile]:
    """The posting with each day."""
    for name, (day, _) in DATED.items():
        data = {"@type": "JobPosting", "title": "Senior Bridge Engineer", "datePosted": day}
        script = f'<script type="application/ld+json">{json.dumps(data)}</script>'
        yield Hostile(name=f"stated_{name}", body=posting(head=script), wants=POSTING)
        body = posting(f"<p>Posted: {day}</p>")
        yield Hostile(name=f"shown_{name}", body=body, wants=POSTING)
