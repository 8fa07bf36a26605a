"""Which of the stated postings is the one that the page shows."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlsplit

from rolecall.core import Page, Statement
from rolecall.stated.facts import company_of, text_of
from rolecall.stated.plain import line
from rolecall.stated.visible import letters

MAX_HEADINGS: Final = 60
MAX_HEADING: Final = 300
MIN_SHARE: Final = 0.6
"""Share of a title that a heading must hold to count as a shortened form of it."""

_WORD: Final = re.compile(r"\w+")
_URLS: Final = ("url", "@id", "mainEntityOfPage", "sameAs")


def choose(page: Page) -> tuple[Statement, ...]:
    """The statements about the page's own posting, the most trustworthy first.

    Statements with the same title and company (or no company) speak of one posting. Of several
    postings the one counts whose title is a heading of the page, or whose address is the page's;
    where that leaves none or more than one, nothing is chosen.
    """
    groups = _groups(page.statements)
    if len(groups) <= 1:
        return groups[0] if groups else ()
    shown = _shown(page)
    ranked = [(max(_likeness(title_of(one), shown) for one in group), group) for group in groups]
    best = max(rank for rank, _ in ranked)
    matching = [group for rank, group in ranked if rank == best] if best else groups
    if len(matching) > 1 or not best:
        own = [group for group in matching if any(_is_here(one, page) for one in group)]
        matching = own if own else matching
    return matching[0] if len(matching) == 1 else ()


def distinct_postings(page: Page) -> int:
    """How many postings the page states among which none is clearly its own.

    0 where it states none, 1 where one is stated or one of several was chosen, else their number.
    """
    if not page.statements:
        return 0
    return 1 if choose(page) else len(_groups(page.statements))


def title_of(statement: Statement) -> str:
    """The stated title, as one line; empty where there is none."""
    data = statement.data
    return line(text_of(data.get("title")) or text_of(data.get("name")))


def is_titled(page: Page, title: str) -> bool:
    """Whether a heading or the title line of the page names ``title``, wholly or shortened."""
    return _likeness(title, _shown(page)) > 0


def _groups(statements: tuple[Statement, ...]) -> list[tuple[Statement, ...]]:
    groups: list[tuple[str, str, list[Statement]]] = []
    order = {"jsonld": 0, "microdata": 1, "state": 2}
    for one in sorted(statements, key=lambda s: (s.repaired, order[s.syntax])):
        title, company = letters(title_of(one)), letters(company_of(one.data))
        if not title and not text_of(one.data.get("description")):
            continue
        for known_title, known_company, members in groups:
            same = not company or not known_company or company == known_company
            if title == known_title and same:
                members.append(one)
                break
        else:
            groups.append((title, company, [one]))
    return [tuple(members) for _, _, members in groups]


def _shown(page: Page) -> list[tuple[str, str]]:
    """Headings, header lines and the title line: their words, and their kind."""
    shown: list[tuple[str, str]] = []
    for block in page.blocks:
        if len(shown) >= MAX_HEADINGS:
            break
        telling = block.kind in ("title", "heading") or block.role == "header"
        short = block.span.end - block.span.start < MAX_HEADING
        if telling and short and block.role not in ("similar", "cookie"):
            words = " ".join(_WORD.findall(block.span.of(page.text).lower()))
            top = block.kind == "heading" and block.level == 1
            shown.append((words, "top" if top else block.kind))
    return shown


def _likeness(title: str, shown: list[tuple[str, str]]) -> int:
    """0 where no heading names the title; more, the better one does."""
    words = " ".join(_WORD.findall(title.lower()))
    if len(words) < 2:
        return 0
    best = 0
    for heading, kind in shown:
        if heading == words:
            rank = 5 if kind == "top" else 3
        elif f" {words} " in f" {heading} ":
            rank = 4 if kind == "top" else 2
        elif len(heading) >= MIN_SHARE * len(words) and f" {heading} " in f" {words} ":
            rank = 1
        else:
            continue
        best = max(best, rank)
    return best


def _is_here(statement: Statement, page: Page) -> bool:
    """Whether one of the statement's addresses is the page's own."""
    own = {_address(url) for url in (page.url, page.meta.get("canonical"), page.meta.get("og:url"))}
    own.discard("")
    return any(_address(_url(statement.data.get(name))) in own for name in _URLS)


def _url(value: Any) -> str | None:
    if isinstance(value, dict):
        value = value.get("@id", value.get("url"))
    return value if isinstance(value, str) else None


def _address(url: str | None) -> str:
    """Host, path and query, without what two spellings of one address differ in."""
    if not url:
        return ""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    host = parts.netloc.lower().removeprefix("www.")
    path = parts.path.rstrip("/")
    return f"{host}{path}?{parts.query}" if host and (path or parts.query) else ""
