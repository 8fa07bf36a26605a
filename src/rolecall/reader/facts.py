"""Facts: short values that a finder recognises, each judged by where it stands.

Every unit here has one function that proposes what its finder sees, line by line. The features
say which zone of the page the line is in, what labels it, what heading it stands under, and how
the finder came to its value (its *cue*).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from rolecall.core import Page, Span
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

MOST_KEPT = 32
"""Finds that are remembered with one text: with each page's day and language come new ones."""

LONGEST = 3000
CHROME_WORDS = 12
"""A line of site chrome with as many words or more holds no date of a posting."""


def seen_lines(tagged: Tagged, *, chrome: bool = False) -> Iterator[int]:
    """Lines a posting's facts may stand in: not similar jobs, not consent texts."""
    for i, line in enumerate(tagged.lines):
        role = line.block.role
        if role in SEEN or (chrome and role == "chrome" and len(line.words) < CHROME_WORDS):
            yield i


def _near_title(tagged: Tagged, index: int) -> str:
    away = tagged.first - index
    return f"up={bins(away)}" if away > 0 else "in" if index < tagged.last else "down"


def _proposals(tagged: Tagged, unit: str, lines: Iterable[int]) -> list[Proposal]:
    """What the finder of ``unit`` sees in each of ``lines``, with the features all facts share."""
    rows: list[tuple[int, Found]] = []
    page, fact = tagged.page, FACTS[unit]
    keys = fact.key(page, labelled=False), fact.key(page, labelled=True)
    for i in lines:
        line, labelled = tagged.lines[i], unit in tagged.labelled[i]
        kept, key = line.wording.kept, keys[labelled]
        seen = kept.get(key)
        if seen is None:
            if len(kept) >= MOST_KEPT:
                kept.clear()
            every = fact.find(line.text[:LONGEST], page, labelled)
            seen = kept[key] = [one for one in every if one.value is not None]
        if seen:
            rows += [(i, one) for one in seen]
    if not rows:
        return []
    values = Counter([str(found.value) for _, found in rows])
    rank: dict[str, int] = {}
    out: list[Proposal] = []
    for i, found in rows:
        zone = tagged.zones[i]
        n = rank.get(zone, 0)
        rank[zone] = n + 1
        marks = _marks_at(tagged, i, unit, found.cue, n)
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


def _marks_at(tagged: Tagged, i: int, unit: str, cue: str, n: int) -> tuple[str, ...]:
    """Where a find stands and how it was found; it is the ``n``-th of its zone."""
    labels, line = tagged.labelled[i], tagged.lines[i]
    mine = "mine" if unit in labels else "other" if labels else "no"
    count = len(line.words)
    size = (bins(count), "short" if count <= 6 else "long")
    place = (tagged.zones[i], tagged.under[i], _near_title(tagged, i), line.block.kind == "title")
    return _marks(cue, mine, min(n, 3), size, place)


@lru_cache(maxsize=2048)
def _marks(
    cue: str, mine: str, rank: int, size: tuple[str, str], place: tuple[str, str, str, bool]
) -> tuple[str, ...]:
    zone, under, near, title = place
    count, length = size
    marks = (
        f"cue={cue}",
        f"z={zone}",
        f"cue={cue}|z={zone}",
        f"lab={mine}",
        f"lab={mine}|z={zone}",
        f"cue={cue}|lab={mine}",
        f"under={under}",
        f"rank={zone}|{rank}",
        f"n={count}",
        near,
        length,
    )
    return (*marks, "title") if title else marks


Find = Callable[[str, Page, bool], list[Found]]
"""What is found in a text of a page, which a label of the unit may stand in front of."""

DATE: Final = triggers.ALL + 1
"""Stands for the lines that may hold a date, beside the finders of ``triggers``."""


class Fact(NamedTuple):
    """How a fact is found: which lines are searched, and by what; ``paged`` says that the page's
    language and day, and a label in front of the line, take part."""

    trigger: int
    name: str
    find: Find
    paged: bool = False

    def key(self, page: Page, *, labelled: bool) -> Hashable:
        """All that the finds in a text go by, besides the text."""
        return (self.name, page.language, page.captured, labelled) if self.paged else self.name


def _propose(tagged: Tagged, unit: str) -> list[Proposal]:
    finder = FACTS[unit].trigger
    lines = _dated(tagged) if finder == DATE else _called(tagged, finder)
    return _proposals(tagged, unit, lines)


def propose_workplaces(tagged: Tagged) -> list[Proposal]:
    """Remote, hybrid or on site, as tags, fields and sentences say."""
    return _propose(tagged, "workplace")


def propose_employment(tagged: Tagged) -> list[Proposal]:
    """Kinds of employment, one proposal for each wording."""
    return _propose(tagged, "employment_type")


def propose_salaries(tagged: Tagged) -> list[Proposal]:
    """Pay, with its bounds, currency and period."""
    return _propose(tagged, "salary")


def propose_experience(tagged: Tagged) -> list[Proposal]:
    """Years of experience asked for."""
    return _propose(tagged, "experience")


def propose_education(tagged: Tagged) -> list[Proposal]:
    """Degrees and schooling asked for."""
    return _propose(tagged, "education")


def propose_languages(tagged: Tagged) -> list[Proposal]:
    """Human languages asked for, one proposal for each mention."""
    return _propose(tagged, "languages_required")


def propose_dates(tagged: Tagged, unit: str) -> list[Proposal]:
    """Dates that may be the day of posting or the deadline (``unit`` says which)."""
    return _propose(tagged, unit)


def _called(tagged: Tagged, finder: int) -> list[int]:
    """The lines a posting's facts may stand in that call for ``finder``."""
    return [
        i
        for i, line in enumerate(tagged.lines)
        if line.triggers & finder and line.block.role in SEEN
    ]


def _dated(tagged: Tagged) -> list[int]:
    """The lines that may hold a date of the posting; some of the site's own lines may."""
    return [i for i in seen_lines(tagged, chrome=True) if tagged.lines[i].wording.dated]


def _salaries(text: str, page: Page, labelled: bool) -> list[Found]:
    found = find_salaries(text, language=page.language, labelled=labelled)
    return [x for x in found if x.cue != "amount"]


def _dates(text: str, page: Page, labelled: bool) -> list[Found]:
    """The dates of a line, which both units look for."""
    return find_dates(text, language=page.language, captured=page.captured, labelled=labelled)


def _alone(find: Callable[[str], list[Found]]) -> Find:
    """A finder to which the text is all."""
    return lambda text, page, labelled: find(text)


FACTS: Final[Mapping[str, Fact]] = {
    "workplace": Fact(triggers.WORKPLACE, "workplace", _alone(find_workplace)),
    "salary": Fact(triggers.DIGIT, "salary", _salaries, paged=True),
    "experience": Fact(triggers.YEARS, "years", _alone(find_years)),
    "education": Fact(triggers.EDUCATION, "education", _alone(find_education)),
    "date_posted": Fact(DATE, "dates", _dates, paged=True),
    "valid_through": Fact(DATE, "dates", _dates, paged=True),
    "employment_type": Fact(triggers.EMPLOYMENT, "employment", _alone(find_employment)),
    "languages_required": Fact(triggers.LANGUAGES, "languages", _alone(find_languages)),
}
"""Units of facts: which lines are searched, and by what."""


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
    for i in _called(tagged, triggers.LEVEL):
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
