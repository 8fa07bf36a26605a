"""Stated places of work -> ``{text, city, region, country}``, worded as the page words them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from rolecall.core import Span
from rolecall.stated.facts import MAX_PLACES, said, text_of
from rolecall.stated.visible import Visible

MAX_TEXT: Final = 90

_NO_PLACE: Final = frozenset(
    ("remote,worldwide,global,everywhere,anywhere,earth,various,multiple,flexible,online,hybrid,"
     "home office,work from home,multiple locations,various locations").split(",")
)  # fmt: skip
_TAIL: Final = re.compile(r"(?:, ?[\w .'’()/-]{1,40}){1,3}")
_HAS_LETTER: Final = re.compile(r"[^\W\d_]")


class Place(NamedTuple):
    """One place, its wording, and where the page shows that wording."""

    value: dict[str, str | None]
    span: Span | None


def places_of(data: Mapping[str, Any], visible: Visible) -> list[Place]:
    """The places of ``jobLocation``, each once, in order."""
    found: dict[str, Place] = {}
    for parts in _stated(data.get("jobLocation")):
        place = _worded(parts, visible)
        if place is not None:
            found.setdefault((place.value["text"] or "").lower(), place)
        if len(found) >= MAX_PLACES:
            break
    return list(found.values())


class _Parts(NamedTuple):
    city: str
    region: str
    country: str
    text: str


def _stated(value: Any, depth: int = 0) -> Iterator[_Parts]:
    """City, region, country, and a free wording, of every place in ``value``."""
    if isinstance(value, list):
        if depth < 4:
            for item in value[:MAX_PLACES]:
                yield from _stated(item, depth + 1)
        return
    if isinstance(value, str):
        yield from _listed(value)
        return
    if not isinstance(value, Mapping):
        return
    address = value.get("address", value.get("@value"))
    if isinstance(address, list) and depth < 4:
        for item in address[:MAX_PLACES]:
            yield from _stated({**value, "address": item}, depth + 1)
        return
    name = _said(value.get("name"))
    if isinstance(address, str):
        yield from _listed(address)
        return
    source = address if isinstance(address, Mapping) else value
    city, region = _said(source.get("addressLocality")), _said(source.get("addressRegion"))
    country = _said(source.get("addressCountry"))
    if city or region or country:
        yield _Parts(city, region, country, "")
    elif name:
        yield from _listed(name)
    elif street := _said(source.get("streetAddress") or source.get("name")):
        yield from _listed(street)


def _listed(text: str) -> Iterator[_Parts]:
    """A free wording; a semicolon, bar or line break parts several places."""
    for one in re.split(r"[;|\n]| / ", text[:2000]):
        if name := _said(one):
            yield _Parts("", "", "", name)


def _said(value: Any) -> str:
    """A place name, or empty for placeholders and postal codes."""
    text = said(text_of(value)).strip(" ,;-")
    if not _HAS_LETTER.search(text) or text.lower() in _NO_PLACE or len(text) > 200:
        return ""
    return text


def _worded(parts: _Parts, visible: Visible) -> Place | None:
    city, region, country, text = parts
    if text:
        span = visible.find(text)
        shown = span.of(visible.page.text) if span else text
        return Place({"text": shown, "city": None, "region": None, "country": None}, span)
    names = [name for name in dict.fromkeys((city, region, country)) if name]
    if not names:
        return None
    value = {"city": city or None, "region": region or None, "country": country or None}
    for wording in _wordings(names):
        span = visible.find(wording)
        if span is not None and (len(wording) > 3 or wording == city):
            span = _widened(span, visible)
            return Place({"text": span.of(visible.page.text), **value}, span)
    return Place({"text": ", ".join(names), **value}, None)


def _wordings(names: list[str]) -> Iterator[str]:
    """How a page may word a place, the fullest first."""
    yield ", ".join(names)
    if len(names) == 3:
        city, region, country = names
        yield f"{city}, {region}"
        yield f"{city}, {country}"
    if len(names) > 1 and ", " not in names[0]:
        yield f"{names[0]} ({names[-1]})"
    yield names[0]


def _widened(span: Span, visible: Visible) -> Span:
    """The span with the region and country that follow it to the end of a short line."""
    block = visible.block(span.start)
    if block is None or not block.span.start <= span.start < span.end < block.span.end:
        return span
    tail = visible.page.text[span.end : block.span.end]
    if len(tail) <= MAX_TEXT and _TAIL.fullmatch(tail):
        return Span(span.start, block.span.end)
    return span
