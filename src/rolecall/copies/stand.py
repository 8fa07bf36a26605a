"""What an original's evidence becomes on its copy: the same words in the same context."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from rolecall.copies.align import Aligned
from rolecall.copies.heads import DATES, LABELS, other_places, size_of_head, standing
from rolecall.copies.original import Lines, Original, links_of
from rolecall.copies.over import same_label
from rolecall.core import Block, Candidate, Page
from rolecall.schema.posting import UNITS

UNIT_OF: Final = {name: unit for unit, names in UNITS.items() for name in names}
"""Field -> its unit."""

_BEFORE: Final = re.compile(r"(?<!\w)(\w+)\W*$")
_AFTER: Final = re.compile(r"\W*(\w+)")
_WEB: Final = re.compile(r"https?://[^/\s]", re.IGNORECASE)
_MAIL: Final = re.compile(r"[^@\s]+@[^@\s]+$")

Evidence = dict[str, Any]
"""Evidence as a record has it."""


class MissingError(Exception):
    """A value whose evidence does not stand in the copy."""


class Stand:
    """One original and one copy of it."""

    def __init__(
        self,
        page: Page,
        lines: Lines,
        original: Original,
        aligned: Aligned,
        stated: Mapping[str, Candidate],
    ) -> None:
        self.page, self.lines, self.original = page, lines, original
        self.aligned, self.stated = aligned, stated

    def same(self, key: str, one: Evidence, unit: str | None = None) -> Evidence:
        """Evidence for an unchanged value."""
        if one["match"] == "derived" and one["start"] is None:
            if str(one["pointer"]).startswith("/") and "@" not in str(one["pointer"]):
                return one
            href, told = self.link(one)
            if href != one["quote"]:
                raise MissingError
            return told
        told = dict(one)
        if one["match"] == "stated":
            told["pointer"] = self.pointer(unit or UNIT_OF.get(key.split("/")[1], ""))
        if one["start"] is not None:
            try:
                told |= self.place(one["start"], one["end"])
                self.demand_label(one["start"], told["start"])
            except MissingError:
                if unit not in LABELS:
                    raise
                told |= self.headed(unit, one["start"], one["end"])
        return told

    def pointer(self, unit: str) -> str | None:
        """Where the copy states ``unit`` as the original does."""
        now, was = self.stated.get(unit), self.original.stated.get(unit)
        if now is None or was is None or _even(now.value) != _even(was):
            raise MissingError
        return now.pointer

    def place(self, start: int, end: int) -> dict[str, Any]:
        """Where the words of the original stand in the copy: lines that are equal or edited."""
        old, new = self.original.lines, self.lines
        first, last = old.at(start), old.at(max(start, end - 1))
        there = self.aligned.to[first]
        if there is None:
            raise MissingError
        if first not in self.aligned.edited or last != first:
            for step in range(last - first + 1):
                if self.aligned.to[first + step] != there + step:
                    raise MissingError
                if first + step in self.aligned.edited:
                    raise MissingError
            at = new.starts[there] + start - old.starts[first]
        else:
            at = self.inside(start, end, first, there)
        if new.text[at : at + end - start] != old.text[start:end]:
            raise MissingError
        return self.spot(at, at + end - start)

    def demand_label(self, start: int, there: int) -> None:
        """That the copy has no other label over a line than the original."""
        old, new = self.original.lines, self.lines
        if not same_label(old, new, old.at(start), new.at(there)):
            raise MissingError

    def inside(self, start: int, end: int, line: int, there: int) -> int:
        """Where words stand in an edited line: as often as before, between the same words."""
        old, new = self.original.lines, self.lines
        was, now, quote = old.line(line), new.line(there), old.text[start:end]
        before, after = _places(was, quote), _places(now, quote)
        at = start - old.starts[line]
        if len(before) != len(after) or at not in before:
            raise MissingError
        found = after[before.index(at)]
        if _around(was, at, len(quote)) != _around(now, found, len(quote)):
            raise MissingError
        return new.starts[there] + found

    def headed(self, unit: str, start: int, end: int) -> dict[str, Any]:
        """Where a fact stands that the head of the copy puts in another way: a part of a line.

        Boards set name, employer, place and pay above the text each in their own order. The words
        must be a whole part there, as they were on the original, and no other place beside them.
        """
        old, new = self.original.lines, self.lines
        quote, tops = old.text[start:end], size_of_head(old, self.aligned.to)
        labels = [label for at, label in standing(unit, old, tops, quote) if at == start]
        head = size_of_head(new, self.aligned.back)
        if not labels or (unit in DATES and labels[0] is None):
            raise MissingError
        if unit == "places" and other_places(new, self.aligned.back, head, old.text):
            raise MissingError
        for at, label in standing(unit, new, head, quote):
            if unit not in DATES or label == labels[0]:
                return self.spot(at, at + end - start)
        raise MissingError

    def block(self, at: int) -> Block:
        """A block of the copy."""
        return self.page.blocks[at]

    def link(self, one: Evidence) -> tuple[str, Evidence]:
        """The target of the copy's link that says what the original's said."""
        path = one["pointer"].removesuffix("/@href")
        mail = "mailto:" if "@" in (one["quote"] or "") and "/" not in one["quote"] else ""
        said = {
            text for text, href, place in self.original.links
            if place == path and _target(href, mail) == one["quote"]
        }  # fmt: skip
        here = [
            (_target(href, mail), place)
            for text, href, place in links_of(self.page)
            if text in said and href.lower().startswith(mail)
        ]
        targets = {href for href, _ in here}
        if one["quote"] not in targets and len(targets) != 1:
            raise MissingError
        href, place = next(row for row in here if len(targets) == 1 or row[0] == one["quote"])
        if href != one["quote"] and not (_MAIL if mail else _WEB).match(href):
            raise MissingError  # a script, a place on the page, a letter instead of a form
        return href, one | {"quote": href, "pointer": f"{place}/@href"}

    def spot(self, start: int, end: int) -> dict[str, Any]:
        """The span of evidence, and the block it begins in."""
        path = self.block(self.lines.at(start)).path
        return {"start": start, "end": end, "block_path": path}


def _places(line: str, quote: str) -> list[int]:
    out, at = [], line.find(quote)
    while at >= 0:
        out.append(at)
        at = line.find(quote, at + 1)
    return out


def _around(line: str, at: int, size: int) -> tuple[str, str]:
    """The words before and behind a quote."""
    before, after = _BEFORE.search(line[:at]), _AFTER.match(line[at + size :])
    return (
        before.group(1).casefold() if before else "",
        after.group(1).casefold() if after else "",
    )


def _target(href: str, mail: str) -> str:
    if mail and href[: len(mail)].lower() == mail:
        return href[len(mail) :].partition("?")[0].strip()
    return href


def _even(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _even(one) for key, one in value.items() if one is not None}
    return [_even(one) for one in value] if isinstance(value, list | tuple) else value
