"""The text of a stated field: HTML, escaped HTML or plain text -> lines."""

from __future__ import annotations

import html
import re
from typing import Final

MAX_CHARS: Final = 400_000
"""Longer fields are cut here."""

_BLOCK: Final = re.compile(
    r"<(?:/?(?:p|div|li|ul|ol|dl|dt|dd|h[1-6]|tr|table|section|article|header|footer|blockquote"
    r"|pre|tbody|thead|hr|figure|main|aside)|br)(?=[\s/>])[^<>]*>",
    re.IGNORECASE,
)
_CELL: Final = re.compile(r"</?t[dh](?=[\s/>])[^<>]*>", re.IGNORECASE)
_TAG: Final = re.compile(r"<[a-zA-Z/!?][^<>]*>")
_UNSEEN: Final = ("script", "style")
_ESCAPED: Final = re.compile(r"&(?:lt|#60|#x3c);", re.IGNORECASE)
_MARKUP: Final = re.compile(r"</?[a-zA-Z][\w-]*[^<>]*>")
_BULLET: Final = re.compile(r"[•·▪◦●‣∙■□–—*-]\s+(?=\S)")
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff\x00]")


def lines(value: str) -> list[str]:
    """The lines of ``value``, without tags, entities, bullet marks and empty lines. Linear."""
    text = value[:MAX_CHARS]
    if _ESCAPED.search(text) and not _MARKUP.search(text):
        text = html.unescape(text)
        if _ESCAPED.search(text) and not _MARKUP.search(text):
            text = html.unescape(text)
    if _MARKUP.search(text):
        for tag in _UNSEEN:
            text = _without(text, tag)
        if _BLOCK.search(text):
            text = text.replace("\n", " ").replace("\r", " ")
            text = _BLOCK.sub("\n", text)
        text = _TAG.sub("", _CELL.sub(" ", text))
    text = html.unescape(text) if "&" in text else text
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
    found = []
    for line in text.splitlines():
        line = " ".join(line.split())
        bullet = _BULLET.match(line)
        line = line[bullet.end() :] if bullet else line
        if line:
            found.append(line)
    return found


def line(value: str) -> str:
    """``value`` as one line."""
    if "<" in value or "&" in value or not value.isascii():
        return " ".join(lines(value))
    return " ".join(value.split())


def _without(text: str, tag: str) -> str:
    """``text`` without the elements ``tag``; one that is not closed reaches to the end."""
    lower = text.lower()
    if len(lower) != len(text) or f"<{tag}" not in lower:
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
