"""The header of a safetensors file: which tensors lie in it, of which type and size."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any, TypeGuard

import orjson
from msgspec import Struct

from rolecall.errors import UsageError

PREFIX = 8
"""A file begins with the length of its header, in so many bytes, the least first."""

LONGEST_HEADER = 100_000_000
"""The format's own limit."""

BITS = {
    "F64": 64, "F32": 32, "F16": 16, "BF16": 16, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8,
    "I64": 64, "I32": 32, "I16": 16, "I8": 8, "U64": 64, "U32": 32, "U16": 16, "U8": 8, "BOOL": 8,
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "C64": 64,
}  # fmt: skip
"""Bits of one value, by the name of its type."""


class Tensor(Struct, frozen=True, kw_only=True):
    """One tensor of a file: its name, type, shape, and the bytes that it takes there."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    stored: int

    @property
    def values(self) -> int:
        """How many values it holds."""
        return prod(self.shape)


def header_length(start: bytes, size: int, name: str) -> int:
    """The length of the header that follows the first eight bytes of a file of ``size`` bytes."""
    if len(start) < PREFIX or size < PREFIX:
        raise _damaged(name, "it is too short to be a safetensors file")
    length = int.from_bytes(start[:PREFIX], "little")
    if not 2 <= length <= LONGEST_HEADER:
        raise _damaged(name, "it does not begin like a safetensors file")
    if length > size - PREFIX:
        raise _damaged(name, f"it ends within its own header, after {size:,} bytes")
    return length


def tensors_of(header: bytes, size: int, name: str) -> tuple[Tensor, ...]:
    """The tensors that a header lists, held against the size of the file."""
    try:
        told = orjson.loads(header)
    except orjson.JSONDecodeError:
        raise _damaged(name, "its header is not JSON") from None
    if not isinstance(told, dict):
        raise _damaged(name, "its header is not an object")
    room = size - PREFIX - len(header)
    found, end, filled = [], 0, 0
    for key, value in told.items():
        if key == "__metadata__":
            continue
        tensor, stop = _tensor(key, value, name)
        end = max(end, stop)
        filled += tensor.stored
        found.append(tensor)
    if end != room:
        more = f"{end - room:,} bytes are missing at its end" if end > room else "it is too long"
        raise _damaged(name, more)
    if filled != room:  # the format has neither holes nor two tensors in one place
        raise _damaged(name, "its tensors do not lie one behind the other")
    return tuple(found)


def read_tensors(path: Path) -> tuple[Tensor, ...]:
    """The tensors of a file; nothing but its header is read."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = header_length(file.read(PREFIX), size, str(path))
            header = file.read(length)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    return tensors_of(header, size, str(path))


def _tensor(key: str, value: Any, name: str) -> tuple[Tensor, int]:
    if not isinstance(value, dict):
        raise _damaged(name, f"its header says nothing of tensor {key!a:.80}")
    dtype, shape, offsets = value.get("dtype"), value.get("shape"), value.get("data_offsets")
    if not isinstance(dtype, str) or dtype not in BITS:
        raise _damaged(name, f"tensor {key!a:.80} has the unknown type {dtype!a:.40}")
    if not _counts(shape) or len(shape) > 16:
        raise _damaged(name, f"tensor {key!a:.80} has no shape")
    if not _counts(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise _damaged(name, f"tensor {key!a:.80} lies nowhere")
    stored = offsets[1] - offsets[0]
    if prod(shape) * BITS[dtype] != stored * 8:
        raise _damaged(name, f"tensor {key!a:.80} does not fill its place")
    return Tensor(name=key, dtype=dtype, shape=tuple(shape), stored=stored), offsets[1]


def _counts(value: Any) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(
        isinstance(one, int) and not isinstance(one, bool) and 0 <= one < 2**62 for one in value
    )


def _damaged(name: str, why: str) -> UsageError:
    return UsageError(
        f"{name} is damaged: {why}", hint="fetch it again: rolecall models pull continues and "
        "verifies what is there",
    )  # fmt: skip
