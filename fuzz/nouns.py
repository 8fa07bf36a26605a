"""The nouns of fuzzing: a target, what it makes of bytes, and what is wrong with what came out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeVar

import orjson
from msgspec import Struct

from rolecall.record import dump

T = TypeVar("T")

WHOLE: Final = 1 << 16
"""Bytes of an input that targets look at; what is longer finds nothing that this does not."""


class BrokenError(AssertionError):
    """Something that must hold of every input does not hold of this one."""


class Target(Struct, frozen=True, kw_only=True):
    """What is fuzzed.

    ``run`` raises `BrokenError` where ``holds`` does not, or whatever was not foreseen. ``seeds``
    are inputs to start from, ``words`` what inputs of this kind are made of. No input of up to 4 kB
    may take more than ``seconds``.
    """

    name: str
    holds: str
    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    words: tuple[str, ...] = ()
    seconds: float = 1.0


class Draw:
    """Reads decisions from the start of an input, and texts from what is left of it."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data[:WHOLE], 0

    def number(self, below: int) -> int:
        """A number from 0; 0 where the input has ended."""
        if below <= 1:
            return 0
        size = 1 if below <= 256 else 2 if below <= 1 << 16 else 8
        part = self._data[self._at : self._at + size]
        self._at += size
        return int.from_bytes(part, "big") % below

    def choice(self, among: tuple[T, ...]) -> T:
        """One of ``among``."""
        return among[self.number(len(among))]

    def flag(self) -> bool:
        """Yes or no."""
        return self.number(2) == 1

    def part(self) -> bytes:
        """The bytes up to the next 0xFF, which no UTF-8 holds; else all that are left."""
        end = self._data.find(b"\xff", self._at)
        end = len(self._data) if end < 0 else end
        found = self._data[self._at : end]
        self._at = end + 1
        return found

    def rest(self) -> bytes:
        """All bytes that are left."""
        found = self._data[self._at :]
        self._at = len(self._data)
        return found

    @property
    def more(self) -> bool:
        """Whether anything is left."""
        return self._at < len(self._data)


def text_of(data: bytes) -> str:
    """Bytes as text, lone surrogates included, as careless programs hand them on."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")


def broken(said: str) -> NoReturn:
    """Say what does not hold."""
    raise BrokenError(said)


def hold(holds: bool, said: str) -> None:
    """Say so where something does not hold."""
    if not holds:
        raise BrokenError(said)


def strictly(value: Any) -> None:
    """That ``value`` is data of strict JSON: written as a record is, it reads as it was."""
    told = json.dumps({"value": value}, allow_nan=False, ensure_ascii=False).encode("utf-8")
    hold(json.loads(told) == {"value": value}, f"is no JSON: {value!r:.300}")
    orjson.loads(dump({"value": value}))


def plain_text(text: str) -> None:
    """That ``text`` is text of UTF-8."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        broken(f"no text of UTF-8: {error}")
