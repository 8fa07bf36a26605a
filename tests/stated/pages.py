"""Small pages for the tests of this room."""

import json

from rolecall.core import Page, Source
from rolecall.page import clean
from rolecall.schema.posting import LIST_UNITS, UNITS
from rolecall.stated import stated

BODY = (
    "<p>The harbour needs you: we keep forty boats afloat, all year round.</p>"
    "<h3>Your tasks</h3><ul><li>Paint hulls in spring</li><li>Mend nets &amp; sails</li></ul>"
)
BASE = {
    "@context": "https://schema.org",
    "@type": "JobPosting",
    "title": "Boat builder",
    "description": BODY,
    "hiringOrganization": {"@type": "Organization", "name": "Nord Yards"},
}
SHOWN = f"<h1>Boat builder</h1><p>Nord Yards</p><div class=body>{BODY}</div>"


def page(data, shown=SHOWN, *, url=None, title="Boat builder at Nord Yards") -> Page:
    """A page that states ``data`` (an object or several) as JSON-LD and shows ``shown``."""
    script = json.dumps(data).replace("</", "<\\/")
    html = (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{title}</title>"
        f'<script type="application/ld+json">{script}</script></head><body><main>{shown}'
        "</main></body></html>"
    )
    return clean(Source(body=html.encode("utf-8", "surrogatepass"), url=url))


def base(**more):
    """The usual posting with other properties."""
    return {**BASE, **more}


def by_unit(one):
    return {candidate.unit: candidate for candidate in stated(one)}


def value(unit, shown=SHOWN, **data):
    found = by_unit(page(base(**data), shown)).get(unit)
    return found.value if found else None


def check(one, candidates):
    """What every candidate of this room keeps."""
    for candidate in candidates:
        assert candidate.unit in UNITS
        assert candidate.origin == "stated"
        assert candidate.pointer
        assert candidate.confidence is not None
        assert 0 <= candidate.confidence <= 1
        assert len(candidate.quotes) == len(candidate.spans)
        if candidate.unit in LIST_UNITS:
            assert len(candidate.spans) == len(candidate.value)
        for quote, span in zip(candidate.quotes, candidate.spans, strict=True):
            if span is not None:
                assert one.text[span.start : span.end] == quote
        json.dumps(candidate.value)
