"""Texts that come again: what was found in them is remembered, within bounds of memory.

Half of the lines of a crawl are menus, footers and standing texts of its sites; the other half is
never seen again. So a longer text is remembered when it comes a second time. No result changes:
what is remembered depends on the text alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

V = TypeVar("V")

LONGEST: Final = 2_000
"""Characters of a text that is remembered."""

SHORT: Final = 40
"""Characters of a text that is remembered at once: menus and headings are no longer."""

MOST_ONCE: Final = 8_192
"""Texts that came once and are known by a number each: some 0.8 MB for a table."""

EACH: Final = 1_500
"""Bytes that are reckoned for what was found in a text, beside those for its characters."""

PER_CHARACTER: Final = 12
"""Bytes reckoned for a character: the text, its words, and what holds them."""


def came(once: set[int], text: str) -> bool:
    """Whether ``text`` came before, as far as is known; it is noted in ``once`` if not."""
    mark = hash(text)
    if mark in once:
        return True
    if len(once) >= MOST_ONCE:
        once.clear()
    once.add(mark)
    return False


class Again(dict[str, V]):
    """Text -> what ``find`` finds in it, for short texts, and those that came twice.

    When ``most`` bytes are reckoned to be in it, what is remembered grows old; what is old and was
    not asked for since goes when the next lot grows old. So at most twice as much is held.
    """

    __slots__ = ("_find", "_most", "_old", "_once", "_size")

    def __init__(self, find: Callable[[str], V], most: int) -> None:
        self._find, self._most = find, most
        self._old: dict[str, V] = {}
        self._once: set[int] = set()
        self._size = 0

    def __missing__(self, text: str) -> V:
        found = self._old.get(text)
        if found is None:
            found = self._find(text)
            size = len(text)
            if size > LONGEST or (size > SHORT and not came(self._once, text)):
                return found
        size = EACH + PER_CHARACTER * len(text)
        self._size += size
        if self._size > self._most:
            self._old = dict(self)
            self.clear()
            self._size = size
        self[text] = found
        return found
