"""Postings written by a rule, of about a given number of tokens: for checks that need no labels."""

from __future__ import annotations

import random
from html import escape
from typing import Final

from msgspec import Struct

from rolecall.ask.tokens import Tokens
from rolecall.evaluate.load.postings import EMPLOYERS, ENDS, PLACES, THINGS, TRADES, VERBS

LENGTHS: Final = (300, 3_000, 9_000, 30_000)
"""Tokens of the texts in ADR-009's own test of lengths."""


class Written(Struct, frozen=True, kw_only=True):
    """A posting as a page, its right title, and the tokens of its visible lines (about)."""

    html: str
    title: str
    tokens: int


def posting(tokens: int, seed: int, counter: Tokens) -> Written:
    """A page with about ``tokens`` tokens of visible text, the same for the same ``seed``."""
    source = random.Random(f"{seed} {tokens}")
    title, company = source.choice(TRADES), source.choice(EMPLOYERS)
    head = [
        f"<title>{title} - {escape(company)}</title>",
        f"<h1>{title}</h1>",
        f"<p>{escape(company)}, {source.choice(PLACES)}</p>",
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
    verb, thing, end = source.choice(VERBS), source.choice(THINGS), source.choice(ENDS)
    return f"{verb} {thing} {end}, {source.randrange(2, 40)} times a month."
