"""Made-up inputs without any tool: kept inputs and seeds, changed at random by a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from fuzz.nouns import Target

CORPUS: Final = Path(__file__).with_name("corpus")
LONGEST: Final = 4_096
"""Bytes of a made-up input."""


def folder(target: Target) -> Path:
    """Where the kept inputs of a target lie."""
    return CORPUS / target.name.replace("/", "-")


def kept(target: Target) -> list[tuple[str, bytes]]:
    """Kept inputs of a target by name; found ones are called by their hash, crashes by words."""
    place = folder(target)
    names = sorted(place.iterdir()) if place.is_dir() else []
    return [(path.name, path.read_bytes()) for path in names]


def made(target: Target, count: int, seed: int) -> Iterator[bytes]:
    """``count`` inputs: seeds and kept inputs with changes, the same for the same ``seed``."""
    draw = random.Random(f"{target.name} {seed}")
    pool = [*target.seeds, *(data for _, data in kept(target))]
    words = [word.encode("utf-8", "surrogatepass") for word in target.words] or [b"\0"]
    for _ in range(count):
        data = bytearray(draw.choice(pool))
        for _ in range(draw.randrange(1, 8)):
            _change(data, draw, pool, words)
        yield bytes(data[:LONGEST])


def _change(data: bytearray, draw: random.Random, pool: list[bytes], words: list[bytes]) -> None:
    """One change in place."""
    at = draw.randrange(len(data) + 1)
    end = min(len(data), at + draw.choice((1, 1, 2, 4, 16, 64, 256)))
    how = draw.randrange(8)
    if how == 0 and at < len(data):
        data[at] ^= 1 << draw.randrange(8)
    elif how == 1 and at < len(data):
        data[at] = draw.choice(
            (0, 9, 10, 13, 32, 34, 39, 60, 62, 92, 127, 255, draw.randrange(256))
        )
    elif how == 2:
        del data[at:end]
    elif how == 3:
        data[at:at] = draw.choice(words)
    elif how == 4:
        data[at:at] = data[at:end] * draw.choice((1, 1, 2, 30))
    elif how == 5:
        other = draw.choice(pool)
        start = draw.randrange(len(other) + 1)
        data[at:end] = other[start : start + draw.choice((4, 16, 64, 512))]
    elif how == 6:
        data[at:at] = chr(draw.choice(_LETTERS)).encode("utf-8", "surrogatepass")
    else:
        data[at:end] = draw.choice(words)


_LETTERS: Final = (
    0, 0xA0, 0xAD, 0x130, 0x131, 0x17F, 0x1E9E, 0x301, 0x660, 0x966, 0x200B, 0x200D, 0x2028, 0x202E,
    0x2126, 0x212A, 0x3000, 0xD800, 0xDFFF, 0xFB01, 0xFEFF, 0xFF11, 0xFFFD, 0xFFFE, 0x1F956,
    0x10FFFF,
)  # fmt: skip
