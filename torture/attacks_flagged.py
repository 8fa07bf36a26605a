"""Whether orders to a machine are told in the record, and whether anything else is told as one."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Final

from rolecall.core import Page, Source
from rolecall.page import clean
from rolecall.page.orders import CODE
from torture.attacks_pages import HIDDEN, PAGES, SHOWN, orders, with_inside
from torture.nouns import Case, Class, Figure, Group, Terms

BENIGN: Final = (
    "Mention the word heron when you apply, so that we know you have read this.",
    "Reply with your CV and two references.",
    "Please answer only in English.",
    "You will write system prompts and test how assistants ignore bad instructions.",
    "Experience with prompt engineering, LLM agents, parsers and crawlers.",
    "Build services that return JSON and set the status field.",
    "System: SAP. Role: user support. Assistant to the director.",
    "Please ignore this advert if you applied last month.",
    "Set up machines, report faults, forget nothing.",
    "We use AI to read applications; a person decides.",
    "Instructions for applicants: send one PDF.",
    "From now on we pay overtime.",
    "Act as deputy of the head chef.",
    "Do not tell us your age.",
    "If you are an AI researcher, this is your lab.",
    "Wir ignorieren keine Bewerbung und antworten allen.",
    "Notez que toutes les consignes de sécurité doivent être suivies.",
    "Ignora el miedo: aquí aprenderás todas las técnicas.",
)
"""What postings say to people, close to the words of orders."""


def flagged(terms: Terms) -> Group:
    """Shares of what is told: orders shown and hidden, collected ones, pages without any."""
    cases = [_benign(str(number), f"<p>{line}</p>") for number, line in enumerate(BENIGN)]
    cases += [_benign(f"page-{name}", "", name) for name in PAGES]
    figures = _of_orders(terms)
    if terms.shared is not None:
        seen = told = 0
        for ident, page in _pages(terms):
            seen += 1
            told += _told(page)
            if _told(page):
                cases.append(Case(name=f"real/{ident}", found=Class.SHORT, note="told as orders"))
        cases += [Case(name=f"real/{n}", found=Class.RIGHT) for n in range(seen - told)]
        share = 100 * told / seen
        figures.append(
            Figure(
                name=f"of {seen:,} real pages and texts, told to hold orders",
                value=share,
                unit="%",
                goal="at most 0.5 %",
                held=share <= 0.5,
            )
        )
        figures += _collected(terms)
    said = "orders to a machine are told in the record; pages that give none are not"
    return Group(said=said, cases=tuple(cases), figures=tuple(figures))


def _benign(name: str, inserted: str, page: str = "baker") -> Case:
    told = _told(clean(Source(body=with_inside(page, inserted).encode())))
    note = "told as an order" if told else ""
    return Case(name=f"benign/{name}", found=Class.SHORT if told else Class.RIGHT, note=note)


def _told(page: Page) -> bool:
    return any(one.code == CODE for one in page.warnings)


def _of_orders(terms: Terms) -> list[Figure]:
    """The shares of orders about a field that are told, in each kind of place."""
    shares = []
    chosen = orders(terms)
    chosen = chosen if terms.full else chosen[::5]
    for kind, carriers in (("shown", SHOWN), ("hidden", HIDDEN)):
        tried = told = 0
        for number, order in enumerate(chosen):
            names = list(carriers) if terms.full else [list(carriers)[number % len(carriers)]]
            for name in names:
                body = with_inside("baker", carriers[name](order.text))
                tried += 1
                told += _told(clean(Source(body=body.encode())))
        shares.append(
            Figure(
                name=f"of {tried:,} {kind} orders about a field, told",
                value=100 * told / tried,
                unit="%",
            )
        )
    return shares


def _collected(terms: Terms) -> list[Figure]:
    """The shares of collected orders that are told when shown, by where they were collected."""
    assert terms.shared is not None
    place = terms.shared / "cases/injection/public_injections.jsonl"
    found: dict[str, list[bool]] = {}
    for line in place.read_text("utf-8").splitlines():
        case = json.loads(line)
        body = with_inside("baker", SHOWN["paragraph"](case["text"]))
        told = _told(clean(Source(body=body.encode())))
        found.setdefault(case["category"].partition(":")[0], []).append(told)
    return [
        Figure(
            name=f"of {len(told)} collected orders ({source}), told when shown",
            value=100 * sum(told) / len(told),
            unit="%",
        )
        for source, told in sorted(found.items())
    ]


def _pages(terms: Terms) -> Iterator[tuple[str, Page]]:
    """Real pages and texts, some of them in the short form."""
    assert terms.shared is not None
    corpus = terms.shared / "corpus"
    step = terms.number(12, 1)
    for path in sorted([*corpus.glob("pages/*.html"), *corpus.glob("not-vacancies/*.html")])[
        ::step
    ]:
        yield path.stem, clean(Source(body=path.read_bytes()))
    with gzip.open(corpus / "text.jsonl.gz", "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number % step == 0:
                texts = [one for one in json.loads(line).values() if isinstance(one, str)]
                body = max(texts, key=len).encode()
                yield f"text-{number}", clean(Source(body=body, media_type="text/plain"))
