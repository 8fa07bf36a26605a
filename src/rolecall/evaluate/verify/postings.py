"""Postings written by a rule, of about a given number of tokens: for checks that need no labels."""

from __future__ import annotations

import random
from typing import Final

from msgspec import Struct

from rolecall.ask.tokens import Tokens

LENGTHS: Final = (300, 3_000, 9_000, 30_000)
"""Tokens of the texts in ADR-009's own test of lengths."""

TYPICAL: Final = 750
"""Tokens of a usual posting without what stands around it."""

_TITLES = ("Warehouse Planner", "Night Nurse", "Data Engineer", "Bus Mechanic", "Pastry Chef")
_COMPANIES = ("Alderbrook Ltd", "Birchfield GmbH", "Cedarline Inc", "Dogwood Works Ltd")
_PLACES = ("Leeds", "Porto", "Lyon", "Graz", "Cork")
_VERBS = ("plan", "repair", "document", "check", "deliver", "improve", "order", "teach", "review")
_THINGS = (
    "the weekly rota", "older machines", "every visit", "incoming goods", "the test plan",
    "shared tools", "the night shift", "customer reports", "safety rounds",
)  # fmt: skip
_ENDS = (
    "with the shift lead", "before noon", "for two sites", "on your own", "in a team of six",
    "as the season asks", "after each audit", "by the book", "with new colleagues",
)  # fmt: skip


class Written(Struct, frozen=True, kw_only=True):
    """A posting as a page, its right title, and the tokens of its visible lines (about)."""

    html: str
    title: str
    tokens: int


def posting(tokens: int, seed: int, counter: Tokens) -> Written:
    """A page with about ``tokens`` tokens of visible text, the same for the same ``seed``."""
    source = random.Random(f"{seed} {tokens}")
    title, company = source.choice(_TITLES), source.choice(_COMPANIES)
    head = [
        f"<title>{title} - {company}</title>",
        f"<h1>{title}</h1>",
        f"<p>{company}, {source.choice(_PLACES)}</p>",
        f"<p>Full-time. EUR {source.randrange(30, 90)},000 a year.</p>",
        "<h2>Your tasks</h2>",
    ]
    plain = counter.count("\n".join(head))
    lines: list[str] = []
    while plain < tokens:
        added = [_sentence(source) for _ in range(8)]
        plain += counter.count("\n".join(added)) + len(added)
        lines += added
    items = "\n".join(f"<li>{one}</li>" for one in lines)
    body = "\n".join(head[1:])
    html = (
        f"<!doctype html><html lang=en><head>{head[0]}</head><body><main>\n{body}\n<ul>\n{items}\n"
        "</ul><h2>We offer</h2><ul><li>Thirty days of holiday</li></ul>"
        "<p>Apply by e-mail.</p></main></body></html>"
    )
    return Written(html=html, title=title, tokens=plain)


def _sentence(source: random.Random) -> str:
    verb, thing, end = source.choice(_VERBS), source.choice(_THINGS), source.choice(_ENDS)
    return f"You {verb} {thing} {end}, {source.randrange(2, 40)} times a month."
