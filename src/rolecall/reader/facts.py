"""Facts: short values that a finder recognises, each judged by where it stands.

Every unit here has one function that proposes what its finder sees, line by line. The features
say which zone of the page the line is in, what labels it, what heading it stands under, and how
the finder came to its value (its *cue*).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache

from rolecall.core import Span
from rolecall.normalise import triggers
from rolecall.normalise.dates import find_dates
from rolecall.normalise.education import find_education
from rolecall.normalise.employment import find_employment
from rolecall.normalise.found import Found
from rolecall.normalise.languages import find_languages
from rolecall.normalise.salary import find_salaries
from rolecall.normalise.seniority import find_title_level, read_level
from rolecall.normalise.workplace import find_workplace
from rolecall.normalise.years import find_years
from rolecall.reader.blocks import SEEN, Tagged
from rolecall.reader.proposal import Proposal, bins, is_label, label_of

LONGEST = 3000


def seen_lines(tagged: Tagged, *, chrome: bool = False) -> Iterator[int]:
    """Lines a posting's facts may stand in: not similar jobs, not consent texts."""
    for i, line in enumerate(tagged.lines):
        role = line.block.role
        if role in SEEN or (chrome and role == "chrome" and len(line.words) < 12):
            yield i


def _near_title(tagged: Tagged, index: int) -> str:
    away = tagged.first - index
    return f"up={bins(away)}" if away > 0 else "in" if index < tagged.last else "down"


def _proposals(
    tagged: Tagged,
    unit: str,
    find: Callable[[str, bool], list[Found]],
    *,
    calls: int = 0,
    chrome: bool = False,
) -> list[Proposal]:
    """What ``find(text, labelled)`` sees in each line, with the features all facts share.

    Only lines that call for one of the finders in ``calls`` are searched (0: all lines).
    """
    rows: list[tuple[int, Found]] = []
    for i in seen_lines(tagged, chrome=chrome):
        line = tagged.lines[i]
        if calls and not line.triggers & calls:
            continue
        seen = find(line.text[:LONGEST], unit in tagged.labelled[i])
        rows.extend([(i, one) for one in seen if one.value is not None])
    if not rows:
        return []
    values = Counter([str(found.value) for _, found in rows])
    rank: dict[str, int] = {}
    out: list[Proposal] = []
    for i, found in rows:
        zone = tagged.zones[i]
        n = rank.get(zone, 0)
        rank[zone] = n + 1
        marks = _marks(tagged, i, unit, found, n)
        value = str(found.value)
        if isinstance(found.value, str) and unit != "education":
            marks += (f"v={value}", f"v={value}|cue={found.cue}")
        start = tagged.lines[i].block.span.start
        out.append(
            Proposal(
                unit=unit,
                value=found.value,
                span=Span(start + found.start, start + found.end),
                features=(*marks, f"same={min(values[value], 4)}"),
            )
        )
    return out


def _marks(tagged: Tagged, i: int, unit: str, found: Found, n: int) -> tuple[str, ...]:
    """Where a find stands and how it was found; it is the ``n``-th of its zone."""
    labels, zone, cue = tagged.labelled[i], tagged.zones[i], found.cue
    count = len(tagged.lines[i].words)
    mine = "mine" if unit in labels else "other" if labels else "no"
    marks = (
        f"cue={cue}",
        f"z={zone}",
        f"cue={cue}|z={zone}",
        f"lab={mine}",
        f"lab={mine}|z={zone}",
        f"cue={cue}|lab={mine}",
        f"under={tagged.under[i]}",
        f"rank={zone}|{min(n, 3)}",
        f"n={bins(count)}",
        _near_title(tagged, i),
        "short" if count <= 6 else "long",
    )
    return (*marks, "title") if tagged.lines[i].block.kind == "title" else marks


def propose_workplaces(tagged: Tagged) -> list[Proposal]:
    """Remote, hybrid or on site, as tags, fields and sentences say."""
    return _proposals(
        tagged, "workplace", lambda text, _: find_workplace(text), calls=triggers.WORKPLACE
    )


def propose_employment(tagged: Tagged) -> list[Proposal]:
    """Kinds of employment, one proposal for each wording."""
    return _proposals(
        tagged,
        "employment_type",
        lambda text, _: find_employment(text),
        calls=triggers.EMPLOYMENT,
    )


def propose_salaries(tagged: Tagged) -> list[Proposal]:
    """Pay, with its bounds, currency and period."""
    language = tagged.page.language

    def find(text: str, labelled: bool) -> list[Found]:
        found = find_salaries(text, language=language, labelled=labelled)
        return [x for x in found if x.cue != "amount"]

    return _proposals(tagged, "salary", find, calls=triggers.DIGIT)


def propose_experience(tagged: Tagged) -> list[Proposal]:
    """Years of experience asked for."""
    return _proposals(tagged, "experience", lambda text, _: find_years(text), calls=triggers.YEARS)


def propose_education(tagged: Tagged) -> list[Proposal]:
    """Degrees and schooling asked for."""
    return _proposals(
        tagged, "education", lambda text, _: find_education(text), calls=triggers.EDUCATION
    )


def propose_languages(tagged: Tagged) -> list[Proposal]:
    """Human languages asked for, one proposal for each mention."""
    return _proposals(
        tagged,
        "languages_required",
        lambda text, _: find_languages(text),
        calls=triggers.LANGUAGES,
    )


def propose_dates(tagged: Tagged, unit: str) -> list[Proposal]:
    """Dates that may be the day of posting or the deadline (``unit`` says which)."""
    page = tagged.page

    def find(text: str, labelled: bool) -> list[Found]:
        return _dates(text, page.language, page.captured, labelled)

    return _proposals(tagged, unit, find, chrome=True)


@lru_cache(maxsize=512)
def _dates(text: str, language: str | None, captured: date | None, labelled: bool) -> list[Found]:
    """The dates of a line, which both units look for; nobody changes the list."""
    return find_dates(text, language=language, captured=captured, labelled=labelled)


def propose_levels(tagged: Tagged, title: Span | None) -> list[Proposal]:
    """The level that a field states, or that a word of the chosen title says."""
    page = tagged.page
    out = []
    if title is not None:
        found = find_title_level(title.of(page.text), language=page.language)
        if found is not None and found.value:
            span = Span(title.start + found.start, title.start + found.end)
            marks = ("title", f"v={found.value}", f"title|v={found.value}")
            out.append(Proposal(unit="seniority", value=found.value, span=span, features=marks))
    for i in seen_lines(tagged):
        line = tagged.lines[i]
        if not line.triggers & triggers.LEVEL:
            continue
        labels = label_of(tagged, i)
        zone = tagged.zone(i)
        short = len(line.words) <= 5 and line.block.kind != "title" and not is_label(line)
        if "seniority" not in labels and not (short and zone in ("head", "after")):
            continue
        at = line.value_at if 0 < line.value_at < len(line.text) else 0
        found = read_level(line.text[at:], language=page.language)
        if found is None or not found.value:
            continue
        whole = found.end - found.start >= 0.6 * (len(line.text) - at)
        start = line.block.span.start + at
        out.append(
            Proposal(
                unit="seniority",
                value=found.value,
                span=Span(start + found.start, start + found.end),
                features=(
                    f"lab={'mine' if 'seniority' in labels else 'no'}",
                    f"z={zone}",
                    "whole" if whole else "part",
                    f"{'mine' if 'seniority' in labels else 'no'}|{'whole' if whole else 'part'}",
                    _near_title(tagged, i),
                    f"v={found.value}",
                ),
            )
        )
    return out
