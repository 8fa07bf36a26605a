"""Postings made from a seed alone, of many lengths: a load for whoever has no pages at hand."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from html import escape

from rolecall.core import Source

TRADES = (
    "Carpenter", "Nurse", "Data Analyst", "Bus Driver", "Pastry Chef", "Accountant", "Welder",
    "Backend Engineer", "Midwife", "Warehouse Lead", "Physics Teacher", "Legal Secretary",
)  # fmt: skip
LEVELS = ("", "Senior ", "Junior ", "Lead ", "Trainee ")
EMPLOYERS = (
    "Harbour & Sons", "Northlight Clinic", "Quarry Lane Logistics", "Tern Software",
    "Bellwether Foods", "Millbrook Academy", "Ostrava Steel", "Green Ledger",
)  # fmt: skip
PLACES = (
    "Leeds, UK", "Cork, Ireland", "Porto, Portugal", "Austin, TX", "Lyon, France",
    "Utrecht, Netherlands", "Graz, Austria", "Aarhus, Denmark", "Tallinn, Estonia",
)  # fmt: skip
TYPES = ("Full-time", "Part-time", "Temporary, 12 months", "Permanent")
VERBS = ("Plan", "Repair", "Document", "Check", "Deliver", "Improve", "Order", "Teach", "Lead")
THINGS = (
    "the weekly rota", "older machines", "every visit", "incoming goods", "the test plan",
    "supplier invoices", "the night shift", "new colleagues", "safety drills", "the stock list",
)  # fmt: skip
ENDS = (
    "with two colleagues", "before noon", "to the agreed standard", "for three sites",
    "in close contact with the customer", "and report on it each Friday", "without delay",
)  # fmt: skip
SKILLS = (
    "SQL", "Excel", "a forklift licence", "first aid", "welding to ISO 9606", "Python", "French",
    "German at level B2", "knife skills", "bookkeeping", "driving licence C", "AutoCAD",
)  # fmt: skip
PERKS = (
    "25 days of holiday", "a pension with 6 percent from us", "free lunch", "a travel card",
    "training that we pay for", "shift bonus", "childcare vouchers", "a bicycle on lease",
)  # fmt: skip
MENU = ("Home", "All vacancies", "About us", "Press", "Contact")
LONGEST = 60
"""Duties of the longest postings; most have some ten, a few very many."""


def generated(count: int, seed: int = 7) -> Iterator[Source]:
    """``count`` pages that differ in every field and in length; the same for the same seed."""
    draw = random.Random(f"postings {seed}")
    for number in range(count):
        body = _page(draw, number).encode()
        yield Source(body=body, locator=f"generated/{number:04}.html", media_type="text/html")


def _page(draw: random.Random, number: int) -> str:
    """One page. Many have no headings, or running text for lists, as real ones do."""
    title = draw.choice(LEVELS) + draw.choice(TRADES)
    employer, place = draw.choice(EMPLOYERS), draw.choice(PLACES)
    duties = min(LONGEST, max(4, round(draw.lognormvariate(2.9, 0.6))))
    parts = [f"<h1>{escape(title)}</h1>", *_facts(draw, employer, place)]
    parts.append(f"<p>{escape(_about(draw, employer, place))}</p>")
    brought = [f"{draw.randrange(1, 9)} years of experience", *_some(draw, SKILLS, duties // 4)]
    sections = [("What you will do", _tasks(draw, duties)), ("What you bring", brought)]
    if draw.random() < 0.7:
        sections.append(("What we offer", _some(draw, PERKS, duties // 5)))
    headed, listed = draw.random() < 0.4, draw.random() < 0.6
    for heading, items in sections:
        parts.append(f"<h2>{heading}</h2>" if headed else "")
        parts.append(_list(items) if listed else f"<p>{escape(' '.join(items))}</p>")
    parts.append(f"<p>{escape(_about(draw, employer, place))}</p>")
    parts.append(f"<p>Reference {number}-{draw.randrange(10**6)}. Apply until the 28th.</p>")
    menu = "".join(f"<a href='/{one[:4].lower()}'>{one}</a> " for one in MENU)
    return (
        f"<!DOCTYPE html><html lang='en'><head><title>{escape(title)} | {escape(employer)}</title>"
        f"</head><body><nav>{menu}</nav><main>{''.join(parts)}</main>"
        "<footer>Imprint | Privacy</footer></body></html>"
    )


def _facts(draw: random.Random, employer: str, place: str) -> list[str]:
    """What stands below the title: some of the facts, the others only in the text."""
    facts = [employer] if draw.random() < 0.6 else []
    facts += [place] if draw.random() < 0.6 else []
    facts.append(draw.choice(TYPES))
    if draw.random() < 0.5:
        low = draw.randrange(24, 80)
        facts.append(f"£{low},{draw.randrange(10)}00 to £{low + 7},500 a year")
    if draw.random() < 0.3:
        facts.append(draw.choice(("Hybrid, two days at home", "Remote within the country")))
    return [f"<p>{escape(one)}</p>" for one in facts]


def _about(draw: random.Random, employer: str, place: str) -> str:
    """Some sentences about the employer, of many lengths."""
    told = [
        f"{employer} has {draw.randrange(8, 900)} people and works in {place} since "
        f"{draw.randrange(1920, 2020)}."
    ]
    told += [
        f"In {draw.randrange(2005, 2025)} we began to {draw.choice(VERBS).lower()} "
        f"{draw.choice(THINGS)} {draw.choice(ENDS)}, and {draw.randrange(3, 90)} of us "
        f"{draw.choice(VERBS).lower()} {draw.choice(THINGS)} now."
        for _ in range(draw.randrange(2, 14))
    ]
    return " ".join(told)


def _tasks(draw: random.Random, count: int) -> list[str]:
    """Sentences; a number in each keeps any two postings apart."""
    return [
        f"{draw.choice(VERBS)} {draw.choice(THINGS)} {draw.choice(ENDS)}, "
        f"part {draw.randrange(10**4)}."
        for _ in range(count)
    ]


def _some(draw: random.Random, words: Sequence[str], count: int) -> list[str]:
    return draw.sample(list(words), min(len(words), max(2, count)))


def _list(items: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(one)}</li>" for one in items) + "</ul>"
