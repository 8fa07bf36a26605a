"""Places of work: split a header's place string, judge what may be a place.

City, region and country are filled only with what the string states: names stand as written, and
codes ("DK", "CA") are spelled out as the country they state. A code that may be a state or a
country ("Munich, DE", "Dover, DE") is read as what the named city allows.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import Final

from rolecall.normalise.gazetteer import country_of_code, lands_of_region_code
from rolecall.normalise.place_looks import LONGEST_PLACE, NO_PLACE, may_be_place
from rolecall.normalise.place_parts import Part, parts_of, stands_aside
from rolecall.normalise.words import keys_of

Place = dict[str, str | None]

_COUNT: Final = re.compile(
    r"\d+\+? (?:more|other|weitere|autres)?\s?(?:locations?|offices|cities|countries|places|sites"
    r"|standorte?n?|orte|lieux|locaties|lokalit|míst|locais|sedi|luoghi|город|мест|lugares|steder"
    r"|platser|miejsc|lokalizacj|jobs|results|more|others|days?|weeks?|hours?|years?)",
    re.IGNORECASE,
)
_NO_NUMBER: Final = re.compile(r"\d{3}[ -]\d{3}")
_ADDRESS: Final = re.compile(r":\S|https?:")
_MARK: Final = re.compile(r"[,;|/·•()\[\]:\d]| [-–—]+ ")
_CAPS: Final = re.compile(r"[A-Z](?<![^\W_][A-Z])[A-Z]{1,2}(?![^\W_])")
_DIGIT: Final = re.compile(r"\d")
_MOST_NAME_WORDS: Final = 6


def read_place(text: str) -> Place:
    """Split a header's place string into ``text``, ``city``, ``region`` and ``country``.

    Parts that the string does not state are ``None``; ``text`` is the string, trimmed.
    """
    whole = " ".join(text.split())
    parts = parts_of(whole)
    city, region, country = _assigned(parts)
    return {"text": whole, "city": city, "region": region, "country": country}


@lru_cache(maxsize=2048)
def is_place(text: str) -> float:
    """How plausible it is, 0 to 1, that a short string names a place (not calibrated)."""
    whole = text.strip()
    if not 2 <= len(whole) <= LONGEST_PLACE or NO_PLACE.search(whole) or "www." in whole:
        return 0.0
    colon = ":" in whole
    if colon and _ADDRESS.search(whole):
        return 0.0
    digit = _DIGIT.search(whole) is not None
    if digit and (_NO_NUMBER.search(whole) or _COUNT.match(whole)):
        return 0.0
    if whole == whole.lower() and not any(map(str.isdigit, whole)):
        return 0.0
    if not _MARK.search(whole) and whole.count(" ") > _MOST_NAME_WORDS:
        return 0.02
    keys = keys_of(whole)
    coded = digit or whole.isupper() or _CAPS.search(whole) is not None
    if keys and not coded and all(map(stands_aside, keys)):
        return 0.0 if colon else _unknown(whole, ["unknown"], len(keys))
    parts = parts_of(whole)
    if not parts:
        return 0.0
    kinds = [part.kind for part in parts]
    if colon and kinds[0] == "unknown":
        return 0.0
    known = [p for p in parts if p.kind in ("city", "region", "country")]
    strangers = [p for p in parts if p.kind == "unknown"]
    if not known:
        return _unknown(whole, kinds, len(keys))
    if not strangers:
        return _all_known(parts, known)
    words = sum(len(keys_of(p.text)) for p in strangers)
    weak = len(known) == 1 and known[0].name is not None and known[0].name.common
    if kinds == ["country", "code", "unknown"] or (
        "street" in kinds and "city" in kinds and words <= 4
    ):
        return 0.85
    if known[0] is parts[0] and len(known) >= 2 and "country" in kinds and words <= 6:
        return 0.85
    if known[-1] is parts[-1] and len(strangers) <= 2 and words <= 5:
        return 0.4 if weak else 0.8
    return 0.35 if words <= 4 else 0.1


def names_place(text: str, least: float) -> bool:
    """Whether ``is_place`` gives ``text`` at least ``least``, which is more than 0.3."""
    return may_be_place(text) and is_place(text) >= least


def _assigned(parts: list[Part]) -> tuple[str | None, str | None, str | None]:
    """City, region and country among the parts of a string."""
    city = region = country = None
    lands = {
        land for part in parts if part.kind == "city" and part.name for land in part.name.lands
    }
    settled = any(part.kind in ("region", "country") for part in parts)
    for position, part in enumerate(parts):
        name = part.name
        if part.kind == "code":
            taken = _code(part.text, lands, region is not None, parts)
            region, country = taken[0] or region, taken[1] or country
            settled = True
        elif part.kind == "country":
            if city is None and position == 0 and _also_city(parts):
                city = part.text
            else:
                country = country or country_of_code(part.text) or part.text
        elif part.kind == "region":
            if len(parts) == 1 or name is None or name.lands != ("XX",):
                region = region or part.text
        elif part.kind == "city":
            if city is None:
                city = part.text
            elif region is None and (part.text == city or position < len(parts) - 1) and settled:
                region = part.text
    if city is None and settled:
        city = _unknown_city(parts)
        if city is None and parts[0].kind == "country" and parts[-1].kind == "unknown":
            city = parts[-1].text
    return city, region, country


def _also_city(parts: list[Part]) -> bool:
    """Whether the first part, a country's name, is a city here: "Singapore, SG"."""
    if len(parts) < 2 or parts[0].name is None:
        return False
    return parts[0].name.big or (parts[1].kind == "code" and not parts[0].text.isupper())


