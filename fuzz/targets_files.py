"""Targets on files: inputs of every kind, and outputs that a crash has torn or a disk damaged."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson

from fuzz.nouns import Draw, Target, broken, hold, plain_text, strictly
from rolecall.core import Reason, Source
from rolecall.errors import Error, SourceError, UsageError
from rolecall.inputs.archive import archive
from rolecall.inputs.columns import DEFAULT as COLUMNS
from rolecall.inputs.kinds import by_content
from rolecall.inputs.nouns import Input, Left
from rolecall.inputs.parquet import parquet, rows
from rolecall.inputs.read import load
from rolecall.inputs.rows import from_lines
from rolecall.inputs.unpacked import plain
from rolecall.inputs.wacz import wacz
from rolecall.outputs.heads import head_of, numbered
from rolecall.outputs.nouns import Head
from rolecall.outputs.open import Format, open_output
from rolecall.record import dump, failed_record

LIMIT: Final = 20_000
CONFIG: Final = "c0ffee"
PACKED: Final = (
    b"\x1f\x8b",
    b"\x28\xb5\x2f\xfd",
    *(bytes((n, 0x2A, 0x4D, 0x18)) for n in range(0x50, 0x60)),
)
BASE: Final = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _blocks(body: bytes, size: int) -> Iterator[bytes | None]:
    for at in range(0, len(body), size):
        yield body[at : at + size]
        yield None


def _taken(entries: Iterator[Input | None]) -> list[tuple[Any, ...]]:
    """Inputs as they are read: each gives a page or a typed reason why not."""
    out: list[tuple[Any, ...]] = []
    for entry in entries:
        if entry is None:
            continue
        hold(len(out) < 5_000, "inputs without end")
        plain_text(entry.locator)
        try:
            source, notices = load(entry, limit=LIMIT)
        except SourceError as error:
            hold(bool(str(error)), "a fault without a word")
            out.append((entry.locator, error.code))
            continue
        hold(len(source.body) <= LIMIT, "a page over the limit")
        for one in notices:
            strictly([one.code, one.message])
        out.append((entry.locator, source.id, source.url, source.media_type, source.charset))
    return out


def _lines(data: bytes) -> None:
    draw = Draw(data)
    size = 1 + draw.number(97)
    body = draw.rest()
    by_content(body[:4096])
    whole = _taken(from_lines(plain(_blocks(body, 1 << 20)), "a", None, LIMIT))
    cut = _taken(from_lines(plain(_blocks(body, size)), "a", None, LIMIT))
    if not body.startswith(PACKED):  # of what is damaged, more can be read in small pieces
        hold(whole == cut, f"cut otherwise, the inputs are others: {whole} and {cut}")


def _warc(data: bytes) -> None:
    draw = Draw(data)
    size = 1 + draw.number(97)
    body = draw.rest()
    lefts = Left(), Left()
    whole = _taken(archive(plain(_blocks(body, 1 << 20)), "a", LIMIT, lefts[0]))
    cut = _taken(archive(plain(_blocks(body, size)), "a", LIMIT, lefts[1]))
    if not body.startswith(PACKED):
        hold(whole == cut, f"cut otherwise, the pages are others: {whole} and {cut}")
    hold(bool(whole) or bool(lefts[0].records), "an archive of nothing, and no word of it")


def _packed(data: bytes) -> None:
    """Parquet and WACZ."""
    draw = Draw(data)
    zipped = draw.flag()
    body = draw.rest()
    if zipped:
        hold(
            bool(_taken(wacz(io.BytesIO(body), "a", LIMIT, left := Left())) or left.records),
            "silent",
        )
        return
    _taken(parquet(io.BytesIO(body), "a", LIMIT, COLUMNS))
    told = rows(io.BytesIO(body))
    hold(told is None or told >= 0, f"has {told} rows")


def _head(data: bytes) -> None:
    line = data
    head = head_of(line)
    try:
        told = orjson.loads(line)
    except orjson.JSONDecodeError:
        told = None
    if head is None:
        return
    hold(line.endswith(b"\n"), "the head of a line without its end")
    if not isinstance(told, dict) or dump(told) + b"\n" != line:
        # What lies between the two ends of a line is not read: a crash cannot change it alone.
        return
    same = _told(told)
    hold(head == same, f"the head is {head}, and the record says {same}")
    strictly(head.source)
    again = head_of(numbered(line, 7))
    hold(again is not None and again.seq == 7, "numbered, and not found again")


def _told(record: dict[str, Any]) -> Head:
    """The head as all of the record says it."""
    return Head(
        record["seq"],
        record["source"],
        record["source_id"],
        record["outcome"] == "failed",
        bool((record["reason"] or {}).get("retryable")),
        record["config"],
        "text" in record,
    )


def record(name: str, seq: int, more: str = "") -> bytes:
    """The line of a record."""
    source = Source(body=name.encode(), locator=name)
    reason = Reason(code="unreadable", stage="read", message=f"no {more}")
    return dump(failed_record(reason, locator=name, seq=seq, config=CONFIG, source=source))


FORMATS: Final[tuple[Format, ...]] = ("jsonl", "jsonl.gz", "jsonl.zst", "csv")


def _output(data: bytes) -> None:
    """An output or a journal that is damaged: refused in words, or continued without a loss."""
    draw = Draw(data)
    form, journal, fresh = draw.choice(FORMATS), draw.flag(), draw.flag()
    body = draw.rest()
    with tempfile.TemporaryDirectory(dir=BASE) as folder:
        path = Path(folder) / f"out.{form}"
        torn = path.with_name(f".{path.name}.journal") if journal and form != "csv" else path
        torn.write_bytes(body)
        before = _kept(body) if torn != path or form == "jsonl" else set()
        try:
            output = open_output(str(path), "resume", CONFIG, form=form)
        except Error:
            hold(torn.read_bytes() == body, "refused, and changed")
            return
        try:
            known = {name for name in before if output.known(name) is not None}
            if fresh:
                output.append("new", 0, record("new", 0))
            output.complete()
        except UsageError:
            return
        finally:
            output.close()
        if form == "jsonl" and torn == path:
            _whole(path.read_bytes(), known | ({"new"} if fresh else set()))


def _kept(body: bytes) -> set[str]:
    """The sources of the whole records in a file of JSON Lines."""
    out = set()
    for line in body.split(b"\n")[:-1]:
        try:
            told = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(told, dict) and isinstance(told.get("source"), str):
            out.add(told["source"])
    return out


def _whole(body: bytes, wanted: set[str]) -> None:
    names = set()
    for number, line in enumerate(body.split(b"\n")[:-1]):
        head = head_of(line + b"\n")
        if head is None:
            broken(f"line {number} of a completed output is no record")
        names.add(head.source)
        hold(head.seq == number, f"line {number} says that it is {head.seq}")
    hold(body == b"" or body.endswith(b"\n"), "a completed output with a torn end")
    lost = {name for name in wanted if name not in names}
    hold(not lost, f"lost {sorted(lost)[:3]}")


_LINE: Final = record("a.html", 0) + b"\n"
_TWO: Final = _LINE + record("b.html", 1, 'quote " and \\ mark') + b"\n"
_WARC: Final = (
    b"WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Length: 2\r\n\r\nhi\r\n\r\n"
    b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://a.example/1\r\nWARC-Date: "
    b"2026-11-02T10:00:00Z\r\nContent-Type: application/http; msgtype=response\r\nContent-Length:"
    b" 92"
    b"\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nTransfer-Encoding: chu"
    b"nked"
    b"\r\n\r\n5\r\n<p>ab\r\n0\r\n\r\n\r\n\r\n"
)


def _made(write: str) -> bytes:
    """A file that a library writes, to be damaged."""
    if write == "parquet":
        import pyarrow
        from pyarrow.parquet import write_table

        file = io.BytesIO()
        write_table(
            pyarrow.table({"html": ["<p>a</p>", None], "url": ["https://a.example", ""]}), file
        )
        return file.getvalue()
    import zipfile

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr("archive/a.warc", _WARC)
        zipped.writestr("datapackage.json", "{}")
    return file.getvalue()


def _compressed(form: str) -> bytes:
    import gzip

    import zstandard

    if form == "gz":
        return gzip.compress(_TWO, mtime=0)
    return bytes(zstandard.ZstdCompressor().compress(_TWO))


TARGETS: Final = (
    Target(
        name="inputs/lines",
        holds="each line is a page or a typed failure, the same however the bytes are cut",
        run=_lines,
        seeds=(
            b"\x05" + b'{"html":"<p>a","url":"https://a.example","captured":"2026-11-02"}\r\n\n{"'
            b'text":"b"}',
            b"\x03\xef\xbb\xbf{}\n[1]\n{\"html\":1}\n\xff\n", b"\x07" + _compressed("gz"),
            b"\x0b" + _compressed("zst"),
        ),
        words=('"html":', '"text":', '"url":', '"charset":', '"captured":', "\\ud800", "\r\n",
               "\xef\xbb\xbf"),
    ),
    Target(
        name="inputs/warc",
        holds="each record is a page, counted as left out, or a typed failure; however it is cut",
        run=_warc,
        seeds=(b"\x05" + _WARC, b"\x09" + _WARC.replace(b"chunked", b"gzip"),
            b"\x01WARC/1.1\r\n\r\n"),
        words=("WARC/1.0\r\n", "WARC-Type: response\r\n", "Content-Length: ", "HTTP/1.1 200 OK\r\n",
               "Transfer-Encoding: chunked", "Content-Encoding: gzip", "\r\n\r\n",
               "WARC-Target-URI: ",
               "resource", "conversion", "revisit", "metadata", "-1", "99999999999"),
    ),
    Target(
        name="inputs/packed",
        holds="a damaged Parquet file or WACZ gives typed failures and nothing else",
        run=_packed,
        seeds=(b"\x00" + _made("parquet"), b"\x01" + _made("wacz")),
        words=("PAR1", "PK\x03\x04", "PK\x05\x06", "archive/", ".warc.gz"),
    ),
    Target(
        name="outputs/head",
        holds="the quick reading of a line's head says what the whole line says",
        run=_head,
        seeds=(_LINE, _TWO, _LINE.replace(b"failed", b"ok"), _LINE[:-1], _LINE.replace(b"a.html",
            b"\\u00e9")),
        words=('"config":"', '"seconds":{', '"source":"', '"reason":null', '\\"', "\\\\", '"text":',
               '"seq":',
               '"retryable":true', "}\n", '"source_id":null', ',"config":"x","seconds":{}}'),
    ),
    Target(
        name="outputs/resume",
        holds="a damaged output is refused as it is, or continued with all whole records in it",
        run=_output,
        seeds=(
            b"\x00\x00\x01" + _TWO, b"\x00\x00\x01" + _TWO[:-30],
            b"\x00\x00\x00" + _LINE + b"\0" * 40,
            b"\x01\x00\x01" + _compressed("gz"), b"\x02\x00\x01" + _compressed("zst"),
            b"\x01\x01\x01" + _TWO[:-9], b"\x03\x00\x01seq,source\n0,a\n",
            b"\x00\x00\x01" + _TWO + _TWO,
        ),
        words=('{"schema_version":"1","seq":', '"source":"a.html"', '"config":"c0ffee"', "\n",
               "\0\0\0\0"),
    ),
)  # fmt: skip
