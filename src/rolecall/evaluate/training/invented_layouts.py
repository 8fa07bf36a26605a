"""Lays an invented posting out as a page, in the ways that sites and boards lay theirs out.

``render`` returns the source of a page and its lines with their labels, in the order of the page.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Final

from rolecall.core import Source
from rolecall.evaluate.training.labels import fold, same_words

BODY: Final = frozenset({"H", "P", "D", "R", "B", "Dp", "Rp", "Bp", "Pli"})
ITEMS: Final = frozenset({"D", "R", "B", "Pli"})
FACTS: Final = frozenset({"F", "Okv"})
SIMILAR: Final = frozenset({"sim", "simh"})
STYLES: Final = ("main", "board", "br", "dl", "table", "soup", "paragraphs", "markdown", "plain")
BULLETS: Final = ("- ", "• ", "* ", "– ", "")
BODY_NAMES: Final = ("job-description", "description", "content", "text", "vacancy", "c-7", "")
CARD_NAMES: Final = ("job-header", "meta", "facts", "summary", "info", "b-2", "")
Unit = tuple[str, str]
"""A line of the page and its label."""


@dataclass(frozen=True, slots=True)
class Posting:
    """An invented posting: ``rows`` are (mark, text), one per line of its page."""

    id: str
    language: str
    kind: str
    title: str
    company: str
    location: tuple[str, ...]
    rows: tuple[Unit, ...]


@dataclass(slots=True)
class Sheet:
    """The page as it grows: its source, and its lines with their labels."""

    draw: random.Random
    style: str
    parts: list[str]
    units: list[Unit]

    def put(self, before: str, text: str, after: str, label: str) -> None:
        """Add one line with what stands around it in the source."""
        self.parts.append(f"{before}{escape(text, quote=False)}{after}\n")
        self.units.append((text, label))

    def raw(self, source: str) -> None:
        """Add source that shows nothing."""
        self.parts.append(f"{source}\n")


def label_of(mark: str) -> str:
    """The label of a line with ``mark``: lines of site chrome are ``O``."""
    return mark[0] if mark in BODY or mark in ("T", "F") else "O"


def render(posting: Posting, style: str) -> tuple[Source, list[Unit]]:
    """The page of ``posting`` in ``style``, and its lines with their labels. Deterministic."""
    draw = random.Random(f"{posting.id} {style}")
    sheet = Sheet(draw, style, [], [])
    if style in ("markdown", "plain"):
        _text(sheet, posting)
        media = "text/markdown" if style == "markdown" else "text/plain"
    else:
        _html(sheet, posting)
        media = "text/html"
    host = "".join(ch for ch in posting.company.lower() if ch.isascii() and ch.isalnum())
    own = posting.kind in ("site", "municipal") and len(host) > 4
    url = f"https://www.{host if own else 'anzeigen'}.example/{posting.id}"
    source = Source(
        body="".join(sheet.parts).encode(), locator=posting.id, media_type=media, url=url
    )
    return source, sheet.units


def _text(sheet: Sheet, posting: Posting) -> None:
    """Markdown or plain text: no menus, only the posting and what stands below it."""
    marked = sheet.style == "markdown"
    bullet = sheet.draw.choice(("- ", "* ") if marked else BULLETS)
    heading = sheet.draw.choice(("## ", "### ", "**") if marked else ("", ":", "upper"))
    last = ""
    for mark, text in posting.rows:
        if mark in ("nav", "crumb", "cookie", "form"):
            continue
        if mark not in ITEMS or last not in ITEMS:
            sheet.raw("")
        last = mark
        label = label_of(mark)
        if mark == "T":
            sheet.put("# " if marked else "", text, "", label)
        elif mark == "H":
            _text_heading(sheet, text, heading)
        elif mark in ITEMS:
            sheet.put(bullet, text, "", label)
        else:
            sheet.put("", text, "", label)


def _text_heading(sheet: Sheet, text: str, form: str) -> None:
    if form == "upper":
        sheet.put("", text.upper(), "", "H")
    elif form == ":":
        sheet.put("", _with_colon(text), "", "H")
    else:
        sheet.put(form, text, "**" if form == "**" else "", "H")


def _with_colon(text: str) -> str:
    return text if text[-1] in "?!:." else f"{text}:"


def _html(sheet: Sheet, posting: Posting) -> None:
    draw = sheet.draw
    place = posting.location[0]
    names = [
        f"{posting.title} | {posting.company}",
        f"{posting.title} - {posting.company}, {place}",
        f"{posting.title} – {place}",
        f"{posting.company}: {posting.title}",
        posting.title,
        "",
    ]
    name = draw.choice(names)
    sheet.raw(f'<!doctype html><html lang="{posting.language}"><head><meta charset="utf-8">')
    if name:
        sheet.put(
            "<title>", name, "</title>", "T" if same_words(fold(name), fold(posting.title)) else "F"
        )
    sheet.raw("</head><body>")
    depth = draw.choice((0, 1, 2)) if sheet.style in ("board", "soup", "dl", "table") else 0
    sheet.raw("<div>" * depth)
    wrapped = ""
    for region, rows in _regions(posting.rows):
        wanted = "main" if region in ("title", "facts", "body", "other") else ""
        if sheet.style == "main" and wanted != wrapped:
            sheet.raw("</main>" if wrapped else "<main><article>")
            wrapped = wanted
        REGIONS[region](sheet, rows)
    sheet.raw("</div>" * depth + "</body></html>")


def _regions(rows: Sequence[Unit]) -> Iterator[tuple[str, list[Unit]]]:
    """Runs of rows that one element holds."""
    for region, run in groupby(rows, key=lambda row: _region(row[0])):
        yield region, list(run)


def _region(mark: str) -> str:
    if mark in BODY:
        return "body"
    if mark in FACTS:
        return "facts"
    if mark in SIMILAR:
        return "similar"
    return {"T": "title", "nav": "nav", "foot": "foot", "cookie": "cookie"}.get(mark, "other")


def _nav(sheet: Sheet, rows: Sequence[Unit]) -> None:
    if sheet.style in ("main", "br", "paragraphs"):
        sheet.raw("<header><nav><ul>")
        for _, text in rows:
            sheet.put('<li><a href="/a">', text, "</a></li>", "O")
        sheet.raw("</ul></nav></header>")
        return
    sheet.raw(sheet.draw.choice(('<div class="top">', '<div class="nav-bar">', "<div>", "<div>")))
    plain = sheet.style == "soup" and sheet.draw.random() < 0.4
    for _, text in rows:
        around = ("<div>", "</div>") if plain else ('<div><a href="/a">', "</a></div>")
        sheet.put(around[0], text, around[1], "O")
    sheet.raw("</div>")


def _foot(sheet: Sheet, rows: Sequence[Unit]) -> None:
    tag = "footer" if sheet.style in ("main", "board", "paragraphs") else "div"
    sheet.raw(f"<{tag}>")
    for _, text in rows:
        sheet.put('<p><a href="/f">', text, "</a></p>", "O")
    sheet.raw(f"</{tag}>")


def _cookie(sheet: Sheet, rows: Sequence[Unit]) -> None:
    sheet.raw(sheet.draw.choice(('<div id="cookie-banner">', '<div class="notice">', "<div>")))
    for _, text in rows:
        sheet.put("<p>", text, "</p>", "O")
    sheet.raw("</div>")


def _similar(sheet: Sheet, rows: Sequence[Unit]) -> None:
    sheet.raw("<aside>" if sheet.style in ("main", "board") else "<div>")
    for mark, text in rows:
        if mark == "simh":
            tag = sheet.draw.choice(("h2", "h3", "div"))
            sheet.put(f"<{tag}>", text, f"</{tag}>", "O")
        else:
            sheet.put('<div class="item"><a href="/j/1">', text, "</a></div>", "O")
    sheet.raw("</aside>" if sheet.style in ("main", "board") else "</div>")


def _other(sheet: Sheet, rows: Sequence[Unit]) -> None:
    for mark, text in rows:
        if mark == "btn":
            button = sheet.draw.random() < 0.3
            around = ("<button>", "</button>") if button else ('<p><a href="/apply">', "</a></p>")
            sheet.put(*(around[0], text, around[1]), "O")
        else:
            tag = "p" if sheet.style == "paragraphs" else "div"
            sheet.put(f"<{tag}>", text, f"</{tag}>", "O")


def _title(sheet: Sheet, rows: Sequence[Unit]) -> None:
    tags = {"soup": ("div", "div", "h2", "b"), "br": ("h1", "h2", "b"), "table": ("h1", "h3", "td")}
    tag = sheet.draw.choice(tags.get(sheet.style, ("h1", "h1", "h1", "h2")))
    for _, text in rows:
        if tag == "td":
            sheet.put("<table><tr><td>", text, "</td></tr></table>", "T")
        elif tag == "b":
            sheet.put("<div><b>", text, "</b></div>", "T")
        else:
            sheet.put(f"<{tag}>", text, f"</{tag}>", "T")


def _facts(sheet: Sheet, rows: Sequence[Unit]) -> None:
    form = {"dl": "dl", "table": "table", "br": "br"}.get(sheet.style)
    form = form or sheet.draw.choice(("div", "li", "dl", "pair", "chips"))
    name = sheet.draw.choice(CARD_NAMES)
    sheet.raw(f'<div class="{name}">' if name else "<div>")
    sheet.raw({"dl": "<dl>", "table": "<table>", "li": "<ul>"}.get(form, ""))
    for mark, text in rows:
        label = label_of(mark)
        key, colon, value = text.partition(": ")
        if colon and form in ("dl", "table", "pair"):
            a, b, c = PAIRS[form]
            sheet.put(a, key.rstrip() + (":" if sheet.draw.random() < 0.4 else ""), b, "O")
            sheet.put("", value, c, label)
        else:
            before, after = SINGLE[form]
            sheet.put(before, text, after, label)
    sheet.raw({"dl": "</dl>", "table": "</table>", "li": "</ul>"}.get(form, "") + "</div>")


PAIRS: Final = {
    "dl": ("<dt>", "</dt><dd>", "</dd>"),
    "table": ("<tr><td>", "</td><td>", "</td></tr>"),
    "pair": ('<div class="row"><div>', "</div><div>", "</div></div>"),
}
SINGLE: Final = {
    "dl": ("<dd>", "</dd>"),
    "table": ("<tr><td colspan=2>", "</td></tr>"),
    "pair": ("<div>", "</div>"),
    "div": ("<div>", "</div>"),
    "li": ("<li>", "</li>"),
    "br": ("", "<br>"),
    "chips": ('<span class="chip">', "</span> "),
}


def _body(sheet: Sheet, rows: Sequence[Unit]) -> None:
    name = sheet.draw.choice(BODY_NAMES)
    tag = "section" if sheet.style == "main" and sheet.draw.random() < 0.5 else "div"
    sheet.raw(f'<{tag} class="{name}">' if name else f"<{tag}>")
    if sheet.style == "br":
        _broken(sheet, rows)
    elif sheet.style in CELLS:
        _cells(sheet, rows)
    else:
        _lists(sheet, rows)
    sheet.raw(f"</{tag}>")


def _broken(sheet: Sheet, rows: Sequence[Unit]) -> None:
    """One element in which ``<br>`` parts all lines."""
    bullet = sheet.draw.choice(BULLETS)
    form = sheet.draw.choice(("b", "b", "", ":", ":", "upper"))
    blank = sheet.draw.random() < 0.7
    for i, (mark, text) in enumerate(rows):
        if mark == "H":
            if blank and i:
                sheet.raw("<br>")
            shown = text.upper() if form == "upper" else _with_colon(text) if form == ":" else text
            around = ("<b>", "</b><br>") if form == "b" else ("", "<br>")
            sheet.put(around[0], shown, around[1], "H")
            continue
        after = "<br><br>" if blank and mark not in ITEMS else "<br>"
        sheet.put(bullet if mark in ITEMS else "", text, after, label_of(mark))


CELLS: Final = {
    "dl": ("<dl>", ("<dt>", "</dt>"), ("<dd>", "</dd>"), "</dl>"),
    "table": (
        "<table>",
        ("<tr><th colspan=2>", "</th></tr>"),
        ("<tr><td colspan=2>", "</td></tr>"),
        "</table>",
    ),
}


def _cells(sheet: Sheet, rows: Sequence[Unit]) -> None:
    """A definition list or a table: a heading, then what belongs to it in cells or in a list."""
    opening, head, cell, closing = CELLS[sheet.style]
    sheet.raw(opening)
    inner = sheet.draw.random() < 0.5
    for item, run in groupby(rows, key=lambda row: row[0] in ITEMS and inner):
        if item:
            sheet.raw(f"{cell[0]}<ul>")
        for mark, text in run:
            around = ("<li>", "</li>") if item else head if mark == "H" else cell
            sheet.put(around[0], text, around[1], label_of(mark))
        if item:
            sheet.raw(f"</ul>{cell[1]}")
    sheet.raw(closing)


def _lists(sheet: Sheet, rows: Sequence[Unit]) -> None:
    """Headings, paragraphs and lists, each in its own element."""
    style = sheet.style
    block = "div" if style == "soup" else "p"
    tag = sheet.draw.choice(("h2", "h3", "h3", "h4", "strong"))
    tag = sheet.draw.choice(("strong", "plain", "colon")) if block == "div" else tag
    listed = style != "soup" and (style != "paragraphs" or sheet.draw.random() < 0.5)
    bullet = sheet.draw.choice(BULLETS)
    for item, run in groupby(rows, key=lambda row: row[0] in ITEMS):
        if item and listed:
            sheet.raw("<ul>")
        for mark, text in run:
            if mark == "H":
                _heading(sheet, text, tag, block)
            elif item and listed:
                sheet.put("<li>", text, "</li>", label_of(mark))
            else:
                before = f"<{block}>{bullet if item else ''}"
                sheet.put(before, text, f"</{block}>", label_of(mark))
        if item and listed:
            sheet.raw("</ul>")


def _heading(sheet: Sheet, text: str, tag: str, block: str) -> None:
    if tag == "strong":
        sheet.put(f"<{block}><strong>", text, f"</strong></{block}>", "H")
    elif tag in ("plain", "colon"):
        shown = text if tag == "plain" else _with_colon(text)
        sheet.put(f"<{block}>", shown, f"</{block}>", "H")
    else:
        sheet.put(f"<{tag}>", text, f"</{tag}>", "H")


REGIONS: Final[dict[str, Callable[[Sheet, Sequence[Unit]], None]]] = {
    "nav": _nav,
    "foot": _foot,
    "cookie": _cookie,
    "similar": _similar,
    "other": _other,
    "title": _title,
    "facts": _facts,
    "body": _body,
}
