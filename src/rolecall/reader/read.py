"""Page -> candidates: every unit of the posting as the embedded reader sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from rolecall.core import Candidate, Page, Span
from rolecall.normalise.places import names_place, read_place
from rolecall.reader import facts
from rolecall.reader.apply import propose_emails, propose_urls
from rolecall.reader.blocks import SEEN, Tagged, tag
from rolecall.reader.company import propose_companies
from rolecall.reader.linear import Linear, chances
from rolecall.reader.model import Model
from rolecall.reader.place import propose_places
from rolecall.reader.proposal import Proposal
from rolecall.reader.sections import description, section_labels, sections
from rolecall.reader.skills import Section, SkillLine
from rolecall.reader.title import propose_titles

Propose = Callable[[Tagged], list[Proposal]]

CHOSEN: Final[Mapping[str, Propose]] = {
    "title": propose_titles,
    "company": propose_companies,
    "workplace": facts.propose_workplaces,
    "salary": facts.propose_salaries,
    "experience": facts.propose_experience,
    "education": facts.propose_education,
    "date_posted": lambda tagged: facts.propose_dates(tagged, "date_posted"),
    "valid_through": lambda tagged: facts.propose_dates(tagged, "valid_through"),
    "application_email": propose_emails,
    "application_url": propose_urls,
}
"""Units of which the page has at most one value: the most probable proposal is chosen."""

LISTED: Final[Mapping[str, Propose]] = {
    "employment_type": facts.propose_employment,
    "languages_required": facts.propose_languages,
}
"""Units of which the page may have several values: each proposal is judged by itself."""

SKILL_SECTIONS: Final[Mapping[str, Section]] = {
    "R": "requirements",
    "D": "responsibilities",
    "B": "benefits",
    "P": "about",
    "H": "other",
}
PLACE_DISTANCE: Final = 160
PLACE_GAP: Final = 1.5
SURE_PLACE: Final = 0.7
"""How plausible a place must be by itself to stand without the name before it."""

MOST_PLACES: Final = 20


def read_page(page: Page, model: Model) -> tuple[Tagged, tuple[Candidate, ...]]:
    """The tagged page and the candidates of all units."""
    tagged = tag(page, model.tagger)
    out: list[Candidate] = []
    title: Span | None = None
    company = ""
    for unit, propose in CHOSEN.items():
        candidate = _chosen(tagged, propose(tagged), model, unit)
        if candidate is not None:
            out.append(candidate)
            if unit == "title":
                title = candidate.spans[0]
            elif unit == "company":
                company = str(candidate.value)
    out.extend(_level(tagged, title, model))
    for unit, propose in LISTED.items():
        out.extend(_listed(tagged, propose(tagged), model, unit))
    out.extend(_places(tagged, model, company))
    labels = section_labels(tagged)
    body = description(tagged)
    out.extend([body] if body is not None else [])
    out.extend(sections(tagged, labels))
    out.extend(_skills(tagged, labels, model))
    return tagged, tuple(out)


def ranked(proposals: Sequence[Proposal], ranker: Linear) -> list[tuple[float, Proposal]]:
    """Proposals with the chance of each to be the right one, the best first."""
    shares = chances([ranker.score(p.singles, p.groups) for p in proposals])
    order = sorted(range(len(proposals)), key=shares.__getitem__, reverse=True)
    return [(shares[i], proposals[i]) for i in order]


def _chosen(
    tagged: Tagged, proposals: Sequence[Proposal], model: Model, unit: str
) -> Candidate | None:
    if not proposals:
        return None
    order = ranked(proposals, model.rankers[unit])
    best = order[0][1]
    share = sum(chance for chance, p in order if p.value == best.value)
    if share < model.thresholds.get(unit, 0.5):
        return None
    return _candidate(tagged, unit, best, share)


def _candidate(tagged: Tagged, unit: str, proposal: Proposal, share: float) -> Candidate:
    span = proposal.span
    quote = span.of(tagged.page.text) if span is not None else str(proposal.value)
    return Candidate(
        unit=unit,
        value=proposal.value,
        quotes=(quote,),
        spans=(span,),
        confidence=round(min(share, 1.0), 4),
        pointer=proposal.pointer,
        problems=proposal.problems,
    )


def _level(tagged: Tagged, title: Span | None, model: Model) -> list[Candidate]:
    found = _chosen(tagged, facts.propose_levels(tagged, title), model, "seniority")
    return [found] if found is not None else []


def _listed(
    tagged: Tagged, proposals: Sequence[Proposal], model: Model, unit: str
) -> list[Candidate]:
    """The values whose best proposal is probable enough, in the order of the page."""
    ranker, threshold = model.rankers[unit], model.thresholds.get(unit, 0.5)
    best: dict[str, tuple[float, Proposal]] = {}
    for proposal in proposals:
        share = ranker.probability(proposal.features)
        if share >= threshold and share > best.get(proposal.value, (0.0, proposal))[0]:
            best[proposal.value] = (share, proposal)
    if not best:
        return []
    rows = sorted(best.values(), key=lambda row: row[1].span or Span(0, 0))
    return [_list_candidate(tagged, unit, rows)]


def _list_candidate(tagged: Tagged, unit: str, rows: Sequence[tuple[float, Proposal]]) -> Candidate:
    spans = tuple(p.span for _, p in rows)
    return Candidate(
        unit=unit,
        value=[p.value for _, p in rows],
        quotes=tuple(s.of(tagged.page.text) if s is not None else "" for s in spans),
        spans=spans,
        confidence=round(min(share for share, _ in rows), 4),
    )


def _places(tagged: Tagged, model: Model, company: str) -> list[Candidate]:
    chosen = choose_places(propose_places(tagged), model.rankers["places"])
    if not chosen or chosen[0][0] < model.thresholds.get("places", 0.5):
        return []
    spans = tuple(_without(company, p.span, tagged.page) for _, p in chosen)
    quotes = tuple(
        s.of(tagged.page.text) if s else str(p.value)
        for s, (_, p) in zip(spans, chosen, strict=True)
    )
    return [
        Candidate(
            unit="places",
            value=[read_place(quote) for quote in quotes],
            quotes=quotes,
            spans=spans,
            confidence=round(min(1.0, chosen[0][0]), 4),
        )
    ]


def _without(company: str, span: Span | None, page: Page) -> Span | None:
    """A place without the employer's name in front of it: "Opus School, Nelson, New Zealand"."""
    if span is None or not company:
        return span
    text = span.of(page.text)
    head, comma, _ = text.partition(", ")
    rest = len(head) + len(comma)
    name = head.casefold()
    if not comma or name not in (company.casefold(), f"the {company.casefold()}"):
        return span
    city = read_place(text[rest:])["city"]
    if not city or names_place(head, SURE_PLACE) or not names_place(text[rest:], SURE_PLACE):
        return span  # "St. Gallen, Switzerland" stays whole, whoever is taken for the employer
    return Span(span.start + rest, span.end)


