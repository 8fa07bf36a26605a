"""``robots.txt`` as RFC 9309 has it: which paths of a host may be asked for, and how often.

Our own, because the standard library's takes the first rule that fits instead of the longest and
knows no ``*`` and ``$``.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

LARGEST: Final = 500 * 1024
"""Bytes of a file that are read; the RFC's least. What comes after is left unread."""

MOST_RULES: Final = 5_000
LONGEST_PATTERN: Final = 2_048
LINE: Final = re.compile(r"[ \t]*([A-Za-z-]+)[ \t]*:[ \t]*([^#\r\n]*)")
TOKEN: Final = re.compile(r"[A-Za-z_-]+|\*")
CODED: Final = re.compile(r"%[0-9A-Fa-f]{2}")
UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class Robots(Struct, frozen=True):
    """The rules for one product on one host.

    ``rules`` are (pattern, allowed), the longest first and what allows before what forbids, so
    that the first that fits decides. ``delay`` is the ``Crawl-delay`` in seconds.
    """

    rules: tuple[tuple[str, bool], ...] = ()
    delay: float | None = None

    def allows(self, path: str) -> bool:
        """Whether ``path`` (with its query) may be asked for."""
        path = _normal(path)
        if path == "/robots.txt":
            return True
        for pattern, allowed in self.rules:
            if fits(pattern, path):
                return allowed
        return True

    @property
    def size(self) -> int:
        """About how many bytes this takes in memory."""
        return 200 + sum(120 + len(pattern) for pattern, _ in self.rules)


class _Group(Struct):
    """What is said to one product, or to all (``*``), in any number of places."""

    rules: dict[str, bool]
    delay: float | None = None

    def add(self, pattern: str, allowed: bool) -> None:
        if len(self.rules) < MOST_RULES and len(pattern) <= LONGEST_PATTERN:
            self.rules[pattern] = allowed or self.rules.get(pattern, False)


def read_robots(content: bytes, product: str) -> Robots:
    """The rules of a file for ``product``; those for all where none are for it."""
    text = content[:LARGEST].decode("utf-8", "replace").removeprefix("\ufeff")
    groups: dict[str, _Group] = {}
    named: list[_Group] = []
    open_ = False  # whether more products may be named before the first rule
    for line in re.split(r"\r\n|\r|\n", text):
        found = LINE.match(line)
        if found is None:
            continue
        key, value = found[1].lower(), found[2].strip()
        if key == "user-agent":
            token = TOKEN.match(value)
            named = named if open_ else []
            open_ = True
            name = token[0].lower() if token else ""
            if name in (product.lower(), "*"):
                named.append(groups.setdefault(name, _Group({})))
        elif key in ("allow", "disallow"):
            open_ = False
            for group in named if value else ():
                group.add(_normal(value), key == "allow")
        elif key == "crawl-delay":
            open_ = False
            for group in named:
                group.delay = _seconds(value)
    chosen = groups.get(product.lower()) or groups.get("*")
    if chosen is None:
        return Robots()
    ordered = sorted(chosen.rules.items(), key=lambda one: (-len(one[0]), not one[1]))
    return Robots(tuple(ordered), chosen.delay)


def fits(pattern: str, path: str) -> bool:
    """Whether ``pattern`` (``*`` is anything, a last ``$`` the end) fits the start of ``path``.

    Takes time in proportion to the two lengths at most, whatever the pattern.
    """
    whole = pattern.endswith("$")
    first, *parts = (pattern[:-1] if whole else pattern).split("*")
    if not path.startswith(first):
        return False
    place = len(first)
    if not parts:
        return not whole or place == len(path)
    *middle, last = parts
    for part in middle:
        found = path.find(part, place)
        if found < 0:
            return False
        place = found + len(part)
    if whole:
        return path.endswith(last) and len(path) - len(last) >= place
    return path.find(last, place) >= 0


def _normal(text: str) -> str:
    """One way of writing a path: UTF-8 in escapes, nothing in an escape that needs none."""
    coded = "".join(one if " " < one < "\x7f" else _escape(one) for one in text)
    return CODED.sub(_unless_plain, coded)


def _escape(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))


def _unless_plain(found: re.Match[str]) -> str:
    character = chr(int(found[0][1:], 16))
    return character if character in UNRESERVED else found[0].upper()


def _seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < 1e9 else None
