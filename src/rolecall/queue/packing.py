"""Pages and records as the queue keeps them: compressed, pages once for equal bytes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import orjson
import zstandard

from rolecall.record import dump

_own = threading.local()
"""A compressor serves one thread at a time."""

LONGEST_WORDS = 2_000
"""Bytes; PostgreSQL takes no row of an index over 2,700."""


def pack(data: bytes) -> bytes:
    """``data`` compressed, quickly rather than well."""
    if not hasattr(_own, "compressor"):
        _own.compressor = zstandard.ZstdCompressor(level=1)
    packed: bytes = _own.compressor.compress(data)
    return packed


def unpack(packed: bytes) -> bytes:
    """What `pack` was given."""
    if not hasattr(_own, "decompressor"):
        _own.decompressor = zstandard.ZstdDecompressor()
    data: bytes = _own.decompressor.decompress(packed)
    return data


def pack_record(record: Mapping[str, Any]) -> bytes:
    """A record as it is kept."""
    return pack(dump(record))


def unpack_record(packed: bytes) -> dict[str, Any]:
    """The record that `pack_record` was given."""
    record: dict[str, Any] = orjson.loads(unpack(packed))
    return record


def route_of(record: Mapping[str, Any]) -> str:
    """Who the page's values are from, in one word: an engine's name, ``embedded`` or ``none``."""
    answered = [
        one["engine"] for one in record.get("attempts") or () if one.get("result") == "stop"
    ]
    if answered:
        return str(answered[-1])
    return "embedded" if record.get("data") is not None else "none"


def words_of(record: Mapping[str, Any]) -> str:
    """What a record is found by, in small letters."""
    data = record.get("data") or {}
    told = [data.get("title"), data.get("company"), record.get("source"), record.get("url")]
    words = " ".join(str(one) for one in told if one).lower()
    return words.encode("utf-8", "replace")[:LONGEST_WORDS].decode("utf-8", "ignore")
