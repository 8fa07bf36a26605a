"""The text of a page for labelling: its lines and words, searched as somebody types.

A typed word stands for every word that begins with it, so ``sen dev`` finds "Senior Developer";
two dots leave a part out: ``har..ltd`` finds "Harbour Bakery Ltd". Case and accents do not count.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

WORD: Final = re.compile(r"\w+[+#]*")
LONGEST_GAP: Final = 4_000
"""How many characters two dots may leave out."""

MOST_HITS: Final = 500

Place = tuple[int, int]
"""Start and end in the page's text, half-open, in characters."""


def folded(text: str) -> str:
    """``text`` in lower case and without accents, character for character."""
    if text.isascii():
        return text.lower()
    return "".join(_folded(char) for char in text)


def _folded(char: str) -> str:
    base = unicodedata.normalize("NFKD", char)[:1].casefold()
    return base if len(base) == 1 else char


@dataclass(frozen=True, slots=True, eq=False)
class PageText:
    """The visible text of a page, with its lines, its words and its links.

    ``links`` are (start, end, address). The rest is derived.
    """

    text: str
    language: str | None = None
    links: tuple[tuple[int, int, str], ...] = ()
    lines: tuple[Place, ...] = field(init=False)
    plain: str = field(init=False)
    words: tuple[tuple[str, int, int], ...] = field(init=False)

    def __post_init__(self) -> None:
        at, lines = 0, []
        for line in self.text.split("\n"):
            lines.append((at, at + len(line)))
            at += len(line) + 1
        plain = folded(self.text)
        words = tuple((m.group(), m.start(), m.end()) for m in WORD.finditer(plain))
        object.__setattr__(self, "lines", tuple(lines))
        object.__setattr__(self, "plain", plain)
        object.__setattr__(self, "words", words)

    def line_of(self, at: int) -> int:
        """The number of the line in which the character ``at`` stands."""
        return max(0, bisect_right(self.lines, (at, len(self.text) + 1)) - 1)

    def find(self, query: str) -> tuple[Place, ...]:
        """Where ``query`` stands, in the order of the page; nothing for an empty one."""
        first, gap, last = (part.strip() for part in query.partition(".."))
        hits = self._find(first)
        if not gap or not last:
            return hits
        ends = self._find(last)
        joined = []
        for start, end in hits:
            close = next((e for s, e in ends if end <= s <= end + LONGEST_GAP), None)
            if close is not None:
                joined.append((start, close))
        return tuple(joined)

    def _find(self, query: str) -> tuple[Place, ...]:
        wanted = folded(query.strip())
        if not wanted:
            return ()
        tokens = WORD.findall(wanted)
        hits = self._words(tokens) if tokens and _only_words(wanted) else ()
        return hits or self._anywhere(wanted)

    def _words(self, tokens: Sequence[str]) -> tuple[Place, ...]:
        """Runs of words on one line that begin with ``tokens``, those that are equal first."""
        hits: list[Place] = []
        equal: list[Place] = []
        words, count = self.words, len(tokens)
        for number in range(len(words) - count + 1):
            if not words[number][0].startswith(tokens[0]):
                continue
            run = words[number : number + count]
            if not all(word.startswith(t) for (word, _, _), t in zip(run, tokens, strict=True)):
                continue
            place = (run[0][1], run[-1][2])
            if "\n" not in self.text[place[0] : place[1]]:
                same = all(word == t for (word, _, _), t in zip(run, tokens, strict=True))
                (equal if same else hits).append(place)
            if len(hits) + len(equal) >= MOST_HITS:
                break
        return (*equal, *hits)

    def _anywhere(self, wanted: str) -> tuple[Place, ...]:
        hits: list[Place] = []
        at = self.plain.find(wanted)
        while at >= 0 and len(hits) < MOST_HITS:
            hits.append((at, at + len(wanted)))
            at = self.plain.find(wanted, at + 1)
        return tuple(hits)

    def grown(self, place: Place, side: str) -> Place:
        """``place`` with one word more or less at one side.

        ``side``: ``end+``, ``end-``, ``start+`` (one word fewer in front) or ``start-`` (one more);
        ``line`` takes the line to its end. A place keeps at least one word.
        """
        start, end = place
        if side == "line":
            return start, max(end, self.lines[self.line_of(max(start, end - 1))][1])
        if side == "end+":
            at = bisect_left(self.words, end, key=lambda word: word[1])
            return start, self.words[at][2] if at < len(self.words) else end
        inside = [(s, e) for _, s, e in self.words if s < end and e > start]
        if side == "start-":
            before = next((s for _, s, e in reversed(self.words) if e <= start), None)
            return (before if before is not None else start), end
        if len(inside) < 2:
            return place
        return (start, inside[-2][1]) if side == "end-" else (inside[1][0], end)


def _only_words(wanted: str) -> bool:
    """Whether nothing but words and what parts them was typed."""
    return re.fullmatch(r"[\w+#\s,./&'’()-]+", wanted) is not None and "@" not in wanted
