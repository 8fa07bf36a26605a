"""Choose per unit, attach the evidence, and say what came out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace

from rolecall.core import Candidate, Evidence, Extraction, Outcome, Page, Problem, Reason, maker
from rolecall.normalise.salary import read_salary
from rolecall.schema.posting import FIELDS, LIST_UNITS, MULTI_FIELD_UNITS, REQUIRED, UNITS
from rolecall.settle.compare import agree
from rolecall.settle.dollar import open_dollar, settle_dollars
from rolecall.settle.ground import Grounded, Places, Support, fold, ground, show
from rolecall.settle.rules import DEFAULT_RULES, Rules

_evidence: Final = maker(Evidence)

CUTS: Final = frozenset(
    {"markup_cut", "lines_cut", "gzip_damaged", "zstd_damaged", "warc_truncated"}
)
"""Codes of warnings that say that a part of the input is missing."""


def settle(
    page: Page,
    candidates: Sequence[Candidate],
    *,
    verdict: Reason | None = None,
    rules: Rules = DEFAULT_RULES,
) -> Extraction:
    """Settle the candidates of one page; never raises, and depends on nothing else.

    With a ``verdict`` the page is not a posting and nothing is taken from it. Otherwise each unit
    goes whole to one candidate; a value that the page does not support, or that the schema does
    not allow, is left out with a problem. The outcome is ``ok`` when all required fields are
    there, ``partial`` when one is missing or the page was cut, and ``not_a_posting`` when there
    is neither title nor description.
    """
    if verdict is not None:
        return _nothing(page, verdict, ())
    problems: list[Problem] = []
    groups: dict[str, list[Grounded]] = {}
    for place, candidate in enumerate(settle_dollars(page, candidates)):
        kept, doubts = ground(page, candidate, place)
        problems += doubts
        if kept is not None:
            groups.setdefault(kept.unit, []).append(kept)
    data: dict[str, Any] = dict.fromkeys(FIELDS)
    evidence: dict[str, Evidence] = {}
    places = Places(page)
    for unit in UNITS:
        chosen = _choose(groups.get(unit, []), rules, problems)
        if chosen is not None:
            problems += chosen[0].problems
            _put(data, evidence, chosen, places)
    if data["title"] is None and data["description"] is None:
        return _nothing(page, _reason(page), problems)
    _language(page, data, evidence)
    _dollar(evidence)
    complete = all(data[name] is not None for name in REQUIRED)
    cut = any(notice.code in CUTS for notice in page.warnings)
    outcome: Outcome = "ok" if complete and not cut else "partial"
    return Extraction(
        outcome=outcome,
        data=data,
        evidence=evidence,
        problems=tuple(dict.fromkeys(problems)),
        warnings=page.warnings,
        page=page,
    )


def _choose(
    group: list[Grounded], rules: Rules, problems: list[Problem]
) -> tuple[Grounded, float | None] | None:
    """The winner of one unit with its final confidence; conflicts are added to ``problems``."""
    if not group:
        return None
    rivals = _rivals(group, rules)
    best = winner = _winner(rivals, rules)
    own = confidence = best.confidence
    for rival in rivals:
        if rival is best:
            continue
        same, weight = agree(best, rival), rules.assumed(rival.confidence, rival.origin)
        if same is False:
            problems.append(_conflict(best, rival))
            if confidence is not None:
                confidence *= 1.0 - rules.conflict * weight
        elif same:
            winner = _seen(winner, rival)
            if confidence is not None:
                confidence += (1.0 - confidence) * rules.agreement * weight
    if own is not None and max(own, confidence or 0.0) < rules.null_thresholds.get(winner.unit, 0):
        return None
    return winner, rules.calibrated(winner.unit, confidence)


def _rivals(group: list[Grounded], rules: Rules) -> list[Grounded]:
    """All that is stated, and the best of each other origin, best first."""
    ordered = sorted(
        group, key=lambda one: (-rules.rank(one.unit, one.confidence, one.origin), one.place)
    )
    rivals: list[Grounded] = []
    heard: set[str] = set()
    for one in ordered:
        if one.origin == "stated" or one.origin not in heard:
            rivals.append(one)
            heard.add(one.origin)
    return rivals


def _winner(rivals: list[Grounded], rules: Rules) -> Grounded:
    """The best, unless it is stated and a sure producer contradicts; the fuller of two salaries."""
    best = rivals[0]
    if best.unit in MULTI_FIELD_UNITS:
        fuller = [one for one in rivals if one is best or agree(best, one)]
        best = max(fuller, key=lambda one: sum(v is not None for v in one.value.values()))
    if best.origin != "stated":
        return best
    for rival in rivals:
        sure = rules.assumed(rival.confidence, rival.origin) >= rules.sure
        if rival.origin != "stated" and sure and agree(best, rival) is False:
            return rival
    return best


def _seen(winner: Grounded, rival: Grounded) -> Grounded:
    """``winner`` with the place where the text says it too, if only ``rival`` knows it."""
    if len(winner.supports) != 1 or len(rival.supports) != 1:
        return winner
    (own,), (other,) = winner.supports, rival.supports
    if own.span is not None or other.match not in ("exact", "normalised"):
        return winner
    if winner.value != rival.value and fold(own.quote or "") != fold(other.quote or ""):
        return winner
    support = own._replace(quote=other.quote, span=other.span)
    return replace(winner, supports=(support,))


def _conflict(winner: Grounded, rival: Grounded) -> Problem:
    return Problem(
        pointer=f"/{UNITS[winner.unit][0]}",
        kind="conflict",
        message=f"{winner.origin} says {show(winner.value)}, {rival.origin} says "
        f"{show(rival.value)}; the first was kept",
    )


def _put(
    data: dict[str, Any],
    evidence: dict[str, Evidence],
    chosen: tuple[Grounded, float | None],
    places: Places,
) -> None:
    """Write one unit's fields and their evidence."""
    winner, confidence = chosen
    unit = winner.unit

    def because(support: Support) -> Evidence:
        quote, span, match, pointer = support
        path = places.path(span) if span is not None else None
        return _evidence(quote, span, match, winner.origin, confidence, path, pointer)

    if unit in LIST_UNITS:
        name = UNITS[unit][-1]
        data[name] = winner.value
        if unit == "places":
            data["location"] = winner.value[0]["text"]
            evidence["/location"] = because(winner.supports[0])
        for number, support in enumerate(winner.supports):
            evidence[f"/{name}/{number}"] = because(support)
        return
    if unit not in MULTI_FIELD_UNITS:
        data[unit] = winner.value
        evidence[f"/{unit}"] = because(winner.supports[0])
        return
    support = winner.supports[0]
    first = next(name for name in UNITS[unit] if winner.value[name] is not None)
    inferred = _inferred(winner, support) if unit == "salary" else ()
    for name, value in winner.value.items():
        data[name] = value
        if value is not None:
            pointer = f"/{first}" if name in inferred else support.pointer
            match = "derived" if name in inferred else support.match
            evidence[f"/{name}"] = because(support._replace(match=match, pointer=pointer))


