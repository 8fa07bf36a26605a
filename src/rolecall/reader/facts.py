"""Facts: short values that a finder recognises, each judged by where it stands.

Every unit here has one function that proposes what its finder sees, line by line. The features
say which zone of the page the line is in, what labels it, what heading it stands under, and how
the finder came to its value (its *cue*).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rolecall.core import Span
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


def zone_name(tagged: Tagged, index: int) -> str:
    """``head``, ``R`` and so on, ``after``, or ``chrome``."""
    return tagged.zone(index)


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
    field: str,
    find: Callable[[str, bool], list[Found]],
    *,
    chrome: bool = False,
) -> list[Proposal]:
    """What ``find(text, labelled)`` sees in each line, with the features all facts share."""
    above = tagged.under
    out: list[Proposal] = []
    rank: dict[str, int] = {}
    values: dict[str, int] = {}
    for i in seen_lines(tagged, chrome=chrome):
        line = tagged.lines[i]
        labels = label_of(tagged, i)
        for found in find(line.text[:LONGEST], field in labels):
            if found.value is None:
                continue
            zone = tagged.zone(i)
            value = str(found.value)
            n = rank.get(zone, 0)
            rank[zone] = n + 1
            values[value] = values.get(value, 0) + 1
            mine = "mine" if field in labels else "other" if labels else "no"
            features = [
                f"cue={found.cue}",
                f"z={zone}",
                f"cue={found.cue}|z={zone}",
                f"lab={mine}",
                f"lab={mine}|z={zone}",
                f"cue={found.cue}|lab={mine}",
                f"under={above[i]}",
                f"rank={zone}|{min(n, 3)}",
                f"n={bins(len(line.words))}",
                _near_title(tagged, i),
                "short" if len(line.words) <= 6 else "long",
            ]
            if line.block.kind == "title":
                features.append("title")
            if isinstance(found.value, str) and unit != "education":
                features.append(f"v={value}")
                features.append(f"v={value}|cue={found.cue}")
            start = line.block.span.start
            out.append(
                Proposal(
                    unit=unit,
                    value=found.value,
                    span=Span(start + found.start, start + found.end),
                    features=tuple(features),
                )
            )
    return [_counted(p, values[str(p.value)]) for p in out]


def _counted(proposal: Proposal, count: int) -> Proposal:
    return Proposal(
        unit=proposal.unit,
        value=proposal.value,
        span=proposal.span,
        features=(*proposal.features, f"same={min(count, 4)}"),
    )


def propose_workplaces(tagged: Tagged) -> list[Proposal]:
    """Remote, hybrid or on site, as tags, fields and sentences say."""
    language = tagged.page.language
    return _proposals(
        tagged,
        "workplace",
        "workplace",
        lambda text, _: find_workplace(text, language=language),
    )


def propose_employment(tagged: Tagged) -> list[Proposal]:
    """Kinds of employment, one proposal for each wording."""
    language = tagged.page.language
    return _proposals(
        tagged,
        "employment_type",
        "employment_type",
        lambda text, _: find_employment(text, language=language),
    )


def propose_salaries(tagged: Tagged) -> list[Proposal]:
    """Pay, with its bounds, currency and period."""
    language = tagged.page.language

    def find(text: str, labelled: bool) -> list[Found]:
        found = find_salaries(text, language=language, labelled=labelled)
        return [x for x in found if x.cue != "amount"]

    return _proposals(tagged, "salary", "salary", find)


def propose_experience(tagged: Tagged) -> list[Proposal]:
    """Years of experience asked for."""
    language = tagged.page.language
    return _proposals(
        tagged, "experience", "experience", lambda text, _: find_years(text, language=language)
    )


def propose_education(tagged: Tagged) -> list[Proposal]:
    """Degrees and schooling asked for."""
    language = tagged.page.language
    return _proposals(
        tagged, "education", "education", lambda text, _: find_education(text, language=language)
    )


def propose_languages(tagged: Tagged) -> list[Proposal]:
    """Human languages asked for, one proposal for each mention."""
    language = tagged.page.language
    return _proposals(
        tagged,
        "languages_required",
        "languages_required",
        lambda text, _: find_languages(text, language=language),
    )


def propose_dates(tagged: Tagged, unit: str) -> list[Proposal]:
    """Dates that may be the day of posting or the deadline (``unit`` says which)."""
    page = tagged.page

    def find(text: str, labelled: bool) -> list[Found]:
        return find_dates(text, language=page.language, captured=page.captured, labelled=labelled)

    return _proposals(tagged, unit, unit, find, chrome=True)


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
