"""The phrases of a lexicon as a tree of words: what may come next after each word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

HEAD: Final = 4
"""Letters of a word by which stems are looked up first."""

_LONGEST_KNOWN: Final = 40
_MOST_KNOWN: Final = 4_096


class Node:
    """A step in the trie: what may come next, and what ends here."""

    __slots__ = ("exact", "head", "heads", "longest", "stems", "tag", "wild")

    def __init__(self) -> None:
        self.exact: dict[str, Node] = {}
        self.stems: dict[str, Node] = {}
        self.wild: Node | None = None
        self.tag: str | None = None
        self.longest = 0
        self.head = HEAD
        self.heads: set[str] = set()

    def step(self, pattern: str) -> Node:
        """The node behind one word pattern, made if it is not there."""
        if pattern == "?":
            if self.wild is None:
                self.wild = Node()
            return self.wild
        table = self.exact
        if pattern.endswith("*"):
            table = self.stems
            self.longest = max(self.longest, len(pattern) - 1)
            self.head = min(self.head, len(pattern) - 1)
            self.heads = {stem[: self.head] for stem in (*self.stems, pattern[:-1])}
        return table.setdefault(pattern.rstrip("*"), Node())

    def leads(self, key: str) -> bool:
        """Whether ``key`` may lead anywhere: the cheap guard of ``follow``."""
        return key in self.exact or self.wild is not None or key[: self.head] in self.heads

    def follow(self, key: str) -> list[Node]:
        """The nodes that ``key`` leads to, the most particular first."""
        node = self.exact.get(key)
        out = [] if node is None else [node]
        if key[: self.head] in self.heads:
            for size in range(min(len(key), self.longest), 1, -1):
                node = self.stems.get(key[:size])
                if node is not None:
                    out.append(node)
        if self.wild is not None:
            out.append(self.wild)
        return out


class Starts(dict[str, Sequence[Node]]):
    """Word -> where it leads as the first word of phrases, for the most nowhere; found once."""

    def __init__(self, root: Node) -> None:
        self._root = root

    def __missing__(self, key: str) -> Sequence[Node]:
        nodes = tuple(self._root.follow(key))
        if len(key) <= _LONGEST_KNOWN:
            if len(self) >= _MOST_KNOWN:
                self.clear()
            self[key] = nodes
        return nodes
