"""A settled posting in the shape of a user's schema: values written as each field wants them.

A value is rewritten only where nothing is lost (a number as text, one value as a list of one, a
listed spelling of the same kind of employment), and each rewriting of more than that is told in
``warnings``. What does not fit is left out with a problem. The result is checked with the whole
schema; its outcome is ``ok`` only if it holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from rolecall.core import Evidence, Extra, Extraction, Notice, Problem, Span
from rolecall.schema.fields import Field
from rolecall.schema.links import Link
from rolecall.schema.schema import Schema
from rolecall.schema.tour import step
from rolecall.settle import CUTS
from rolecall.settle.ground import Places
from rolecall.shape.spelling import spelled

UNITS_OF_TEXT: Final = {
    "salary": ("salary_min", "salary_max"),
    "experience": ("experience_years_min", "experience_years_max"),
}
JOINERS: Final = {"responsibilities": "\n", "requirements": "\n", "benefits": "\n"}
"""What joins the items of a list that one text has to hold; a comma for all others."""


class _MisfitError(Exception):
    """A value that the field cannot hold; its message is the problem's."""


@dataclass(slots=True)
class _Draft:
    """What has been written so far."""

    data: dict[str, Any] = field(default_factory=dict)
    evidence: dict[str, Evidence] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Notice] = field(default_factory=list)

    def put(self, path: Sequence[str], value: Any) -> None:
        """Write a value, with the objects that lead to it."""
        at = self.data
        for name in path[:-1]:
            at = at.setdefault(name, {})
        at[path[-1]] = value

    def rewrote(self, pointer: str, message: str) -> None:
        """Note that a value was written in another form."""
        self.warnings.append(Notice(code="rewritten", message=f"{pointer}: {message}"))


def shaped(extraction: Extraction, schema: Schema) -> Extraction:
    """The extraction with its values in the shape of ``schema``; others than postings stay."""
    if extraction.data is None or schema.is_posting:
        return extraction
    draft = _Draft()
    links = {link.path: link for link in schema.links}
    extras = {extra.pointer: extra for extra in extraction.extras}
    for one in schema.fields:
        link, extra = links.get(one.path), extras.get(one.pointer)
        if link is not None:
            _fill(one, link, extraction, draft)
        elif extra is not None:
            _fill_extra(one, extra, extraction, draft)
        if not _has(draft.data, one.path):
            _empty(one, draft)
    _moved_problems(extraction, schema, draft)
    broken = schema.validate(draft.data)
    missing = _unfilled(schema, draft)
    if missing and not extraction.attempts:
        message = f"no model was asked for {', '.join(missing)}"
        draft.warnings.append(Notice(code="not_asked", message=message))
    cut = any(notice.code in CUTS for notice in extraction.warnings)
    return replace(
        extraction,
        outcome="partial" if broken or cut else "ok",
        data=draft.data,
        evidence=draft.evidence,
        problems=(*draft.problems, *broken),
        warnings=(*extraction.warnings, *draft.warnings),
    )


def _unfilled(schema: Schema, draft: _Draft) -> list[str]:
    """Fields that nothing of the default posting fills."""
    return [one.pointer for one in schema.unlinked if not _has(draft.data, one.path, filled=True)]


def _has(data: Mapping[str, Any], path: Sequence[str], *, filled: bool = False) -> bool:
    at: Any = data
    for name in path:
        if not isinstance(at, Mapping) or name not in at:
            return False
        at = at[name]
    return at is not None if filled else True


def _empty(one: Field, draft: _Draft) -> None:
    """A field without a value: null where it may be, else absent."""
    if one.nullable:
        draft.put(one.path, None)


def _fill(one: Field, link: Link, extraction: Extraction, draft: _Draft) -> None:
    data = extraction.data or {}
    try:
        if one.kind == "rows":
            _rows(one, link, data, extraction, draft)
            return
        value, sources = _value(link.source, data, extraction)
        if value is None:
            return
        if isinstance(value, list):
            _list(one, link, value, sources, extraction, draft)
        else:
            _scalar(one, link, value, sources, extraction, draft)
    except _MisfitError as misfit:
        draft.problems.append(Problem(pointer=one.pointer, kind="schema", message=str(misfit)))


