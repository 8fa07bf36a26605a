"""Names of cities, regions and countries, looked up in a sorted file that is read once.

The file comes from GeoNames and CLDR (see ``data/README.md``); a look-up is a binary search over
its bytes, so that loading costs one read and no objects.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cache, lru_cache
from typing import Final

from msgspec import Struct

from rolecall.normalise.words import DATA, keys_of

_LONGEST_NAME: Final = 64
_STRIDE: Final = 400
_ENDS: Final = b"\t "
_SHORT_CAPITALS: Final = 4
"""Capitals of at most this size are initials, whatever town they spell ("AJAX", "CAD")."""


class Name(Struct, frozen=True):
    """What a name can be, and the ISO codes of the countries it lies in (cities and regions)."""

    flags: str
    lands: tuple[str, ...]

    @property
    def city(self) -> bool:
        """Whether it is the name of a city."""
        return any(flag in self.flags for flag in "Cca")

    @property
    def big(self) -> bool:
        """Whether it is the name of a city of 200,000 or more."""
        return "C" in self.flags

    @property
    def region(self) -> bool:
        """Whether it is the name of a region."""
        return "r" in self.flags

    @property
    def country(self) -> bool:
        """Whether it is the name of a country."""
        return "n" in self.flags

    @property
    def common(self) -> bool:
        """Whether it is also a common word, and needs more to be believed."""
        return "w" in self.flags


class _Codes(Struct, frozen=True):
    """Abbreviations: of countries (ISO) and of regions by country."""

    countries: dict[str, str]
    regions: dict[str, tuple[str, ...]]


@cache
def _index() -> tuple[bytes, list[bytes], list[int]]:
    """The file, and about every 25th name with the place where its line starts."""
    blob = (DATA / "places.tsv").read_bytes()
    names: list[bytes] = []
    starts: list[int] = []
    start = 1
    while 0 < start < len(blob):
        names.append(blob[start : blob.find(b"\t", start)])
        starts.append(start)
        start = blob.find(b"\n", start + _STRIDE) + 1
    starts.append(len(blob))
    return blob, names, starts


@cache
def _codes() -> _Codes:
    countries: dict[str, str] = {"UK": "United Kingdom", "EU": ""}
    for line in (DATA / "countries.tsv").read_text("utf-8").splitlines():
        two, three, name = line.split("\t")
        countries[two] = countries[three] = name
    regions: dict[str, list[str]] = {}
    land = ""
    for line in (DATA / "regions.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            land = line.strip("[] ")
        elif not line.startswith("#"):
            for part in line.split("|"):
                code = part.partition("=")[2].strip()
                if code:
                    regions.setdefault(code, []).append(land)
    del countries["EU"]
    return _Codes(countries, {code: tuple(lands) for code, lands in regions.items()})


@lru_cache(maxsize=2048)
def find_key(key: str) -> Name | None:
    """What the file says of a folded name, or ``None``."""
    if not key or len(key) > _LONGEST_NAME:
        return None
    blob, names, starts = _index()
    wanted = key.encode("utf-8", "replace")
    place = bisect_right(names, wanted) - 1
    if place < 0:
        return None
    line = blob.find(b"\n" + wanted + b"\t", starts[place] - 1, starts[place + 1])
    if line < 0:
        return None
    begin = line + len(wanted) + 2
    flags, _, lands = blob[begin : blob.find(b"\n", begin)].decode().partition("\t")
    return Name(flags, tuple(lands.split(",")) if lands else ())


@lru_cache(maxsize=16_384)
def begins_name(word: str) -> bool:
    """Whether any name of the file begins with this folded word."""
    blob, names, starts = _index()
    wanted = word.encode("utf-8", "replace")
    if len(wanted) > _LONGEST_NAME * 4:
        return False
    place = max(0, bisect_right(names, wanted) - 1)
    wanted = b"\n" + wanted
    # the first name that begins with these letters is the one where the word ends, if there is one
    at = blob.find(wanted, starts[place] - 1, starts[place + 1] + len(wanted) + 1)
    return at >= 0 and blob[at + len(wanted)] in _ENDS


def find_name(text: str) -> Name | None:
    """What the file says of a name as it is written; initials only in capitals ("US", not "us")."""
    name = find_key(" ".join(keys_of(text)))
    if name is None:
        return None
    if "u" in name.flags:
        return name if text.upper() == text else None
    return None if len(text) <= _SHORT_CAPITALS and text.isupper() else name


def country_of_code(code: str) -> str | None:
    """The English name of the country with this ISO code in capitals ("DK", "DNK")."""
    return _codes().countries.get(code)


def lands_of_region_code(code: str) -> tuple[str, ...]:
    """The countries in which a region has this abbreviation in capitals ("CA", "NSW")."""
    return _codes().regions.get(code, ())
