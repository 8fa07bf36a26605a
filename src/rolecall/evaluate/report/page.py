"""One HTML file out of headings, prose, tables and plots: no network, no script."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from rolecall.inputs.files import shown

STYLE: Final = Path(__file__).with_name("page.css")


class Cell(Struct, frozen=True):
    """What stands in a table's cell; ``kind`` is a class of the style sheet (good, bad, words)."""

    text: str
    kind: str = ""


class Section(Struct, frozen=True, kw_only=True):
    """A part of a page: a heading, and finished pieces of HTML under it."""

    title: str
    parts: tuple[str, ...]


def prose(words: str) -> str:
    """A paragraph; what stands between back quotes is code."""
    return f"<p>{inline(words)}</p>"


def inline(words: str) -> str:
    """Text as HTML, with code between back quotes."""
    pieces = words.split("`")
    if len(pieces) % 2 == 0:
        return html.escape(words)
    return "".join(
        f"<code>{html.escape(one)}</code>" if i % 2 else html.escape(one)
        for i, one in enumerate(pieces)
    )


def code(words: str) -> str:
    """A block of commands or output."""
    return f"<pre>{html.escape(words)}</pre>"


def listed(items: Sequence[str]) -> str:
    """A list of lines of text."""
    return "<ul>" + "".join(f"<li>{inline(one)}</li>" for one in items) + "</ul>"


def table(head: Sequence[str], rows: Sequence[Sequence[str | Cell]]) -> str:
    """A table; the first column is left-aligned, the others hold numbers unless of kind words."""
    worded = [
        any("words" in one.kind for row in rows if isinstance(one := row[i], Cell))
        for i in range(len(head))
    ]
    top = "".join(_head(*one) for one in zip(head, worded, strict=True))
    body = "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    return (
        f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _head(name: str, worded: bool) -> str:
    return f"<th{' class=words' if worded else ''}>{html.escape(name)}</th>"


def _cell(one: str | Cell) -> str:
    told = one if isinstance(one, Cell) else Cell(one)
    kind = f' class="{html.escape(told.kind)}"' if told.kind else ""
    return f"<td{kind}>{inline(told.text)}</td>"


def plot(svg: str, caption: str = "") -> str:
    """A picture with a line under it."""
    under = f"<figcaption class=soft>{inline(caption)}</figcaption>" if caption else ""
    return f'<figure class="wide" style="margin-left:0">{svg}{under}</figure>'


def page(title: str, lead: str, sections: Sequence[Section]) -> str:
    """The whole file; a control character or half of one is shown by its number."""
    found = [(f"s{i}", one) for i, one in enumerate(sections)]
    links = "".join(f'<li><a href="#{i}">{html.escape(one.title)}</a></li>' for i, one in found)
    body = "".join(
        f'<section id="{i}"><h2>{html.escape(one.title)}</h2>{"".join(one.parts)}</section>'
        for i, one in found
    )
    style = STYLE.read_text("utf-8")
    nav = f"<nav><ul>{links}</ul></nav>" if len(found) > 2 else ""
    whole = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{style}</style></head><body>"
        f'<h1>{html.escape(title)}</h1><p class="lead">{inline(lead)}</p>{nav}{body}'
        "</body></html>\n"
    )
    return "\n".join(map(shown, whole.split("\n")))
