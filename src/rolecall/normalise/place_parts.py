"""The pieces of a place string, and what each can be: city, region, country, code, street."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

from msgspec import Struct

from rolecall.normalise.gazetteer import (
    Name,
    begins_name,
    country_of_code,
    find_key,
    find_name,
    lands_of_region_code,
)
from rolecall.normalise.words import WordSet, keys_of, word_list, word_set, words_of

_LONGEST: Final = 200
_MOST_PARTS: Final = 8
_SEPARATOR: Final = re.compile(
    r"([,;|·•()\[\]\n]+|(?<!\d)/|/(?!\d)|\s[-–—]+\s|\s(?:or|oder|nebo|или|eller|lub)\s)"
)
_DIGIT: Final = re.compile(r"\d")
_DASHED: Final = re.compile(r"[A-Z]{2,3}-[A-Z]{2,3}-\S")
_CODE: Final = re.compile(r"[A-Z]{2,3}$")
_POSTCODE: Final = re.compile(
    r"(?:[A-Z]{1,2}-)?\d{4,6}(?:-\d{3,4})?$|\d{3} ?\d{2}$|\d{4} ?[A-Z]{2}$"
    r"|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}$|[A-Z]\d[A-Z] ?\d[A-Z]\d$|\d{2}-\d{3}$"
)
_POSTCODE_FIRST: Final = re.compile(
    r"(?:[A-Z]{1,2}-)?(?:\d{4,6}|\d{3} \d{2}|\d{4} ?[A-Z]{2}|\d{2}-\d{3}) (?=\D)"
)
_CODE_ZIP: Final = re.compile(r"([A-Z]{2,3}) (?:\d{5}(?:-\d{4})?|\d{4}|[A-Z]\d[A-Z] ?\d[A-Z]\d)$")
_LAND_CODE: Final = re.compile(r"[A-Z]{2}-([A-Z]{2,3})$")
_NUMBER_LAST: Final = re.compile(r" (?:\d{1,2}|\d{5}(?:-\d{4})?|[IVX]{1,4})\.?$")
_ONLY: Final = re.compile(r" (?:only|area)$", re.IGNORECASE)
JOINS: Final = frozenset(("or", "oder", "nebo", "или", "eller", "lub"))
"""Words that part a place string as a comma does."""

_FILLERS: Final = ("label", "label fill", "not place")
_ZONES: Final = frozenset(("EST",))


class Part(Struct, frozen=True):
    """A piece of a place string: its text and what it can be."""

    text: str
    kind: str
    name: Name | None = None


def place_words(section: str) -> WordSet:
    """The words of one section of ``data/placewords.txt``."""
    return word_set("placewords", section)


@cache
def _united(*sections: str) -> WordSet:
    return WordSet([word for section in sections for word in word_list("placewords", section)])


def fills(key: str) -> bool:
    """Whether a folded word is a label, a filler or a word for work without a place."""
    return key in _united(*_FILLERS)


@lru_cache(maxsize=16_384)
def stands_aside(key: str) -> bool:
    """Whether a folded word begins no known name and has no meaning in a place string."""
    if begins_name(key) or key in JOINS:
        return False
    return key not in _united(*_FILLERS, "place word")


def parts_of(whole: str) -> list[Part]:
    """The pieces of a place string, at most eight, each with what it can be."""
    if len(whole) > _LONGEST:
        return []
    pieces = _SEPARATOR.split(whole)
    if len(pieces) == 1 and _DASHED.match(whole):
        pieces = re.split("(-)", whole)
    out: list[Part] = []
    for number in range(0, min(len(pieces), 2 * _MOST_PARTS), 2):
        mark = pieces[number - 1].strip() if number else ""
        piece = pieces[number].strip(" .:-–—")
        if not out:
            piece = _unlabelled(piece)
        part = _part(piece, out[-1] if out else None, mark)
        if part.kind != "empty":
            out.append(part)
    return out


def _unlabelled(piece: str) -> str:
    """Take "Location:", "Hiring Remotely in" and the like off the front."""
    head, colon, rest = piece.partition(":")
    if colon and place_words("label").any(keys_of(head)):
        piece = rest.strip()
    keys = keys_of(piece)
    if len(keys) < 2 or not fills(keys[0]):
        return piece
    words = words_of(piece)
    index = 0
    while index < len(words.keys) - 1 and fills(words.keys[index]):
        if find_key(" ".join(words.keys[index:])) is not None:
            break
        index += 1
    return piece[words.starts[index] :] if index else piece


def _part(piece: str, before: Part | None, mark: str) -> Part:
    """What one piece can be, with the part before it and the mark between them."""
    if not piece[:2].isupper():
        return _plain(piece, before is not None)
    zipped = _CODE_ZIP.match(piece) or _LAND_CODE.match(piece)
    code = zipped.group(1) if zipped else piece
    if _CODE.match(code) and before is not None and _takes_code(before, mark, code):
        if lands_of_region_code(code):
            return Part(code, "code")
        if country_of_code(code):
            return Part(code, "country")
    iso = before is None and len(piece) == 3 and piece.isupper() and find_name(piece) is None
    if iso and country_of_code(piece):
        return Part(piece, "country")
    return _plain(piece, before is not None)


@lru_cache(maxsize=4096)
def _plain(piece: str, later: bool) -> Part:
    """What a piece can be that is no code; ``later`` if it is not the first."""
    digits = _DIGIT.search(piece) is not None
    if digits and not piece.isupper():
        piece = _POSTCODE_FIRST.sub("", piece, count=1)
    keys = keys_of(piece)
    if not keys:
        return Part(piece, "empty")
    if digits and _POSTCODE.match(piece):
        return Part(piece, "postcode")
    if all(map(fills, keys)):
        return Part(piece, "remote")
    return _named(piece, later, keys)


def _takes_code(before: Part, mark: str, code: str) -> bool:
    """Whether capitals behind a part can be the code of its region or country."""
    if before.kind in ("city", "region", "code", "postcode") or mark == "-":
        return True
    if mark != "," or code in _ZONES:
        return False
    return before.kind == "country" or any(map(str.islower, before.text))


def _named(piece: str, later: bool, keys: list[str]) -> Part:
    begins = begins_name(keys[0])
    name = find_name(piece) if begins else None
    if begins and name is None and " " in piece:
        short = _ONLY.sub("", _NUMBER_LAST.sub("", piece))
        if short != piece and (name := find_name(short)) is not None:
            piece, keys = short, keys_of(short)
    if name is not None and (name.country or name.region or name.city):
        kind = "country" if name.country else "region" if name.region else "city"
        if name.big and not later and not name.country:
            kind = "city"
        return Part(piece, kind, name)
    place_word = place_words("place word")
    if (
        1 < len(keys) <= 5
        and piece[:1].isupper()
        and (keys[0] in place_word or keys[-1] in place_word)
    ):
        return Part(piece, "region")
    lead = _leading_city(piece) if begins else None
    if lead is not None:
        return lead
    return Part(piece, "street" if _DIGIT.search(piece) else "unknown")


def _leading_city(piece: str) -> Part | None:
    """A big city with a district behind it: "Berlin-Zentrum", "Hamburg Altona"."""
    words = words_of(piece)
    for count in range(min(3, len(words.keys) - 1), 0, -1):
        name = find_key(" ".join(words.keys[:count]))
        if name is not None and name.big and not name.common and len(words.keys) - count <= 2:
            following = piece[words.starts[count] :]
            if following[:1].isupper() or following[:1].isdigit():
                return Part(piece[: words.ends[count - 1]], "city", name)
    return None