def _fill_extra(one: Field, extra: Extra, extraction: Extraction, draft: _Draft) -> None:
    """A value that an engine gave for a field that no unit fills, with its quotes."""
    page = extraction.page
    places = Places(page) if page is not None else None
    several = isinstance(extra.value, list)
    most = one.rules.get("maxItems")
    kept = most if several and isinstance(most, int) else len(extra.quotes)
    if kept < len(extra.quotes):  # the windows of a long page may give more than the field holds
        message = f"{len(extra.quotes)} values found, {kept} allowed: the first {kept} were kept"
        draft.problems.append(Problem(pointer=one.pointer, kind="truncated", message=message))
    draft.put(one.path, extra.value[:kept] if several else extra.value)
    for number, (quote, span) in enumerate(zip(extra.quotes[:kept], extra.spans, strict=False)):
        pointer = step(one.pointer, number) if several else one.pointer
        draft.evidence[pointer] = Evidence(
            quote=quote,
            span=span,
            match="exact",
            origin=extra.origin,
            confidence=None,
            block_path=places.path(span) if places is not None else None,
        )


def _value(
    source: str, data: Mapping[str, Any], extraction: Extraction
) -> tuple[Any, tuple[str, ...]]:
    """The value of a source, and the pointers of its evidence: one, or one for each item."""
    if source in ("city", "region", "country"):
        places = data.get("locations") or []
        return (places[0].get(source) if places else None), ("/locations/0",)
    if source == "remote":
        known = {"remote": True, "onsite": False}
        return known.get(str(data.get("workplace"))), ("/workplace",)
    if source in UNITS_OF_TEXT:
        for name in UNITS_OF_TEXT[source]:
            evidence = extraction.evidence.get(f"/{name}")
            if evidence is not None and evidence.quote:
                return evidence.quote, (f"/{name}",)
        return None, ()
    if source == "locations":
        places = data.get("locations") or []
        texts = [place["text"] for place in places]
        return (texts or None), tuple(f"/locations/{n}" for n in range(len(texts)))
    value = data.get(source)
    if isinstance(value, list):
        return (value or None), tuple(f"/{source}/{n}" for n in range(len(value)))
    return value, (f"/{source}",)


def _list(
    one: Field,
    link: Link,
    values: list[Any],
    sources: Sequence[str],
    extraction: Extraction,
    draft: _Draft,
) -> None:
    """Several values for a field: its items, the only one, or one text that holds them all."""
    if one.kind == "list":
        kept = []
        for value, source in zip(values, sources, strict=True):
            try:
                kept.append(_written(value, one, link, draft))
            except _MisfitError as misfit:
                draft.problems.append(
                    Problem(pointer=one.pointer, kind="schema", message=str(misfit))
                )
                continue
            _because(draft, step(one.pointer, len(kept) - 1), extraction.evidence.get(source))
        most = one.rules.get("maxItems")
        if isinstance(most, int) and len(kept) > most:
            message = f"{len(kept)} values found, {most} allowed: the first {most} were kept"
            draft.problems.append(Problem(pointer=one.pointer, kind="truncated", message=message))
            for number in range(most, len(kept)):
                draft.evidence.pop(step(one.pointer, number), None)
            kept = kept[:most]
        if kept:
            draft.put(one.path, kept)
        return
    if len(values) == 1:
        _scalar(one, link, values[0], sources, extraction, draft)
        return
    if one.values is not None:
        message = f"{len(values)} values found, the first was kept: {', '.join(map(str, values))}"
        draft.problems.append(Problem(pointer=one.pointer, kind="ambiguous", message=message))
        _scalar(one, link, values[0], sources[:1], extraction, draft)
        return
    text = JOINERS.get(link.source, ", ").join(map(str, values))
    draft.put(one.path, text)
    draft.rewrote(one.pointer, f"{len(values)} values joined in one text")
    _because(draft, one.pointer, _together(extraction, sources))


