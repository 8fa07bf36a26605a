"""Plain facts out of the shapes in which pages write schema.org values. Nothing here raises."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from rolecall.normalise.dates import read_date
from rolecall.normalise.numbers import read_number, tidy
from rolecall.normalise.years import find_years
from rolecall.stated.plain import line

MAX_ITEMS: Final = 100
MAX_PLACES: Final = 30

_TEXT_KEYS: Final = ("name", "@value", "value", "text", "title", "description",
                     "credentialCategory", "termCode", "legalName")  # fmt: skip
_NOTHING: Final = frozenset(
    ("n/a,na,none,null,nil,undefined,unknown,unavailable,tbd,tba,unspecified,string,not available,"
     "not specified,not applicable,not provided,no requirements,no requirement").split(",")
)  # fmt: skip
_ISO_DAY: Final = re.compile(r"\s*(\d{4})-(\d{2})-(\d{2})(?!\d)")
_COMPACT_DAY: Final = re.compile(r"\s*((?:19|20)\d{2})(\d{2})(\d{2})(?:T\d|\s*$)")
_DIGITS: Final = re.compile(r"[\d\s.,+-]+")
_PLAIN_NUMBER: Final = re.compile(r"\d{1,12}(?:\.(?:\d\d?|\d{4,12}))?")
_MAIL: Final = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_PERIODS: Final = {
    word: period
    for period, words in {
        "hour": "hour hourly hours hur hr h stunde stündlich heure uur hora ora godz godzina timme"
        " time час hodina",
        "day": "day daily days tag täglich jour dag dia día giorno dzień день den",
        "week": "week weekly weeks wee woche wöchentlich semaine semana settimana tydzień vecka uge"
        " неделя týden",
        "month": "month monthly months mon monat monatlich mois maand mês mes mese miesiąc månad"
        " måned месяц měsíc",
        "year": "year yearly years annual annually annum ann yr pa peryear jahr jährlich an année"
        " jaar ano año anno rok år год annualised annualized",
        "project": "project projekt fixed onetime projet proyecto",
    }.items()
    for word in words.split()
}


def text_of(value: Any, depth: int = 0) -> str:
    """The first text in a value: a string, a number, an object's name, a list's first item."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if depth < 4:
        if isinstance(value, Mapping):
            for key in _TEXT_KEYS:
                if value.get(key) not in (None, "") and (t := text_of(value[key], depth + 1)):
                    return t
        elif isinstance(value, list):
            for item in value[:MAX_ITEMS]:
                if text := text_of(item, depth + 1):
                    return text
    return ""


def texts_of(value: Any, depth: int = 0) -> Iterator[str]:
    """Every text in a value, in order; nested lists are opened."""
    if isinstance(value, list):
        if depth < 4:
            for item in value[:MAX_ITEMS]:
                yield from texts_of(item, depth + 1)
    elif text := text_of(value):
        yield text


def said(text: str) -> str:
    """``text`` as one line, or empty where it is a placeholder."""
    text = line(text)
    return "" if text.lower() in _NOTHING or not any(map(str.isalnum, text)) else text


def company_of(data: Mapping[str, Any]) -> str:
    """The name of the hiring organisation."""
    for key in ("hiringOrganization", "hiringOrganisation", "employer"):
        value = data.get(key)
        if isinstance(value, Mapping) and not text_of(value.get("name")):
            value = value.get("legalName") or value.get("alternateName")
        name = said(text_of(value))
        if name and not name.startswith(("http://", "https://", "//", "#")):
            return name
    return ""


def number_of(value: Any) -> int | float | None:
    """A positive, finite number, also as text in any locale ("45.000", "45 000,00", "45k")."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        if _PLAIN_NUMBER.fullmatch(text):
            value = float(text)
        elif len(text) <= 40 and (found := read_number(text)) is not None:
            value = found.value
    if isinstance(value, int | float):
        try:
            number = float(value)
        except OverflowError:
            return None
        return tidy(number) if math.isfinite(number) and 0 < number < 1e12 else None
    return None


def period_of(value: Any) -> str | None:
    """``HOUR``, ``per year``, ``ANN``, ``monatlich`` -> a period of the schema."""
    text = "".join(filter(str.isalpha, text_of(value).lower())).removeprefix("per")
    return _PERIODS.get(text) or _PERIODS.get(text.removeprefix("pro").removeprefix("par"))


def day_of(value: Any, language: str | None = None) -> str | None:
    """An ISO date out of a date, a date with time, or free wording; the zone is left as written."""
    text = text_of(value).strip()
    if not text or len(text) > 80:
        return None
    for pattern in (_ISO_DAY, _COMPACT_DAY):
        match = pattern.match(text)
        if match:
            year, month, day = match.groups()
            found = read_date(f"{year}-{month}-{day}")
            return found.value if found is not None else None
    found = read_date(text, language=language, labelled=True)
    return found.value if found is not None and found.cue == "absolute" else None


def years_of(value: Any) -> dict[str, float | int | None] | None:
    """Years of experience from ``monthsOfExperience`` or from wording."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, Mapping):
        months = number_of(value.get("monthsOfExperience"))
        if months is not None and months <= 720:
            years = round(months / 12, 1)
            low: float | int = int(years) if years == int(years) else years
            return {"experience_years_min": low, "experience_years_max": None}
        value = text_of(value.get("description")) or text_of(value)
    text = line(text_of(value)[:2000])
    if not text:
        return None
    if _DIGITS.fullmatch(text) and len(text) < 12:
        text = f"{text} years of experience"
    for found in find_years(text):
        if found.cue != "other" and isinstance(found.value, Mapping):
            return dict(found.value)
    return None


def mail_of(value: Any, depth: int = 0) -> str | None:
    """The first e-mail address of an application contact."""
    if isinstance(value, str):
        match = _MAIL.search(value[:2000])
        return match[0] if match else None
    if depth < 4:
        items = value.get("email") if isinstance(value, Mapping) else value
        for item in items if isinstance(items, list) else [items]:
            if item is not None and item is not value and (mail := mail_of(item, depth + 1)):
                return mail
    return None
