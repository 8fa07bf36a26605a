"""Text that gives orders to a machine which reads the page: where it stands, shown or hidden.

Nothing here obeys such text, and no value depends on it alone. A shown line of orders is taken out
of what values may be quoted from; of a hidden one, which supports nothing in any case, the record
says that it is there.

It costs little because most pages hold none of the words that an order needs: these are looked up
first, and patterns are tried around them only. A page full of such words is looked at in part.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Final

from msgspec import Struct

from rolecall.core import Block, Notice
from rolecall.page.orders_words import MARK, RULES, Rule
from rolecall.page.prescan import ATTRIBUTE, TOKEN

__all__ = ["CODE", "Orders", "find_orders", "heeding", "notice_of"]

CODE: Final = "orders_in_page"

BEFORE: Final = 300
AFTER: Final = 500
"""Bytes around a word that are read, of a line that is longer."""

MOST: Final = 400
"""Places of one word that are looked at."""

MOST_IN_ALL: Final = 1_500
"""Times that patterns are tried on the text of one page."""

LONGEST: Final = 700
"""Characters of a line that is taken out as a whole; a longer one may be the whole posting."""

TOLD: Final = 5
"""Places that the notice names."""

RAW: Final[Mapping[bytes, tuple[str, ...]]] = {
    b"ignor": ("override", "override abroad", "addressed", "if a machine"),
    b"automated": ("addressed", "machines asked", "machines reading"),
    b"language model": ("addressed", "persona", "if a machine", "machines asked"),
    b"system:": ("turn", "field"),
}
"""What is looked for in the markup, and the rules that are tried there: fewer than in the text, for
there is more of it."""

_GAPS: Final = bytes(
    byte if byte >= 128 or chr(byte).isalnum() or byte in b"_-\n" else 32 for byte in range(256)
)
_PLAIN: Final = re.compile("[a-zA-Z-]{1,20}")
_BREAKS: Final = re.compile(r"\\[nrt]|\s+")


class Orders(Struct, frozen=True):
    """What was found: the numbers of shown lines, from 0, and what hidden text stands in.

    ``marks`` are those of the lines that only hold a mark of a chat template: these are broken up
    for every engine (``ask.render``), so the line may stay.
    """

    lines: tuple[int, ...] = ()
    hidden: tuple[str, ...] = ()
    marks: frozenset[int] = frozenset()


NONE: Final = Orders()


def find_orders(text: str, markup: str = "") -> Orders:
    """Look for orders in the visible ``text`` of a page, and in its ``markup``; in linear time."""
    lines = _shown(text)
    hidden = _hidden(text, markup) if markup else ()
    if not lines and not hidden:
        return NONE
    marks = frozenset(number for number, rules in lines.items() if rules == {MARK})
    return Orders(tuple(sorted(lines)), hidden, marks)


def heeding(
    blocks: tuple[Block, ...], orders: Orders
) -> tuple[tuple[Block, ...], tuple[Notice, ...]]:
    """The blocks with lines of orders taken out of what is read, and the warning about them."""
    if orders is NONE:
        return blocks, ()
    out = list(blocks)
    for number in orders.lines:
        if number >= len(out):
            continue
        span = out[number].span
        if number not in orders.marks and span.end - span.start <= LONGEST:
            out[number] = replace(out[number], role="orders")
    return tuple(out), notice_of(orders, blocks)


def notice_of(orders: Orders, blocks: Sequence[Block]) -> tuple[Notice, ...]:
    """The warning: how many orders there are and where, never what they say."""
    told: list[str] = []
    if orders.lines:
        spans = [blocks[number].span for number in orders.lines[:TOLD] if number < len(blocks)]
        where = ", ".join(f"{span.start}-{span.end}" for span in spans)
        more = len(orders.lines) - len(spans)
        count = len(orders.lines)
        told.append(
            f"{count} {'line' if count == 1 else 'lines'} of the text (characters {where}"
            f"{f' and {more} more' if more > 0 else ''})"
        )
    if orders.hidden:
        kinds = sorted(set(orders.hidden))
        named = ", ".join(kinds[: 2 * TOLD])
        told.append(f"{len(orders.hidden)} in what the page does not show ({named})")
    if not told:
        return ()
    message = f"text that gives orders to a machine that reads the page: {'; '.join(told)}"
    return (Notice(code=CODE, message=message),)


@cache
def _pattern(rule: Rule) -> re.Pattern[str]:
    return re.compile(rule.pattern)


@cache
def _gates() -> tuple[dict[bytes, tuple[Rule, ...]], frozenset[bytes], tuple[bytes, ...]]:
    """The gates in small letters as UTF-8 with their rules; the plain words of them; the others."""
    found: dict[bytes, list[Rule]] = {}
    for rule in RULES:
        for gate in rule.gates.split():
            gate = gate.replace("~", " ")
            cased = any(letter.upper() != letter for letter in gate if not letter.isascii())
            for form in {gate, gate.capitalize(), gate.upper()} if cased else {gate}:
                found.setdefault(form.encode(), []).append(rule)
    gates = {gate: tuple(rules) for gate, rules in found.items()}
    words = frozenset(gate for gate in gates if gate.translate(_GAPS) == gate and b" " not in gate)
    return gates, words, tuple(gate for gate in gates if gate not in words)


def _shown(text: str) -> dict[int, set[str]]:
    """The lines that hold orders, with the names of the rules that say so."""
    low = text.encode("utf-8", "replace").lower()
    gates, words, odd = _gates()
    hits = set(words.intersection(low.translate(_GAPS).split()))
    hits.update(gate for gate in odd if gate in low)
    found: dict[int, set[str]] = {}  # by where the line, or the part of it, starts
    looked: set[tuple[str, int]] = set()
    for gate in sorted(hits):
        for start, end in _places(low, gate):
            rules = [rule for rule in gates[gate] if (rule.name, start) not in looked]
            if not rules or len(looked) > MOST_IN_ALL:
                continue
            looked.update((rule.name, start) for rule in rules)
            line = low[start:end].decode("utf-8", "ignore").lower()
            names = {rule.name for rule in rules if _first(line, (rule,))}
            if names:
                found.setdefault(start, set()).update(names)
    return _by_line(low, found)


def _by_line(low: bytes, found: Mapping[int, set[str]]) -> dict[int, set[str]]:
    """What was found, by the number of its line."""
    lines: dict[int, set[str]] = {}
    number = before = 0
    for start in sorted(found):
        number += low.count(b"\n", before, start)
        before = start
        lines.setdefault(number, set()).update(found[start])
    return lines


def _places(low: bytes, word: bytes) -> Iterator[tuple[int, int]]:
    """The lines that ``word`` stands in; of a long line the part around it."""
    at = low.find(word)
    for _ in range(MOST):
        if at < 0:
            return
        start, end = low.rfind(b"\n", 0, at) + 1, low.find(b"\n", at)
        end = end if end >= 0 else len(low)
        if end - start > BEFORE + AFTER:
            start, end = max(start, at - BEFORE), min(end, at + AFTER)
        yield start, end
        at = low.find(word, min(end, at + AFTER // 2))


def _hidden(text: str, markup: str) -> tuple[str, ...]:
    """What the orders stand in that the markup holds and the text does not show."""
    low = markup.encode("utf-8", "replace").lower()
    found: dict[int, str] = {}
    folded = ""
    for word, names in RAW.items():
        at = low.find(word)
        rules = tuple(rule for rule in RULES if rule.name in names) if at >= 0 else ()
        for _ in range(MOST):
            if at < 0:
                break
            said = _around(low, at)
            match = _first(said, rules)
            if match:
                folded = folded or _even(text.lower())
                if _even(match) not in folded:
                    found[at] = match
            at = low.find(word, at + len(word))
    return _carriers(markup, low, found) if found else ()


def _around(low: bytes, at: int) -> str:
    """The text around a place in the markup, up to the next tags, as it would be read."""
    start, end = max(0, at - BEFORE), at + AFTER
    start = max(start, low.rfind(b">", start, at) + 1)
    stop = low.find(b"<", at, end)
    said = low[start : stop if stop >= 0 else end].decode("utf-8", "ignore")
    return _even(html.unescape(said).replace('\\"', '"')).lower()


def _even(text: str) -> str:
    return _BREAKS.sub(" ", text)


def _first(said: str, rules: Sequence[Rule] = RULES) -> str | None:
    """What the first rule that holds has found in ``said``."""
    for rule in rules:
        if not rule.needs or any(piece in said for piece in rule.needs):
            match = _pattern(rule).search(said)
            if match:
                return match.group()
    return None


def _carriers(markup: str, low: bytes, found: dict[int, str]) -> tuple[str, ...]:
    """What holds each place, once for each element, attribute or comment."""
    places = iter(sorted(len(low[:at].decode("utf-8", "replace")) for at in found))
    at = next(places, None)
    names: dict[tuple[int, str], str] = {}
    end = 0
    for token in TOKEN.finditer(markup):
        while at is not None and at < token.start():
            names[end, "text"] = "unseen text"
            at = next(places, None)
        if at is None:
            break
        end = token.end()
        while at is not None and at < end:
            name = _carrier(token, at)
            if name:
                names[token.start(), name] = name
            at = next(places, None)
    if at is not None:
        names[end, "text"] = "unseen text"
    return tuple(names.values())


def _carrier(token: re.Match[str], at: int) -> str | None:
    raw, rest, name, attributes = token.groups()
    if raw:
        if at < token.end(2):
            return f"attribute of {raw.lower()}"
        if raw.lower() == "script":
            return "stated data" if "json" in rest.lower() else None
        return None if raw.lower() in ("style", "title", "textarea") else raw.lower()
    if not name:
        return "comment"
    for match in ATTRIBUTE.finditer(attributes):
        if token.start(4) + match.end() > at:
            return f"attribute {match[1].lower()}" if _PLAIN.fullmatch(match[1]) else "attribute"
    return "attribute"