def _code(
    code: str, lands: set[str], has_region: bool, parts: list[Part]
) -> tuple[str | None, str | None]:
    """Region and country stated by a code that may be either."""
    states = lands_of_region_code(code)
    land = country_of_code(code)
    last = parts[-1].text == code
    if land and last and (has_region or (code in lands and not set(states) & lands)):
        return None, land
    stated = [state for state in states if not lands or state in lands] or list(states)
    sure = len(stated) == 1 or "US" in stated
    home = "US" if "US" in stated else stated[0]
    return code, (country_of_code(home) if sure and last else None)


def _unknown_city(parts: list[Part]) -> str | None:
    """The unknown name that stands in front of a known region or country."""
    for part, following in pairwise(parts):
        if (
            part.kind == "unknown"
            and following.kind in ("code", "region", "country", "unknown", "postcode")
            and part.text[:1].isupper()
            and len(keys_of(part.text)) <= 4
        ):
            return part.text
    return None


def _unknown(whole: str, kinds: list[str], count: int) -> float:
    """How much a string of ``count`` words without any known name looks like a place."""
    if kinds[-1] == "code" and kinds[:-1] == ["unknown"] and count <= 5:
        return 0.8
    if "postcode" in kinds and count <= 9:
        return 0.6
    if "remote" in kinds:
        return 0.1
    if "street" in kinds and len(kinds) >= 2 and count <= 9:
        return 0.2
    return 0.12 if count <= 3 and whole[:1].isupper() and not any(map(str.isdigit, whole)) else 0.02


def _all_known(parts: list[Part], known: list[Part]) -> float:
    kinds = {part.kind for part in parts}
    if not known[0].text[:1].isupper():
        return 0.1
    if len(known) > 1 or kinds & {"code", "postcode", "street"}:
        return 0.97
    name = known[0].name
    if name is None:
        return 0.45 if known[0].text.isupper() else 0.6
    if name.common:
        return 0.45 if name.big else 0.3
    if "remote" in kinds:
        return 0.75
    if name.big or name.country or name.region:
        return 0.92
    return 0.75 if "c" in name.flags else 0.55
