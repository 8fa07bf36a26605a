"""Which dollar or peso a bare ``$`` is, by where the work is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from rolecall.normalise.gazetteer import country_of_code, find_name, lands_of_region_code
from rolecall.normalise.words import fold

DOLLARS: Final[Mapping[str, str]] = {
    "US": "USD", "PR": "USD", "GU": "USD", "VI": "USD", "EC": "USD", "SV": "USD", "PA": "USD",
    "CA": "CAD", "AU": "AUD", "NZ": "NZD", "SG": "SGD", "HK": "HKD", "TW": "TWD", "MX": "MXN",
    "AR": "ARS", "CL": "CLP", "CO": "COP", "UY": "UYU", "DO": "DOP", "JM": "JMD", "TT": "TTD",
    "FJ": "FJD", "BS": "BSD", "BB": "BBD", "BZ": "BZD", "BN": "BND", "GY": "GYD", "NA": "NAD",
}  # fmt: skip
"""ISO code of a country that writes its money with ``$`` -> that money."""

_OTHER_NAMES: Final[Mapping[str, str]] = {
    "usa": "US", "u s a": "US", "u s": "US", "united states of america": "US", "america": "US",
    "vereinigte staaten": "US", "estados unidos": "US", "etats unis": "US", "stati uniti": "US",
    "kanada": "CA", "neuseeland": "NZ", "nouvelle zelande": "NZ", "nueva zelanda": "NZ",
    "aotearoa": "NZ", "australien": "AU", "australie": "AU", "mexiko": "MX", "mexique": "MX",
    "argentinien": "AR", "argentine": "AR", "kolumbien": "CO", "colombie": "CO", "chili": "CL",
    "singapur": "SG", "singapour": "SG", "hong kong": "HK", "hongkong": "HK",
}  # fmt: skip
_SETTLED: Final = re.compile(r"US ?\$|\bUSD\b|\bUS dollars?\b|\bU\.S\. dollars?\b", re.IGNORECASE)
_WORD: Final = re.compile(r"[^\W_]+")


@cache
def _lands_by_name() -> dict[str, str]:
    """Folded English name, or another one, of each country that has a dollar -> its ISO code."""
    return {**{_key(country_of_code(land) or land): land for land in DOLLARS}, **_OTHER_NAMES}


def _key(name: str) -> str:
    return " ".join(map(fold, _WORD.findall(name)))


def says_us_dollars(text: str) -> bool:
    """Whether a page says anywhere that its dollars are those of the United States."""
    return "$" in text and _SETTLED.search(text) is not None


def dollars_of(places: Iterable[Mapping[str, str | None]], near: str | None = None) -> set[str]:
    """The currencies that ``$`` may be, ISO 4217, as the places of work say.

    Empty where no place tells. A place tells through its country; without one through its region
    or city, if each country that has such a name has a dollar. ``near`` is the ISO code of a
    country that a name which lies in several is taken to lie in.
    """
    found: set[str] = set()
    for place in places:
        lands = _lands(place)
        if near in lands:
            lands = {near} if near else lands
        if lands and lands <= DOLLARS.keys():
            found |= {DOLLARS[land] for land in lands}
    return found


def _lands(place: Mapping[str, str | None]) -> set[str]:
    """Where a place may lie; empty if its country has no dollar or nothing is known."""
    country, region, city = place.get("country"), place.get("region"), place.get("city")
    if country:
        land = country if country in DOLLARS else _lands_by_name().get(_key(country))
        return {land} if land else set()
    whole = _lands_by_name().get(_key(city or region or place.get("text") or ""))
    if whole and not region:
        return {whole}
    wide, narrow = _lands_named(region), _lands_named(city)
    both = wide & narrow
    return both or wide or narrow


def _lands_named(name: str | None) -> set[str]:
    """The countries in which a region or city has this name or abbreviation."""
    if not name:
        return set()
    if name.isupper() and (coded := lands_of_region_code(name)):
        return set(coded)
    known = find_name(name)
    return set(known.lands) if known is not None else set()
