"""Counting tokens: with the model's own vocabulary, or by an estimate that says so.

Page text is encoded with special tokens disabled: ``<|im_end|>`` on a page is plain characters and
never the end of a message. (That servers do the same is seen to by ``render.unmarked``.)
"""

from __future__ import annotations

import base64
import lzma
import math
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, Protocol, cast

from rolecall.errors import SettingsError

QWEN_FILE: Final = Path(__file__).with_name("data") / "qwen.tiktoken.xz"
"""The vocabulary of Qwen1 to Qwen3 (Apache-2.0): ranks of 151,643 byte sequences."""

QWEN_PATTERN: Final = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""How Qwen splits text before merging, as its tokenizer.json says."""

PIECE: Final = 4_096
"""Characters that are counted at a time where only "more than so many?" is asked."""

PER_MESSAGE, PER_ANSWER = 5, 3
"""Tokens of the chat template (ChatML) around a message, and before the answer."""

MARGIN: Final = 1.25
"""An estimate is raised by this much: it should rather be too high than too low."""


class Tokens(Protocol):
    """A way of counting. ``exact`` says that the model counts the same."""

    name: str
    exact: bool

    def count(self, text: str) -> int:
        """The tokens of ``text``."""

    def over(self, text: str, most: int) -> bool:
        """Whether ``text`` has more than ``most`` tokens; stops counting once that is known."""


class Vocabulary:
    """Exact counts by a vocabulary of byte-pair ranks."""

    exact = True

    def __init__(self, name: str, encoding: Any) -> None:
        self.name = name
        self._encoding = encoding
        self._last: tuple[str, int] = ("", 0)  # a page is asked about several times in a row

    def count(self, text: str) -> int:
        """The tokens of ``text``."""
        last, known = self._last
        if text is last or (len(text) == len(last) and text == last):
            return known
        known = len(self._encoding.encode_ordinary(_normal(text)))
        if len(text) > PIECE // 4:
            self._last = (text, known)
        return known

    def over(self, text: str, most: int) -> bool:
        """Whether ``text`` has more than ``most`` tokens.

        No token is shorter than a byte, so a short text needs no counting. A longer one is counted
        piece by piece, each ending before white space, where a token always begins anew.
        """
        if len(text) * 4 <= most or len(text.encode("utf-8", "replace")) <= most:
            return False
        if text is self._last[0]:
            return self._last[1] > most
        counted = 0
        for piece in _pieces(_normal(text)):
            counted += len(self._encoding.encode_ordinary(piece))
            if counted > most:
                return True
        self._last = (text, counted)
        return False


class TokenizerFile:
    """Exact counts by a ``tokenizer.json``, as the package tokenizers reads it."""

    exact = True

    def __init__(self, name: str, tokenizer: Any) -> None:
        self.name = name
        self._tokenizer = tokenizer

    def count(self, text: str) -> int:
        """The tokens of ``text``."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def over(self, text: str, most: int) -> bool:
        """Whether ``text`` has more than ``most`` tokens."""
        if len(text.encode("utf-8", "replace")) <= most:
            return False
        counted = 0
        for piece in _pieces(text):
            counted += self.count(piece)
            if counted > most:
                return True
        return False


class Estimate:
    """Counts guessed from characters, raised by ``MARGIN``, for a model of unknown vocabulary.

    Vocabularies of 100,000 and more entries take some 4 bytes of Latin text for a token and fewer
    of other scripts, where a character has 2 or 3 bytes (``tests/ask/test_tokens.py`` compares).
    """

    name = "estimate"
    exact = False

    def count(self, text: str) -> int:
        """An upper guess of the tokens of ``text``."""
        plain = sum(map(str.isascii, text)) if not text.isascii() else len(text)
        digits = sum(map(text.count, "0123456789"))
        other = len(text) - plain
        return math.ceil(MARGIN * ((plain - digits) / 4 + digits + other * 0.75))

    def over(self, text: str, most: int) -> bool:
        """Whether ``text`` is guessed to have more than ``most`` tokens."""
        return self.count(text) > most


@cache
def qwen() -> Tokens:
    """The vocabulary of Qwen1 to Qwen3, or an estimate where tiktoken is not installed."""
    try:
        import tiktoken
    except ImportError:
        return Estimate()
    rows = (row.split() for row in lzma.decompress(QWEN_FILE.read_bytes()).splitlines())
    ranks = {base64.b64decode(word): int(rank) for word, rank in rows}
    encoding = tiktoken.Encoding(
        "qwen", pat_str=QWEN_PATTERN, mergeable_ranks=ranks, special_tokens={}
    )
    return Vocabulary("qwen", encoding)


@cache
def tokens_named(name: str) -> Tokens:
    """The counter that a setting names: ``qwen``, ``estimate``, or a ``tokenizer.json``."""
    if name in ("", "qwen"):
        return qwen()
    if name == "estimate":
        return Estimate()
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise SettingsError(
            f"reading {name} needs the package tokenizers",
            hint='install it, or say tokenizer = "qwen" or "estimate"',
        ) from None
    try:
        return TokenizerFile(name, Tokenizer.from_file(name))
    except Exception as error:  # the package raises nothing narrower
        raise SettingsError(
            f"the tokenizer {name} cannot be read: {error}",
            hint='name a tokenizer.json, or say "qwen" or "estimate"',
        ) from error


def count_messages(tokens: Tokens, messages: Sequence[tuple[str, str]]) -> int:
    """The tokens of a prompt in the chat template of Qwen (ChatML)."""
    total = PER_ANSWER + PER_MESSAGE * len(messages)
    for role, content in messages:
        count = _kept_count if role == "system" else _count
        total += count(cast(Any, tokens), content)
    return total


def _count(tokens: Tokens, text: str) -> int:
    return tokens.count(text)


@lru_cache(maxsize=64)
def _kept_count(tokens: Tokens, text: str) -> int:
    """The count of a text that all prompts of a run share."""
    return tokens.count(text)


def _normal(text: str) -> str:
    """Qwen's tokenizer reads text in Unicode's composed form."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _pieces(text: str) -> list[str]:
    """``text`` in pieces of about ``PIECE`` characters, cut before a line or a word."""
    out, at = [], 0
    while at < len(text):
        end = at + PIECE
        if end < len(text):
            cut = text.rfind("\n", at + 1, end)
            cut = cut if cut > at else text.rfind(" ", at + 1, end)
            end = cut if cut > at else end
        out.append(text[at:end])
        at = end
    return out


class Scaled:
    """Another vocabulary's counts, raised to those of a model that counts more, and by a margin."""

    exact = False

    def __init__(self, tokens: Tokens, factor: float) -> None:
        self.name = f"{tokens.name}, scaled"
        self._tokens, self._factor = tokens, factor * 1.1

    def count(self, text: str) -> int:
        """An upper guess of the tokens of ``text``."""
        return math.ceil(self._tokens.count(text) * self._factor)

    def over(self, text: str, most: int) -> bool:
        """Whether ``text`` is guessed to have more than ``most`` tokens."""
        return self._tokens.over(text, int(most / self._factor))
