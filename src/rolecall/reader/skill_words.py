"""Words as the skill tagger weighs them: kept when they come again, as most words of a page do.

A word weighs for itself and for the two words on each side of it. Pieces of a line between white
space are kept with the words they hold, so that a line is taken apart by its pieces.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Final, TypeVar

from msgspec import Struct

from rolecall.reader.again import came
from rolecall.reader.skill_features import (
    MAX_WORDS,
    NO_WORDS,
    SHAPE_FAMILIES,
    TOKEN,
    WORD_FAMILIES,
    Feature,
    Terms,
    Word,
    word_values,
)

K = TypeVar("K")

MEMORY: Final = 12_000
"""Words that are kept, and pieces; numbers and names that come once are not. With 40,000 a process
takes 29 MB more, grows until it has read as many pages, and is no faster."""

LONGEST: Final = 60
"""Letters of a word or piece that is kept; longer strings hardly come again."""


Pair = tuple[float, float]
"""A weight, or several together: for B, and for I."""


class Weights(Struct, frozen=True):
    """The tagger's weights by family of features, then by value: for B the real part, for I the
    imaginary one."""

    families: Mapping[str, dict[str, complex]]

    @classmethod
    def of(cls, weights: Mapping[str, Sequence[float]]) -> Weights:
        """From weights by the names of features, each for B and for I."""
        families: dict[str, dict[str, complex]] = {}
        for name, (begins, goes_on) in weights.items():
            family, _, value = name.partition("=")
            if family not in families:
                families[family] = {}
            families[family][value] = complex(begins, goes_on)
        return cls(families)

    def family(self, name: str) -> dict[str, complex]:
        """The weights of a family by value."""
        return self.families.get(name, {})

    def sum(self, features: Sequence[Feature]) -> Pair:
        """The weights of ``features`` together."""
        total = sum([self.family(family).get(value, 0j) for family, value in features], 0j)
        return total.real, total.imag


class Weighed(Word):
    """A word with its weights for B and I. Nobody changes one.

    ``own`` is what it says for B of itself, ``before2`` and ``before`` of the word two places and
    one behind it, ``after`` and ``after2`` of the words in front of it; ``goes_on`` says the same
    for I: of itself, then in that order.
    """

    own: float
    before2: float
    before: float
    after: float
    after2: float
    goes_on: Sequence[float]


NO_WEIGHTS: Final = (0.0, 0.0, 0.0, 0.0, 0.0)
EDGE: Final = Weighed("", "", "", "", (), NO_WORDS, False, False, *NO_WEIGHTS, NO_WEIGHTS)
"""What stands beside the ends of a line."""


NOTHING: Final = [0j] * sum(map(len, WORD_FAMILIES))


class _Words(dict[str, Weighed]):
    """Word -> what is kept of it, computed when first asked for."""

    def __init__(self, weights: Weights, terms: Terms) -> None:
        self._terms = terms
        self._weights = weights
        self._tables = [weights.family(name) for name in chain(*WORD_FAMILIES)]
        self._shapes: dict[str, list[complex]] = {}
        self._once: set[int] = set()

    def __missing__(self, text: str) -> Weighed:
        seen = self._terms.look(text)
        letters = seen[2]
        shaped = self._shapes.get(letters)
        if shaped is None:
            shaped = [self._weights.family(name).get(letters, 0j) for name in SHAPE_FAMILIES]
            self._shapes[letters] = shaped
        # one step for each family, in the order of WORD_FAMILIES: a loop would cost more
        w, w_, e3, e4, p4, n, w2, w3, e33, p53, w4, e34, p54, w5 = map(
            dict.get, self._tables, word_values(text), NOTHING
        )
        s1, s2, s3, s4, s5 = shaped
        own = s1 + w + w_ + e3 + e4 + p4 + n
        before2, before = s2 + w2, s3 + w3 + e33 + p53
        after, after2 = s4 + w4 + e34 + p54, s5 + w5
        goes_on = own.imag, before2.imag, before.imag, after.imag, after2.imag
        word = Weighed(*seen, own.real, before2.real, before.real, after.real, after2.real, goes_on)
        if len(text) <= LONGEST and (text.isalpha() or came(self._once, text)):
            if len(self) >= MEMORY:
                self.clear()
            self[text] = word
        return word


class _Pieces(dict[str, tuple[Weighed, ...]]):
    """A piece of a line without white space -> its words."""

    def __init__(self, words: _Words) -> None:
        self._words = words
        self._once: set[int] = set()

    def __missing__(self, piece: str) -> tuple[Weighed, ...]:
        parts = [piece] if piece.isalnum() else TOKEN.findall(piece)[:MAX_WORDS]
        found = tuple(map(self._words.__getitem__, parts))
        if len(piece) <= LONGEST and (piece.isalpha() or came(self._once, piece)):
            if len(self) >= MEMORY:
                self.clear()
            self[piece] = found
        return found


class Vocabulary:
    """The words that were met, with their weights."""

    def __init__(self, weights: Weights, terms: Terms) -> None:
        self._pieces = _Pieces(_Words(weights, terms))

    def read(self, text: str) -> list[Weighed]:
        """The words of a line, up to ``MAX_WORDS``."""
        pieces = text.split(None, MAX_WORDS)[:MAX_WORDS]
        return list(chain.from_iterable(map(self._pieces.__getitem__, pieces)))[:MAX_WORDS]


class Sums(dict[K, Pair]):
    """The summed weights of one kind of place, computed when first asked for."""

    def __init__(self, weights: Weights, features: Callable[[K], list[Feature]]) -> None:
        self._weights, self._features = weights, features

    def __missing__(self, key: K) -> Pair:
        self[key] = total = self._weights.sum(self._features(key))
        return total
