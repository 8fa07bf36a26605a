"""The text of a stated field: HTML, escaped HTML or plain text -> lines."""

from __future__ import annotations

import html
import re
from typing import Final

MAX_CHARS: Final = 400_000
"""Longer fields are cut here."""

_BLOCKS: Final = frozenset(
    "p div li ul ol dl dt dd h1 h2 h3 h4 h5 h6 tr table section article header footer blockquote"
    " pre tbody thead hr br figure main aside".split()
)
_CELLS: Final = frozenset({"td", "th"})
_NAMES: Final = "|".join(sorted(_BLOCKS))
_BLOCK: Final = re.compile(rf"</?(?:{_NAMES})(?=[\s/>])", re.IGNORECASE)
# Tags as `_untagged` reads them, for texts in which none is odd (open to its end, in capitals).
_ODD_TAG: Final = re.compile(r"<(?:[/ ]*+[A-Z\x80-\U0010ffff]|[^<>]*+(?!>))")
_BLOCK_TAG: Final = re.compile(rf"<(?:/[/ ]*)?(?:{_NAMES})(?:\s[^>]*|[/ ]*)>")
_CELL_TAG: Final = re.compile(r"<(?:/[/ ]*)?t[dh](?:\s[^>]*|[/ ]*)>")
_OTHER_TAG: Final = re.compile(r"<[a-zA-Z/!?][^>]*>")
_UNSEEN: Final = ("script", "style")
_ESCAPED: Final = re.compile("&(?:lt|#60|#x3c|LT|#x3C);")
_MARKUP: Final = re.compile(r"</?[a-zA-Z][^<>]*>")
_BULLET: Final = re.compile(r"[•·▪◦●‣∙■□–—*-]\s+(?=\S)")
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff\x00]")


def lines(value: str) -> list[str]:
    """The lines of ``value``, without tags, entities, bullet marks and empty lines. Linear."""
    text = value[:MAX_CHARS]
    for _ in range(2):
        if "&" in text and _ESCAPED.search(text) and not _MARKUP.search(text):
            text = html.unescape(text)
    if "<" in text and _MARKUP.search(text):
        for tag in _UNSEEN:
            text = _without(text, tag)
        if _BLOCK.search(text):
            text = text.replace("\n", " ").replace("\r", " ")
        text = _untagged(text)
    text = html.unescape(text) if "&" in text else text
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
    found = []
    for line in text.splitlines():
        words = line.split()
        if words:
            line = " ".join(words)
            bullet = _BULLET.match(line) if len(words[0]) == 1 else None
            found.append(line[bullet.end() :] if bullet else line)
    return found


def line(value: str) -> str:
    """``value`` as one line."""
    if "<" in value or "&" in value or not value.isascii():
        return " ".join(lines(value))
    return " ".join(value.split())


def _untagged(text: str) -> str:
    """``text`` with a line break for each block tag, a space for a cell, nothing for others."""
    if _ODD_TAG.search(text) is None:
        text = _CELL_TAG.sub(" ", _BLOCK_TAG.sub("\n", text))
        return _OTHER_TAG.sub("", text)
    parts = text.split("<")
    kept = [parts[0]]
    for part in parts[1:]:
        head, closed, tail = part.partition(">")
        if not closed or not (head[:1].isalpha() or head[:1] in ("/", "!", "?")):
            kept.append("<" + part)
            continue
        name = head.strip("/ ").split(None, 1)[:1]
        tag = name[0].lower() if name else ""
        kept.append("\n" if tag in _BLOCKS else " " if tag in _CELLS else "")
        kept.append(tail)
    return "".join(kept)


def _without(text: str, tag: str) -> str:
    """``text`` without the elements ``tag``; one that is not closed reaches to the end."""
    if f"<{tag}" not in text and f"<{tag.upper()}" not in text:
        return text
    lower = text.lower()
    if len(lower) != len(text):
        return text
    parts: list[str] = []
    at = 0
    while (start := lower.find(f"<{tag}", at)) >= 0:
        parts.append(text[at:start])
        end = lower.find(f"</{tag}", start)
        if end < 0:
            return "".join(parts)
        at = end
    parts.append(text[at:])
    return "".join(parts)