def _inferred(winner: Grounded, support: Support) -> tuple[str, ...]:
    """The parts of a salary that do not follow from its own wording, but from elsewhere."""
    if support.match not in ("exact", "normalised"):
        return ()
    found = read_salary(support.quote or "", labelled=True)
    said = found.value if found is not None else {}
    parts = ("salary_currency", "salary_period")
    return tuple(name for name in parts if said.get(name) != winner.value[name])


def _language(page: Page, data: dict[str, Any], evidence: dict[str, Evidence]) -> None:
    """The language has no words of its own: it is that of the page's text."""
    language = page.language
    if data["posting_language"] is not None or not language:
        return
    code = language[:2].lower()
    if not (len(code) == 2 and code.isascii() and code.isalpha()):
        return
    data["posting_language"] = code
    source = "/description" if data["description"] is not None else "/title"
    evidence["/posting_language"] = Evidence(
        quote=None, span=None, match="derived", origin="reader", confidence=None, pointer=source
    )


def _dollar(evidence: dict[str, Evidence]) -> None:
    """A dollar that the pay's wording leaves open follows from the place of work."""
    why = evidence.get("/salary_currency")
    if why is None or why.match != "derived" or "/location" not in evidence:
        return
    if open_dollar(why.quote or ""):
        evidence["/salary_currency"] = dataclasses.replace(why, pointer="/location")


def _reason(page: Page) -> Reason:
    if not page.text.strip():
        return Reason(code="empty_text", stage="settle", message="the page shows no text")
    return Reason(
        code="other", stage="settle", message="neither a title nor a description was found"
    )


def _nothing(page: Page, reason: Reason, problems: Sequence[Problem]) -> Extraction:
    return Extraction(
        outcome="not_a_posting",
        reason=reason,
        problems=tuple(dict.fromkeys(problems)),
        warnings=page.warnings,
        page=page,
    )


def doubtful(extraction: Extraction, *, below: float) -> tuple[str, ...]:
    """The units with a value that is contradicted, ambiguous or less sure than ``below``."""
    marked = {
        problem.pointer.split("/")[1]
        for problem in extraction.problems
        if problem.kind in ("conflict", "ambiguous") and "/" in problem.pointer
    }
    unsure = _unsure(extraction.evidence, below)
    return tuple(
        unit for unit, names in UNITS.items() if any(n in marked or n in unsure for n in names)
    )


def _unsure(evidence: Mapping[str, Evidence], below: float) -> set[str]:
    return {
        key.split("/")[1]
        for key, one in evidence.items()
        if one.confidence is not None and one.confidence < below
    }
