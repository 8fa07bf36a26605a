"""Text as words: what every comparison of wordings stands on.

A word is a run of letters and digits, with the marks that belong to it (``C++``, ``CI/CD``,
``node.js``). Values are folded first: markup, case, Unicode forms and white space do not count.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"\w+(?:[.+#/&'’-]*\w+|[+#]+)*")
_TAG: Final = re.compile(r"<[^>]+>")
_KEPT: Final = 64
"""Characters of a piece whose words are kept, for the next text that has it."""


def fold(text: object) -> str:
    """``text`` without markup, case and runs of white space."""
    plain = html.unescape(str(text))
    if not plain.isascii():
        plain = unicodedata.normalize("NFKC", plain)
    plain = plain.casefold()
    if "<" in plain:
        plain = _TAG.sub(" ", plain)
    return " ".join(plain.split())


def words(text: object) -> list[str]:
    """The words of ``text`` as it stands, in lower case; no word goes over white space."""
    plain = str(text)
    if not plain.isascii():
        plain = unicodedata.normalize("NFKC", plain)
    out: list[str] = []
    for piece in plain.casefold().split():
        if piece.isalnum():
            out.append(piece)
        elif len(piece) <= _KEPT:
            out += _parts(piece)
        else:
            out += _WORD.findall(piece)
    return out


def value_words(value: object) -> tuple[str, ...]:
    """The words of a value, folded; those of the last texts are kept."""
    return _folded_words(str(value))


def jaccard(a: object, b: object) -> float:
    """The share of the words of either that both have; 0 where neither has any."""
    one, two = set(value_words(a)), set(value_words(b))
    return len(one & two) / len(one | two) if one or two else 0.0


def bag_f1(a: Sequence[str], b: Sequence[str]) -> float:
    """F1 of two bags of words; 0 where one is empty."""
    if not a or not b:
        return 0.0
    return 2 * sum((Counter(a) & Counter(b)).values()) / (len(a) + len(b))


@lru_cache(maxsize=64)
def _folded_words(text: str) -> tuple[str, ...]:
    return tuple(words(fold(text)))


@lru_cache(maxsize=1 << 15)
def _parts(piece: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(piece))
