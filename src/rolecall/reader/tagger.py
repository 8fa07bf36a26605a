"""The trained block tagger at work: sums of weights, and the chain over the lines of a page.

A line has some forty features. Their weights are summed eight labels at a time, as the digits of
one large integer, and only the sums go to the chain.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from itertools import repeat
from pathlib import Path
from typing import Final

import pycrfsuite

from rolecall.core import Page
from rolecall.reader.block_features import Families, Names, worths
from rolecall.reader.chain_file import ChainFile, ChainFileError
from rolecall.reader.lines import Line

LANE: Final = 64
"""Bits of one label in the integer that stands for the scores of all."""

UNIT: Final = 2.0**-48
"""The weight of 1 in a lane: finer than any difference that counts, and coarse enough for the sum
of five hundred of the heaviest weights that a file may hold."""


class BlockTagger:
    """A tagger from a file. It remembers the page that it labelled last."""

    def __init__(self, file: ChainFile) -> None:
        self._weights = _Weights(file)
        names, self._file = file.for_sums(UNIT)  # read by the chain as long as it lives
        self._names = [name.encode() for name in names]
        self._chain = pycrfsuite.Tagger()
        self._chain.open_inmemory(self._file)
        self._labels = frozenset(file.labels)
        self._lanes = struct.Struct(f"<{len(file.labels)}q")
        self._known: Families[int] = Families(self._weigh)

    @classmethod
    def load(cls, path: Path) -> BlockTagger:
        """A tagger from a file; raises `ChainFileError` if it is no file of a tagger."""
        try:
            return cls(ChainFile.read(path.read_bytes()))
        except (struct.error, ValueError) as fault:
            raise ChainFileError(str(fault)) from fault

    def label(self, page: Page, lines: Sequence[Line]) -> list[str]:
        """The label of each line of ``page``."""
        size = self._lanes.size
        sums = [
            worth.to_bytes(size, "little", signed=True)
            for worth in worths(page, lines, self._known)
        ]
        rows = map(zip, repeat(self._names), self._lanes.iter_unpack(b"".join(sums)))
        found: list[str] = self._chain.tag(list(map(dict, rows)))
        return found

    def shares(self, labels: Iterable[str], index: int) -> dict[str, float]:
        """How probable each of ``labels`` is for the line ``index`` of the page labelled last."""
        share, known = self._chain.marginal, self._labels
        return {label: share(label, index) if label in known else 0.0 for label in labels}

    def _weigh(self, names: Names) -> int:
        return sum(map(self._weights.__getitem__, names))


class _Weights(dict[str, int]):
    """Feature -> its weights for all labels, one in each lane; read when first asked for."""

    def __init__(self, file: ChainFile) -> None:
        self._file = file

    def __missing__(self, name: str) -> int:
        found = self._file.weights(name)
        if not found:
            return 0  # one of endlessly many, and not kept
        self[name] = joined = sum(
            round(weight / UNIT) << (LANE * label) for label, weight in found.items()
        )
        return joined
