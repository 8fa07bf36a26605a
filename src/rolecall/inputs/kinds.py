"""What kind of input a file is: by the ending of its name, else by its first bytes."""

from __future__ import annotations

import os
import re
from typing import Literal

from rolecall.errors import SourceError
from rolecall.inputs.files import open_regular
from rolecall.inputs.unpacked import GZIP, is_zstd, starts

Kind = Literal["page", "lines", "parquet", "sqlite", "warc", "wacz"]

PAGE_SUFFIXES = (".html", ".htm", ".xhtml", ".txt", ".text", ".md", ".markdown")
LINE_SUFFIXES = (".jsonl", ".ndjson", ".jsonlines")
PACKED = (".gz", ".zst")
ENDINGS: tuple[tuple[str | tuple[str, ...], Kind], ...] = (
    (PAGE_SUFFIXES, "page"),
    (LINE_SUFFIXES, "lines"),
    (".warc", "warc"),
)
WHOLE_ENDINGS: tuple[tuple[str | tuple[str, ...], Kind], ...] = (
    ((".parquet", ".pq"), "parquet"),
    ((".sqlite", ".sqlite3"), "sqlite"),
    (".wacz", "wacz"),
)
MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"PAR1", "parquet"),
    (b"SQLite format 3\0", "sqlite"),
    (b"WARC/", "warc"),
)
LINE_START = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{[ \t]*["}]')
SNIFF = 4096  # bytes that tell what a file is


def unpacked_name(name: str) -> str:
    """A name in lower case, without ``.gz`` or ``.zst``."""
    name = name.lower()
    return next((name.removesuffix(end) for end in PACKED if name.endswith(end)), name)


def by_name(path: str) -> Kind | None:
    """The kind that the ending of a name says; ``None`` if it says nothing."""
    low, plain = path.lower(), unpacked_name(path)
    for endings, kind in WHOLE_ENDINGS:
        if low.endswith(endings):
            return kind
    for endings, kind in ENDINGS:
        if plain.endswith(endings):
            return kind
    return None


def by_content(head: bytes) -> Kind:
    """The kind that the first bytes say; what is nothing else is a page."""
    if head[:2] == GZIP or is_zstd(head):
        head = starts(head, SNIFF)
        told = by_content(head) if head[:2] != GZIP and not is_zstd(head) else "page"
        return told if told in ("warc", "lines") else "page"
    for magic, kind in MAGIC:
        if head.startswith(magic):
            return kind
    return "lines" if LINE_START.match(head) else "page"


def kind_of(path: str) -> Kind:
    """The kind of a file on this machine; one that cannot be opened is a page that fails."""
    told = by_name(path)
    if told is not None:
        return told
    try:
        descriptor = open_regular(path)
    except SourceError:
        return "page"
    try:
        return by_content(os.read(descriptor, SNIFF))
    except OSError:
        return "page"
    finally:
        os.close(descriptor)


def table_of(path: str) -> tuple[str, str | None]:
    """``file.sqlite#table`` -> the file and the table; a name that exists is never parted."""
    if "#" in path and "\0" not in path and not os.path.lexists(path):
        file, _, table = path.rpartition("#")
        if table and os.path.isfile(file) and kind_of(file) == "sqlite":
            return file, table
    return path, None
