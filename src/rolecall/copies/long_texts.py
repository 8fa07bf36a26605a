"""Long texts and lists of a copy: the copy's own wording, between the lines of its original."""

from __future__ import annotations

from typing import Any, Final

from rolecall.copies.align import NEAR, dice
from rolecall.copies.original import Lines
from rolecall.copies.over import same_topics
from rolecall.copies.stand import Evidence, MissingError, Stand
from rolecall.reader.lines import parent_and_home
from rolecall.reader.sections import SENTENCE

MOST_LONGER: Final = 1.2
MOST_ADDED: Final = 4
"""How much longer in lines a copy's text may be than the original's."""

LEAST_ADDED: Final = 4
"""Spaces of a line behind the text that may be a part of it."""

MOST_LOST: Final = 2
"""Lines at either end of the text that a copy may be without."""


def body(stand: Stand, data: dict[str, Any], evidence: dict[str, Evidence], one: Evidence) -> None:
    """The description: the copy's lines between those that it begins and ends with."""
    old, new = stand.original.lines, stand.lines
    first, last = old.at(one["start"]), old.at(max(one["start"], one["end"] - 1))
    if data["description"] != _joined(old, first, last):
        evidence["/description"] = stand.same("/description", one, "description")
        return
    lost = [stand.aligned.to[at] is None for at in range(first, last + 1) if old.roles[at] == "v"]
    edges = 1 + MOST_LOST
    pairs = [there for there in stand.aligned.to[first : last + 1] if there is not None]
    start, end = min(pairs, default=0), max(pairs, default=0)
    if (
        all(lost[:edges])
        or all(lost[-edges:])
        or end - start > MOST_LONGER * (last - first) + MOST_ADDED
    ):
        raise MissingError
    end = going_on(stand, end)
    data["description"] = _joined(new, start, end)
    quote = new.text[new.starts[start] : new.ends[end]]
    spot = stand.spot(new.starts[start], new.ends[end])
    evidence["/description"] = one | {"quote": quote} | spot


def going_on(stand: Stand, end: int) -> int:
    """The last line of the copy's text, where it has more behind what was the original's."""
    home = _home(stand.block(end).path)
    for at in range(end + 1, len(stand.lines)):
        added = stand.aligned.back[at] is None and stand.lines.roles[at] == "v"
        if not added or _home(stand.block(at).path) != home:
            break
        if stand.lines.line(at).count(" ") < LEAST_ADDED:
            break
        end = at
    return end


def section(
    stand: Stand,
    unit: str,
    data: dict[str, Any],
    evidence: dict[str, Evidence],
    own: dict[str, Any],
) -> None:
    """A list's items in the copy's wording, with those that the copy has put among them."""
    found: dict[int, tuple[int, Evidence]] = {}
    for key, one in own.items():
        start, end = item(stand, one, data[unit][int(key.rpartition("/")[2])])
        found[start] = (end, one)
    some = next(iter(own.values()))
    old, new = stand.original.lines, stand.lines
    pairs = {old.at(one["start"]): new.at(start) for start, (_, one) in found.items()}
    added = joining(stand, set(pairs.values()))
    if not same_topics(old, new, pairs, added):
        raise MissingError
    for at in added:
        found[new.starts[at]] = (new.ends[at], some)
    data[unit] = []
    for number, start in enumerate(sorted(found)):
        end, one = found[start]
        quote = stand.lines.text[start:end]
        data[unit].append(quote)
        evidence[f"/{unit}/{number}"] = one | {"quote": quote} | stand.spot(start, end)


def item(stand: Stand, one: Evidence, value: str) -> tuple[int, int]:
    """Where an item stands in the copy; one that was edited is the whole line or a sentence."""
    old, new = stand.original.lines, stand.lines
    line = old.at(one["start"])
    there = stand.aligned.to[line]
    if there is None or value != one["quote"]:
        raise MissingError
    if line not in stand.aligned.edited:
        spot = stand.place(one["start"], one["end"])
        return spot["start"], spot["end"]
    if (one["start"], one["end"]) == (old.starts[line], old.ends[line]):
        return new.starts[there], new.ends[there]
    was, now = _sentences(old.line(line)), _sentences(new.line(there))
    at = one["start"] - old.starts[line]
    places = [start for start, _ in was]
    if len(was) != len(now) or at not in places:
        raise MissingError
    start, end = now[places.index(at)]
    quote = new.line(there)[start:end]
    if dice(quote, value) <= NEAR:
        raise MissingError
    return new.starts[there] + start, new.starts[there] + end


def joining(stand: Stand, inside: set[int]) -> list[int]:
    """Items that the copy has beside those of a list, under the same element."""
    out = set()
    for step in (1, -1):
        for at in sorted(inside, reverse=step < 0):
            there = at + step
            while 0 <= there < len(stand.lines) and stand.aligned.back[there] is None:
                one, item = stand.block(there), stand.block(at)
                if one.kind != "item" or _above(one.path) != _above(item.path):
                    break
                out.add(there)
                there += step
    return sorted(out - inside)


def _joined(lines: Lines, first: int, last: int) -> str:
    rows = (at for at in range(first, last + 1) if lines.roles[at] == "v")
    return "\n".join(lines.line(at) for at in rows)


def _sentences(line: str) -> list[tuple[int, int]]:
    out, at = [], 0
    for found in SENTENCE.finditer(line):
        out.append((at, found.start()))
        at = found.end()
    return [*out, (at, len(line))]


def _home(path: str) -> str:
    """The container of a line: what holds its paragraph or its list."""
    return parent_and_home(path, {})[1]


def _above(path: str) -> str:
    """The path of a list, from that of a line in one of its items."""
    return path[: path.rfind("/li")] if "/li" in path else path.rpartition("/")[0]
