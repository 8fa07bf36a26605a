"""How the word lists of this room are written down: one string, split once at import."""

from __future__ import annotations

from collections.abc import Mapping


def word_set(text: str) -> frozenset[str]:
    """The white-space separated words of ``text``."""
    return frozenset(text.split())


def word_tuple(text: str) -> tuple[str, ...]:
    """The white-space separated words of ``text``, in their order."""
    return tuple(text.split())


def phrase_set(text: str) -> frozenset[str]:
    """The phrases of ``text``, separated by ``|``."""
    return frozenset(text.split("|"))


def by_word(groups: Mapping[str, str]) -> dict[str, str]:
    """Name -> words, turned round to word -> name."""
    return {word: name for name, words in groups.items() for word in words.split()}
