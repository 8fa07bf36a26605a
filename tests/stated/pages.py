"""Small pages for the tests of this room."""

import json

from rolecall.core import Page, Source
from rolecall.page import clean

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
