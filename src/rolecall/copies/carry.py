"""Evidence carried over from an original to its copy: the same words in the same context."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from itertools import groupby
from typing import Any, Final

from msgspec import Struct

from rolecall.copies.align import NEAR, Aligned, dice
from rolecall.copies.original import Lines, Original, links_of
from rolecall.core import Block, Candidate, Page
from rolecall.normalise.dates import find_dates
from rolecall.normalise.found import Found
from rolecall.normalise.salary import find_salaries
from rolecall.reader.sections import SENTENCE
from rolecall.schema.posting import UNITS

SECTIONS: Final = frozenset({"responsibilities", "requirements", "benefits"})
UNIT_OF: Final = {name: unit for unit, names in UNITS.items() for name in names}
DATES: Final = frozenset({"date_posted", "valid_through"})

_BEFORE: Final = re.compile(r"(\w+)\W*$")
_AFTER: Final = re.compile(r"\W*(\w+)")

Evidence = dict[str, Any]


class Carried(Struct, frozen=True):
    """Values and evidence that stand in the copy."""

    data: dict[str, Any]
    evidence: dict[str, Evidence]


class _MissingError(Exception):
    """A value whose evidence does not stand in the copy."""


class Carrier:
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

    def carry(self, record: Mapping[str, Any], *, plain: bool) -> Carried | str:
        """All values of ``record`` with the copy's evidence, or the unit whose does not stand.

        Where the record is ``plain`` (a default posting), what is long takes the wording of the
        copy, and dates and pay are read anew where only their figures differ.
        """
        data: dict[str, Any] = dict(record["data"])
        evidence: dict[str, Evidence] = {}
        rows = record["evidence"].items()
        for unit, group in groupby(rows, lambda row: _unit(row[0], plain=plain)):
            own = dict(group)
            try:
                if not plain:
                    evidence |= {key: self.same(key, one) for key, one in own.items()}
                elif unit == "description" and _visible(own["/description"]):
                    self.body(data, evidence, own["/description"])
                elif unit in SECTIONS and all(map(_visible, own.values())):
                    self.section(unit, data, evidence, own)
                elif unit in DATES or unit == "salary":
                    self.figures(unit, data, evidence, own)
                else:
                    self.plain(unit, data, evidence, own)
            except _MissingError:
                return unit
        return Carried(data, evidence)

    def plain(
        self, unit: str, data: dict[str, Any], evidence: dict[str, Evidence], own: dict[str, Any]
    ) -> None:
        """A unit whose value stays; a link leads where the copy's link leads."""
        for key, one in own.items():
            if one["match"] == "derived" and "@href" in (one["pointer"] or ""):
                data[key[1:]], evidence[key] = self.link(one)
            else:
                evidence[key] = self.same(key, one, unit)

    def same(self, key: str, one: Evidence, unit: str | None = None) -> Evidence:
        """Evidence for an unchanged value."""
        if one["match"] == "derived" and one["start"] is None:
            if str(one["pointer"]).startswith("/") and "@" not in str(one["pointer"]):
                return one
            raise _MissingError  # outside the text, and nobody knows what it is
        told = dict(one)
        if one["match"] == "stated":
            told["pointer"] = self.pointer(unit or UNIT_OF.get(key.split("/")[1], ""))
        if one["start"] is not None:
            told |= self.place(one["start"], one["end"])
        return told

    def pointer(self, unit: str) -> str | None:
        """Where the copy states ``unit`` as the original does."""
        now, was = self.stated.get(unit), self.original.stated.get(unit)
        if now is None or was is None or _even(now.value) != _even(was):
            raise _MissingError
        return now.pointer

    def place(self, start: int, end: int) -> dict[str, Any]:
        """Where the words of the original stand in the copy: lines that are equal or edited."""
        old, new = self.original.lines, self.lines
        first, last = old.at(start), old.at(max(start, end - 1))
        there = self.aligned.to[first]
        if there is None:
            raise _MissingError
        if first not in self.aligned.edited or last != first:
            for step in range(last - first + 1):
                if self.aligned.to[first + step] != there + step:
                    raise _MissingError
                if first + step in self.aligned.edited:
                    raise _MissingError
            at = new.starts[there] + start - old.starts[first]
        else:
            at = self.inside(start, end, first, there)
        if new.text[at : at + end - start] != old.text[start:end]:
            raise _MissingError
        return self.spot(at, at + end - start)

    def inside(self, start: int, end: int, line: int, there: int) -> int:
        """Where words stand in an edited line: as often as before, between the same words."""
        old, new = self.original.lines, self.lines
        was, now, quote = old.line(line), new.line(there), old.text[start:end]
        before, after = _places(was, quote), _places(now, quote)
        at = start - old.starts[line]
        if len(before) != len(after) or at not in before:
            raise _MissingError
        found = after[before.index(at)]
        if _around(was, at, len(quote)) != _around(now, found, len(quote)):
            raise _MissingError
        return new.starts[there] + found

    def spot(self, start: int, end: int) -> dict[str, Any]:
        """The span of evidence, and the block it begins in."""
        path = self.block(self.lines.at(start)).path
        return {"start": start, "end": end, "block_path": path}

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
            raise _MissingError
        href, place = next(row for row in here if len(targets) == 1 or row[0] == one["quote"])
        return href, one | {"quote": href, "pointer": f"{place}/@href"}

    def body(self, data: dict[str, Any], evidence: dict[str, Evidence], one: Evidence) -> None:
        """The description: the copy's lines between those that it begins and ends with."""
        old, new = self.original.lines, self.lines
        first, last = old.at(one["start"]), old.at(max(one["start"], one["end"] - 1))
        if data["description"] != _joined(old, first, last):
            evidence["/description"] = self.same("/description", one, "description")
            return
        start, end = self.aligned.to[first], self.aligned.to[last]
        if start is None or end is None or start > end:
            raise _MissingError
        data["description"] = _joined(new, start, end)
        quote = new.text[new.starts[start] : new.ends[end]]
        spot = self.spot(new.starts[start], new.ends[end])
        evidence["/description"] = one | {"quote": quote} | spot

    def section(
        self, unit: str, data: dict[str, Any], evidence: dict[str, Evidence], own: dict[str, Any]
    ) -> None:
        """A list's items in the copy's wording, with those that the copy has put among them."""
        found: dict[int, tuple[int, Evidence]] = {}
        for key, one in own.items():
            start, end = self.item(one, data[unit][int(key.rpartition("/")[2])])
            found[start] = (end, one)
        some = next(iter(own.values()))
        inside = {self.lines.at(start) for start in found}
        for at in self.joining(inside):
            found[self.lines.starts[at]] = (self.lines.ends[at], some)
        data[unit] = []
        for number, start in enumerate(sorted(found)):
            end, one = found[start]
            quote = self.lines.text[start:end]
            data[unit].append(quote)
            evidence[f"/{unit}/{number}"] = one | {"quote": quote} | self.spot(start, end)

    def item(self, one: Evidence, value: str) -> tuple[int, int]:
        """Where an item stands in the copy; one that was edited is the whole line or a sentence."""
        old, new = self.original.lines, self.lines
        line = old.at(one["start"])
        there = self.aligned.to[line]
        if there is None or value != one["quote"]:
            raise _MissingError
        if line not in self.aligned.edited:
            spot = self.place(one["start"], one["end"])
            return spot["start"], spot["end"]
        if (one["start"], one["end"]) == (old.starts[line], old.ends[line]):
            return new.starts[there], new.ends[there]
        was, now = _sentences(old.line(line)), _sentences(new.line(there))
        at = one["start"] - old.starts[line]
        places = [start for start, _ in was]
        if len(was) != len(now) or at not in places:
            raise _MissingError
        start, end = now[places.index(at)]
        quote = new.line(there)[start:end]
        if dice(quote, value) <= NEAR:
            raise _MissingError
        return new.starts[there] + start, new.starts[there] + end

    def joining(self, inside: set[int]) -> list[int]:
        """Items that the copy has beside those of a list, under the same element."""
        out = set()
        for step in (1, -1):
            for at in sorted(inside, reverse=step < 0):
                there = at + step
                while 0 <= there < len(self.lines) and self.aligned.back[there] is None:
                    one, item = self.block(there), self.block(at)
                    if one.kind != "item" or _above(one.path) != _above(item.path):
                        break
                    out.add(there)
                    there += step
        return sorted(out - inside)

    def figures(
        self, unit: str, data: dict[str, Any], evidence: dict[str, Evidence], own: dict[str, Any]
    ) -> None:
        """A date or pay: as it is, or read anew where the copy has other figures in its place."""
        fixed = unit == "salary" or self.original.captured == _day(self.page.captured)
        try:
            if not fixed and any(one["start"] is not None for one in own.values()):
                raise _MissingError
            told = {key: self.same(key, one, unit) for key, one in own.items()}
        except _MissingError:
            value, changes = self.anew(unit, own, data)
            data |= value
            told = {key: one | changes for key, one in own.items()}
        evidence |= told

    def anew(
        self, unit: str, own: dict[str, Any], data: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The copy's value and where it stands, read as the original's was."""
        one = next(iter(own.values()))
        if one["match"] == "stated" and unit in DATES:
            return self.stated_anew(unit, own)
        if any(each["start"] is None or each["match"] != "exact" for each in own.values()):
            raise _MissingError
        old, new = self.original.lines, self.lines
        line = old.at(one["start"])
        there = self.aligned.to[line]
        if there is None:
            raise _MissingError
        then = date.fromisoformat(self.original.captured) if self.original.captured else None
        was = self.read(unit, old.line(line), then)
        now = self.read(unit, new.line(there), self.page.captured)
        at = one["start"] - old.starts[line]
        place = next((n for n, found in enumerate(was) if found.start == at), None)
        if place is None or [x.cue for x in was] != [x.cue for x in now]:
            raise _MissingError
        before, after = _fields(unit, was[place]), _fields(unit, now[place])
        if any(data[name] != value for name, value in before.items()):
            raise _MissingError
        if not _alike(before, after):
            raise _MissingError
        start, end = (new.starts[there] + edge for edge in (now[place].start, now[place].end))
        return after, {"quote": new.text[start:end]} | self.spot(start, end)

    def stated_anew(self, unit: str, own: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """A date that the copy states otherwise than the original."""
        now = self.stated.get(unit)
        if now is None or self.original.stated.get(unit) is None or len(own) != 1:
            raise _MissingError
        span, quote = now.spans[0], now.quotes[0]
        changes = {"quote": quote, "pointer": now.pointer}
        changes |= {"start": None, "end": None, "block_path": None}
        if span is not None and span.of(self.page.text) == quote:
            changes |= self.spot(span.start, span.end)
        return {unit: now.value}, changes

    def read(self, unit: str, line: str, captured: date | None) -> list[Found]:
        """What the finder of ``unit`` sees in a line."""
        if unit == "salary":
            return find_salaries(line, language=self.page.language, labelled=True)
        return find_dates(line, language=self.page.language, captured=captured, labelled=True)


def _unit(key: str, *, plain: bool) -> str:
    name = key.split("/")[1]
    return UNIT_OF[name] if plain else name


def _visible(one: Evidence) -> bool:
    return one["start"] is not None and one["match"] in ("exact", "normalised")


def _joined(lines: Lines, first: int, last: int) -> str:
    rows = (at for at in range(first, last + 1) if lines.roles[at] == "v")
    return "\n".join(lines.line(at) for at in rows)


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


def _sentences(line: str) -> list[tuple[int, int]]:
    out, at = [], 0
    for found in SENTENCE.finditer(line):
        out.append((at, found.start()))
        at = found.end()
    return [*out, (at, len(line))]


def _target(href: str, mail: str) -> str:
    if mail and href[: len(mail)].lower() == mail:
        return href[len(mail) :].partition("?")[0].strip()
    return href


def _above(path: str) -> str:
    """The path of a list, from that of a line in one of its items."""
    return path[: path.rfind("/li")] if "/li" in path else path.rpartition("/")[0]


def _fields(unit: str, found: Found) -> dict[str, Any]:
    value = found.value
    if value is None:
        raise _MissingError
    return dict(value) if isinstance(value, Mapping) else {unit: value}


def _alike(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether two readings differ in nothing but figures."""
    return before.keys() == after.keys() and all(
        (one is None) == (after[name] is None)
        and (not isinstance(one, str) or name in DATES or after[name] == one)
        for name, one in before.items()
    )


def _even(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _even(one) for key, one in value.items() if one is not None}
    return [_even(one) for one in value] if isinstance(value, list | tuple) else value


def _day(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
