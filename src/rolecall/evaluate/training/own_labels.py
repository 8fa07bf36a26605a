"""A user's labels -> annotations in the keys that training reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rolecall.core import Source
from rolecall.evaluate.annotated import Annotated
from rolecall.evaluate.nouns import Sample
from rolecall.inputs.nouns import Input
from rolecall.inputs.read import load
from rolecall.page import clean
from rolecall.page.limits import Limits
from rolecall.schema.posting import FIELDS, LIST_UNITS

QUOTED: Final = {
    "workplace_quote": ("/workplace",),
    "employment_type_quote": ("/employment_type/0", "/employment_type"),
    "salary_quote": ("/salary_min", "/salary_max"),
    "experience_quote": ("/experience_years_min", "/experience_years_max"),
    "date_posted_quote": ("/date_posted",),
    "valid_through_quote": ("/valid_through",),
}
"""Key of the annotation -> where a label's evidence has its quote."""


def gold_of(expected: Mapping[str, Any], evidence: Mapping[str, Any]) -> dict[str, Any]:
    """Labels in the fields of the default posting -> an annotation with the corpus guide's keys.

    A field that is not labelled has no key: it teaches nothing, not even that there is none.
    """
    gold: dict[str, Any] = {}
    for name in FIELDS:
        if name in ("location", "locations") or name not in expected:
            continue
        value = expected[name]
        gold[name] = list(value or ()) if name in LIST_UNITS else value
    if "locations" in expected:
        gold["location"] = [_place(one) for one in expected["locations"] or ()]
    elif "location" in expected:
        gold["location"] = [expected["location"]] if expected["location"] else []
    for key, pointers in QUOTED.items():
        quotes = (evidence.get(pointer) for pointer in pointers)
        gold[key] = next((_quote(one) for one in quotes if one), None)
    return gold


def _place(one: Any) -> str:
    if not isinstance(one, Mapping):
        return str(one)
    parts = (one.get(key) for key in ("city", "region", "country"))
    return str(one.get("text") or ", ".join(str(part) for part in parts if part))


def _quote(one: Any) -> str | None:
    quote = one.get("quote") if isinstance(one, Mapping) else None
    return quote if isinstance(quote, str) else None


def source_of(sample: Sample, limits: Limits) -> Source:
    """The page of a sample, under the sample's id; raises ``SourceError``."""
    if sample.body is not None:
        source = Source(body=sample.body, media_type=sample.media_type, charset="utf-8")
    else:
        source, _ = load(Input(0, sample.path, path=sample.path), limit=limits.bytes_)
    return Source(
        body=source.body,
        locator=sample.id,
        url=sample.url,
        media_type=sample.media_type or source.media_type,
        charset=source.charset,
        captured=sample.captured,
    )


def annotated_of(samples: Sequence[Sample], limits: Limits) -> Iterator[tuple[Annotated, Source]]:
    """The labelled postings as annotated pages, with their sources."""
    for sample in samples:
        source = source_of(sample, limits)
        page = clean(source, limits)
        yield (
            Annotated(
                id=sample.id,
                site=sample.site,
                language=sample.language or page.language or "",
                page=page,
                gold=gold_of(sample.expected, sample.evidence),
            ),
            source,
        )
