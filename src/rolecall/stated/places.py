"""Stated places of work -> ``{text, city, region, country}``, worded as the page words them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from rolecall.core import Span
from rolecall.normalise.gazetteer import country_of_code
from rolecall.normalise.places import is_place, read_place
from rolecall.stated.facts import MAX_PLACES, company_of, said, text_of
from rolecall.stated.visible import Visible

MAX_LINE: Final = 80
"""Characters up to which a line that holds two parts of a place is taken to be that place."""
PLAUSIBLE: Final = 0.3

_NO_PLACE: Final = frozenset(
    ("remote,worldwide,global,everywhere,anywhere,earth,various,multiple,flexible,online,hybrid,"
     "distributed,home office,work from home,multiple locations,various locations").split(",")
)  # fmt: skip
_TAIL: Final = re.compile(r"(?:, ?[\w .'’()/-]{1,40}){1,3}")
_LABEL: Final = re.compile(r"[^:\n]{2,30}: ?")


class Place(NamedTuple):
    """One place, where the page shows its wording, and how plausible it is as a place (0 to 1)."""

    value: dict[str, str | None]
    span: Span | None
    plausible: float


class _Parts(NamedTuple):
    city: str
    region: str
    country: str
    free: str
    name: str = ""


def places_of(data: Mapping[str, Any], visible: Visible) -> list[Place]:
    """The places of ``jobLocation``, each once, in order."""
    company = company_of(data).lower()
    found: dict[str, Place] = {}
    for parts in _stated(data.get("jobLocation")):
        if company and company in (parts.city.lower(), parts.free.lower()):
            continue
        place = _free(parts.free, visible) if parts.free else _worded(parts, visible)
        if place is not None:
            found.setdefault((place.value["text"] or "").lower(), place)
        if len(found) >= MAX_PLACES:
            break
    return list(found.values())


def _stated(value: Any, depth: int = 0) -> Iterator[_Parts]:
    """City, region and country, or a free wording, of every place in ``value``."""
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
    address = value.get("address")
    if isinstance(address, list):
        if depth < 4:
            for item in address[:MAX_PLACES]:
                yield from _stated({**value, "address": item}, depth + 1)
        return
    if isinstance(address, str) and _said(address):
        yield from _listed(address)
        return
    source = address if isinstance(address, Mapping) else value
    city, region = _said(source.get("addressLocality")), _said(source.get("addressRegion"))
    country = _said(source.get("addressCountry"))
    if city or region or country:
        name = said(text_of(value.get("name"))) if source is not value else ""
        land = country_of_code(country.upper()) or country
        yield _Parts(city, region, land, "", name if _names_all(name, city, region, land) else "")
        return
    for free in (value.get("name"), source.get("streetAddress"), source.get("name")):
        if _said(free):
            yield from _listed(text_of(free))
            return


def _names_all(name: str, *parts: str) -> bool:
    """Whether a place's own name says all that its address does, and so is the fuller wording."""
    low = name.lower()
    return bool(name) and all(part.lower() in low for part in parts)


def _listed(text: str) -> Iterator[_Parts]:
    """A free wording; a semicolon, bar or line break parts several places."""
    for one in re.split(r"[;|\n]| / ", text[:2000]):
        if name := _said(one):
            yield _Parts("", "", "", name)


def _said(value: Any) -> str:
    """A place name, or empty for placeholders and postal codes."""
    text = said(text_of(value)).strip(" ,;-")
    if not any(map(str.isalpha, text)) or text.lower() in _NO_PLACE or len(text) > 200:
        return ""
    return text


def _free(text: str, visible: Visible) -> Place:
    span = visible.find(text)
    shown = span.of(visible.page.text) if span else text
    place = read_place(text)
    known = place["city"] or place["region"] or place["country"]
    return Place({**place, "text": shown}, span, 1.0 if known else is_place(text))


def _worded(parts: _Parts, visible: Visible) -> Place | None:
    city, region, country, _, own = parts
    names = [name for name in dict.fromkeys((city, region, country)) if name]
    value = {"city": city or None, "region": region or None, "country": country or None}
    if city and ("," in city or (not region and not country)):
        read = read_place(city)
        value = {key: read[key] or value[key] for key in ("region", "country")}
        value["city"] = read["city"] or city
    if own and (span := visible.find(own)) is not None:
        return Place({"text": span.of(visible.page.text), **value}, span, 1.0)
    for wording in _wordings(names):
        span = visible.find(wording)
        if span is not None and (len(wording) > 3 or wording == city):
            span = _widened(span, names, visible)
            return Place({"text": span.of(visible.page.text), **value}, span, 1.0)
    return Place({"text": ", ".join(names), **value}, None, 1.0)


def _wordings(names: list[str]) -> Iterator[str]:
    """How a page may word a place, the fullest first."""
    yield ", ".join(names)
    if len(names) == 3:
        city, region, country = names
        yield f"{city}, {region}"
        yield f"{city}, {country}"
    if len(names) > 1:
        yield f"{names[0]} ({names[-1]})"
        yield names[0]


def _widened(span: Span, names: list[str], visible: Visible) -> Span:
    """The whole line where it is short and names another part; else what follows in commas."""
    block = visible.block(span.start)
    if block is None or not block.span.start <= span.start < span.end <= block.span.end:
        return span
    line = visible.page.text[block.span.start : block.span.end]
    if len(line) <= MAX_LINE and block.role != "similar":
        rest = visible.text[block.span.start : span.start] + visible.text[span.end : block.span.end]
        if "," in line and any(name.lower() in rest for name in names):
            label = _LABEL.match(line)
            start = block.span.start + (label.end() if label else 0)
            return Span(min(start, span.start), block.span.end)
    tail = visible.page.text[span.end : block.span.end]
    if tail and len(tail) <= MAX_LINE and _TAIL.fullmatch(tail):
        return Span(span.start, block.span.end)
    return span
