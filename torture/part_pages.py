"""Bad inputs: pages, names, lists, charsets, packed bytes and data that nobody should have made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from torture import (
    pages_bombs,
    pages_charset,
    pages_cost,
    pages_files,
    pages_html5lib,
    pages_jsonld,
    pages_lists,
    pages_markup,
    pages_others,
    pages_runs,
    pages_suites,
    pages_values,
)
from torture.nouns import Group, Terms, Try
from torture.pages_tried import Hostile, cases

LIGHT: Final = 130_000
"""Bytes of a page that the short form still tries."""


def hostile(terms: Terms) -> Group:
    """Postings in hostile markup, and pages that are no posting."""

    def pages() -> Iterator[Hostile]:
        for make in (pages_markup.pages, pages_others.pages):
            yield from (one for one in make() if terms.full or len(one.body) <= LIGHT)

    said = "hostile pages: the outcome that is right, no visible text lost without a word"
    return Group(said=said, cases=cases(terms, pages))


GROUPS: Final[dict[str, Try]] = {
    "hostile": hostile,
    "names": pages_files.names,
    "lists": pages_lists.lists,
    "bombs": pages_bombs.bombs,
    "charset": pages_charset.charset,
    "jsonld": pages_jsonld.jsonld,
    "jsontestsuite": pages_suites.jsontestsuite,
    "blns": pages_suites.blns,
    "html5lib": pages_html5lib.html5lib,
    "normalise": pages_values.normalise,
    "dates": pages_values.dates,
    "runs": pages_runs.runs,
    "memory": pages_cost.memory,
    "speed": pages_cost.speed,
}