def _scalar(
    one: Field,
    link: Link,
    value: Any,
    sources: Sequence[str],
    extraction: Extraction,
    draft: _Draft,
) -> None:
    written = _written(value, one, link, draft)
    evidence = extraction.evidence.get(sources[0]) if sources else None
    if one.kind == "list":
        draft.put(one.path, [written])
        _because(draft, step(one.pointer, 0), evidence)
    else:
        draft.put(one.path, written)
        _because(draft, one.pointer, evidence)


def _written(value: Any, one: Field, link: Link, draft: _Draft) -> Any:
    """A value as the field writes it; raises ``_MisfitError`` where it cannot."""
    if one.values is not None:
        known = spelled(value, link.source, one.values)
        if known is None:
            raise _MisfitError(f"{value!r} is none of the listed values")
        if known != value:
            draft.rewrote(one.pointer, f"{value!r} is written as {known!r}")
        return known
    kinds = one.item.get("type", frozenset()) if one.kind == "list" else frozenset({one.kind})
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if "integer" in kinds and "number" not in kinds and isinstance(value, float):
        raise _MisfitError(f"{value} is no whole number")
    if number and not kinds & {"number", "integer", "any"}:
        return str(value)
    return value


def _rows(
    one: Field, link: Link, data: Mapping[str, Any], extraction: Extraction, draft: _Draft
) -> None:
    """A list of objects: a place, or one text, in each."""
    values = data.get("locations" if link.source == "location" else link.source) or []
    rows = []
    for number, value in enumerate(values):
        row: dict[str, Any] = {member.path[-1]: None for member in one.members if member.nullable}
        for member in link.members:
            part = value if member.source == "item" else value.get(member.source)
            if part is not None:
                row[member.path[-1]] = part
        rows.append(row)
        source = extraction.evidence.get(f"/{link.source}/{number}")
        _because(draft, step(one.pointer, number), source)
    if rows:
        draft.put(one.path, rows)


def _because(draft: _Draft, pointer: str, evidence: Evidence | None) -> None:
    if evidence is not None:
        draft.evidence[pointer] = evidence


def _together(extraction: Extraction, sources: Sequence[str]) -> Evidence | None:
    """The evidence of values that were joined: the stretch of text from the first to the last."""
    found = [extraction.evidence[name] for name in sources if name in extraction.evidence]
    if not found:
        return None
    spans = [one.span for one in found if one.span is not None]
    text = extraction.page.text if extraction.page is not None else ""
    if len(spans) < len(found) or not text:
        return replace(found[0], confidence=_least(found))
    span = Span(min(one.start for one in spans), max(one.end for one in spans))
    return replace(found[0], span=span, quote=span.of(text), confidence=_least(found))


def _least(found: Sequence[Evidence]) -> float | None:
    known = [one.confidence for one in found if one.confidence is not None]
    return min(known) if len(known) == len(found) else None


def _moved_problems(extraction: Extraction, schema: Schema, draft: _Draft) -> None:
    """Problems of the default fields, told of the fields they fill."""
    own = {one.pointer for one in schema.unlinked}
    for problem in extraction.problems:
        if problem.pointer in own:  # an engine was asked for the field itself
            draft.problems.append(problem)
            continue
        if problem.kind == "schema":
            continue
        name = problem.pointer.split("/")[1] if "/" in problem.pointer else ""
        hit = [link.pointer for link in schema.links if _concerns(link.source, name)]
        draft.problems += [replace(problem, pointer=pointer) for pointer in hit]
        if not name:
            draft.problems.append(problem)


def _concerns(source: str, name: str) -> bool:
    if source in UNITS_OF_TEXT:
        return name in UNITS_OF_TEXT[source]
    if source in ("city", "region", "country"):
        return name in ("locations", "location")
    return source == name or (source == "remote" and name == "workplace")