def choose_places(proposals: Sequence[Proposal], ranker: Linear) -> list[tuple[float, Proposal]]:
    """The best place and those that stand beside it in the same way.

    The first share is the probability that the page names any place of this work at all.
    """
    if not proposals:
        return []
    scores = [ranker.score(p.singles, p.groups) for p in proposals]
    shares = chances(scores)
    best = max(range(len(shares)), key=shares.__getitem__)
    top, some = proposals[best], sum(sorted(shares, reverse=True))
    if top.span is None:
        return [(some, top)]
    start, kind = top.span.start, _kind(top)
    least = scores[best] - PLACE_GAP
    kept, seen = [top], {str(top.value).lower()}
    for score, p in zip(scores, proposals, strict=True):
        if score < least or p.span is None or abs(p.span.start - start) > PLACE_DISTANCE:
            continue
        key = str(p.value).lower()
        if key not in seen and _kind(p) == kind:
            kept.append(p)
            seen.add(key)
    kept.sort(key=lambda p: p.span or Span(0, 0))
    return [(some, p) for p in kept[:MOST_PLACES]]


def _kind(proposal: Proposal) -> str:
    return next((f for f in proposal.features if f.startswith("kind=") and "|z=" in f), "")


def _skills(tagged: Tagged, labels: Sequence[str], model: Model) -> list[Candidate]:
    lines = [
        SkillLine(line.text, line.block.span.start, SKILL_SECTIONS[label], line.block.kind)
        for i, (line, label) in enumerate(zip(tagged.lines, labels, strict=True))
        if label in SKILL_SECTIONS
        and line.block.role in SEEN
        and (tagged.first <= i < tagged.last or label != "P")
    ]
    found = model.skills.find_skills(lines)
    if not found:
        return []
    return [
        Candidate(
            unit="skills",
            value=[skill.text for skill in found],
            quotes=tuple(skill.text for skill in found),
            spans=tuple(Span(skill.start, skill.end) for skill in found),
            confidence=round(sum(skill.confidence for skill in found) / len(found), 4),
        )
    ]
