"""Bytes -> text: one layer of gzip, then the charset.

The order is byte order mark, declared charset, valid UTF-8, ``<meta charset>``, a guess. Labels
are read as browsers read them (WHATWG Encoding Standard); UTF-7 is never used.
"""

from __future__ import annotations

import codecs
import re
import zlib
from typing import NamedTuple

from rolecall.core import Notice
from rolecall.errors import SourceError
from rolecall.page.guess import guess_charset, reads_more_like
from rolecall.page.limits import DEFAULT, Limits

__all__ = ["Decoded", "decode", "sniff_binary", "unpack"]


class Decoded(NamedTuple):
    """The text, the charset it was read with, and what had to be repaired."""

    text: str
    charset: str
    notices: tuple[Notice, ...]


_MEMBERS = 64
# WHATWG labels whose Python codec of the same name is a different or narrower one.
_ALIASES = {
    "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "iso_8859-1": "cp1252", "latin1": "cp1252",
    "latin-1": "cp1252", "l1": "cp1252", "ascii": "cp1252", "us-ascii": "cp1252",
    "ansi_x3.4-1968": "cp1252", "x-cp1252": "cp1252", "ansi": "cp1252",
    "iso-8859-9": "cp1254", "latin5": "cp1254", "iso8859-9": "cp1254",
    "iso-8859-11": "cp874", "tis-620": "cp874", "iso-8859-8-i": "iso8859-8",
    "gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932",
    "windows-31j": "cp932", "ms_kanji": "cp932",
    "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "korean": "cp949", "windows-949": "cp949",
    "big5": "big5hkscs", "big5-hkscs": "big5hkscs", "x-x-big5": "big5hkscs",
    "unicode": "utf-16-le", "utf-16": "utf-16-le", "ucs-2": "utf-16-le", "utf8": "utf-8",
    "x-mac-roman": "mac-roman", "macintosh": "mac-roman", "mac": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic", "x-cp1250": "cp1250", "x-cp1251": "cp1251",
    "koi": "koi8-r", "koi8": "koi8-r", "koi8-ru": "koi8-u", "dos-874": "cp874",
    "windows-874": "cp874", "csiso2022jp": "iso2022_jp", "iso-2022-jp": "iso2022_jp",
}  # fmt: skip
_KNOWN = frozenset(
    {"utf-8", "utf-16-le", "utf-16-be", "mac-roman", "mac-cyrillic", "koi8-r", "koi8-u", "cp866"}
    | {"gb18030", "cp932", "cp949", "cp874", "big5hkscs", "euc_jp", "iso2022_jp"}
    | {f"cp125{n}" for n in range(9)}
    | {f"iso8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)}
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"),
)  # fmt: skip
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.S)
_SHIFTS = (b"\x1b$B", b"\x1b$@")  # with these ISO-2022-JP turns to Japanese
_BAD = re.compile("\ufffd+")
_META = re.compile(
    rb"""<meta\s[^>]{0,300}?charset\s*=\s*["']?\s*([\w:.-]{2,40})|"""
    rb"""<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([\w:.-]{2,40})""",
    re.I,
)
_MAGIC = (
    (b"%PDF-", "application/pdf"), (b"\x89PNG\r\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"), (b"GIF89a", "image/gif"), (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"), (b"\xd0\xcf\x11\xe0\xa1\xb1", "application/x-ole-storage"),
    (b"{\\rtf", "application/rtf"), (b"\x1f\x8b", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\x00", "application/x-xz"), (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"), (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"II*\x00", "image/tiff"), (b"MM\x00*", "image/tiff"), (b"\x00\x00\x01\x00", "image/x-icon"),
    (b"\x7fELF", "application/x-elf"), (b"MZ\x90\x00", "application/x-msdownload"),
    (b"OggS\x00", "audio/ogg"), (b"ID3", "audio/mpeg"),
    (b"SQLite format 3\x00", "application/x-sqlite3"),
    (b"\x00asm", "application/wasm"), (b"%!PS-Adobe", "application/postscript"),
    (b"wOFF", "font/woff"), (b"wOF2", "font/woff2"),
)  # fmt: skip
_OFFICE = {
    b"word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    b"xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    b"ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    b"mimetypeapplication/vnd.oasis.opendocument": "application/vnd.oasis.opendocument",
}
_CONTROLS = bytes(b for b in range(32) if b not in b"\t\n\r\f\x1b")
_LOOK = 8192  # bytes looked at to tell text from binary, and for the guess


def unpack(body: bytes, limits: Limits = DEFAULT) -> tuple[bytes, tuple[Notice, ...]]:
    """Undo one layer of gzip, if there is one.

    Raises ``SourceError``: ``too_large`` when the body or what it unpacks to is over
    ``limits.bytes_``, ``decode_error`` when nothing can be unpacked.
    """
    if len(body) > limits.bytes_:
        raise _too_large(limits)
    if not body.startswith(b"\x1f\x8b"):
        return body, ()
    parts: list[bytes] = []
    size = 0
    trouble = ""
    for _ in range(_MEMBERS):
        stream = zlib.decompressobj(wbits=31)
        try:
            part = stream.decompress(body, limits.bytes_ - size + 1)
        except zlib.error as error:
            part, trouble = _salvage(body, limits.bytes_ - size + 1), str(error)
        parts.append(part)
        size += len(part)
        if size > limits.bytes_:
            raise _too_large(limits)
        if trouble or not stream.eof:
            trouble = trouble or "the stream ends early"
            break
        body = stream.unused_data
        if not body.startswith(b"\x1f\x8b\x08"):
            break
    if not trouble:
        return b"".join(parts), ()
    if not size:
        raise SourceError(f"the gzip data cannot be read: {trouble}", code="decode_error")
    return b"".join(parts), (Notice(code="gzip_damaged", message=f"read in part: {trouble}"),)


def _salvage(body: bytes, room: int) -> bytes:
    """What a damaged gzip stream gives before the damage, in steps of 1 kB."""
    stream = zlib.decompressobj(wbits=31)
    parts: list[bytes] = []
    for start in range(0, len(body), 1024):
        try:
            part = stream.decompress(body[start : start + 1024], room)
        except zlib.error:
            break
        parts.append(part)
        room -= len(part)
        if room <= 0 or stream.unconsumed_tail:
            break
    return b"".join(parts)


def _too_large(limits: Limits) -> SourceError:
    return SourceError(
        f"the page is over {limits.bytes_:,} bytes", hint="cut the file", code="too_large"
    )


def sniff_binary(body: bytes) -> str | None:
    """The media type of bytes that are no text (a PDF, an image, an archive), else ``None``."""
    head = body[:_LOOK]
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:64]
    for magic, media_type in _MAGIC:
        if head.startswith(magic) or (magic == b"%PDF-" and start.startswith(magic)):
            if media_type == "application/zip":
                return next((kind for part, kind in _OFFICE.items() if part in head), media_type)
            return media_type
    if head[:4] == b"RIFF" and head[8:12] in (b"WEBP", b"WAVE", b"AVI "):
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(head[8:12], "video/x-msvideo")
    if head[4:8] == b"ftyp":
        return "image/avif" if head[8:12] in (b"avif", b"heic", b"mif1") else "video/mp4"
    if head.startswith(tuple(mark for mark, _ in _MARKS)) or _utf16(head):
        return None
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return "application/octet-stream" if controls > 0.1 * len(head) + 2 else None


def _utf16(head: bytes) -> str | None:
    """The byte order of UTF-16 without a mark: zero bytes stand on one side, and it is a text."""
    head = head[: len(head) // 2 * 2]
    if len(head) < 8 or b"\0" not in head:
        return None
    even, odd = head[::2].count(0), head[1::2].count(0)
    least = max(3, len(head) // 2 * 0.02)
    if max(even, odd) < least or max(even, odd) <= 20 * min(even, odd):
        return None
    name = "utf-16-le" if odd > even else "utf-16-be"
    text = head.decode(name, "replace")
    shown = sum(char.isprintable() or char in "\t\r\n\f" for char in text) - text.count("\ufffd")
    return name if shown >= 0.95 * len(text) - 1 else None


def _codec(label: str | None) -> str | None:
    """The Python codec for a charset label, or ``None`` for one that browsers do not know."""
    if not label:
        return None
    label = label.strip().strip("\"'").lower()
    name = _ALIASES.get(label, label)
    if name in _KNOWN:
        return name
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    found = _ALIASES.get(found, found)
    return found if found in _KNOWN else None


def decode(body: bytes, charset: str | None = None) -> Decoded:
    """Turn bytes into text. Never raises; what could not be read is U+FFFD, with a notice."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return _read(body[len(mark) :], name)
    wide = _utf16(body[:_LOOK])
    if wide:
        return _read(body, wide)
    declared = _codec(charset)
    notices: tuple[Notice, ...] = ()
    if charset and declared is None:
        message = f"the declared charset {charset[:40]!r} is not known"
        notices = (Notice(code="charset_unknown", message=message),)
    valid = _strict(body)
    if valid is not None and any(shift in body for shift in _SHIFTS) and body.isascii():
        return _shifted(body, declared, notices)
    if declared in ("utf-16-le", "utf-16-be") and _is_narrow(body[:_LOOK], valid is not None):
        message = f"declared as {declared}, but that is not what the bytes are"
        declared, notices = None, (Notice(code="charset_overruled", message=message),)
    if declared and declared != "utf-8" and not (valid and _single_byte(declared)):
        found = _doubted(_read(body, declared), body)
        return found._replace(notices=notices + found.notices)
    if valid is not None:
        if declared and declared != "utf-8" and not body.isascii():
            message = f"declared as {declared}, but the bytes are UTF-8"
            notices += (Notice(code="charset_overruled", message=message),)
        return Decoded(valid, "utf-8", notices)
    found = _fallback(body)
    return found._replace(notices=notices + found.notices)


def _shifted(body: bytes, declared: str | None, notices: tuple[Notice, ...]) -> Decoded:
    """Seven-bit bytes that turn to Japanese and back, unless they make no sense so."""
    try:
        text = body.decode("iso2022_jp")
    except UnicodeDecodeError:
        return Decoded(body.decode("ascii"), "utf-8", notices)
    if declared != "iso2022_jp":
        notices += (Notice(code="charset_guessed", message="read as iso2022_jp"),)
    return Decoded(text, "iso2022_jp", notices)


def _is_narrow(head: bytes, utf8: bool) -> bool:
    """Whether bytes cannot be UTF-16: no zero among them, and UTF-8 or nearly all of them ASCII."""
    return b"\0" not in head and (utf8 or sum(byte < 128 for byte in head) > 0.85 * len(head))


def _doubted(found: Decoded, body: bytes) -> Decoded:
    """The reading, with a notice where another charset clearly makes more sense."""
    other = reads_more_like(body, found.charset)
    if other is None:
        return found
    message = f"read as {found.charset}, as the page says; it looks more like {other}"
    return found._replace(
        notices=(*found.notices, Notice(code="charset_doubtful", message=message))
    )


def _single_byte(name: str) -> bool:
    """Whether any bytes are valid in this charset, so that valid UTF-8 is the better witness."""
    return name.startswith(("cp125", "iso8859", "mac", "koi8", "cp866", "cp874"))


def _strict(body: bytes) -> str | None:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        # A page that was cut off in the middle of a character is still UTF-8.
        if error.start >= len(body) - 3 and error.reason == "unexpected end of data":
            return body[: error.start].decode("utf-8")
    return None


def _fallback(body: bytes) -> Decoded:
    """Neither valid UTF-8 nor declared: the page's own word, mostly-UTF-8, or a guess."""
    match = _META.search(_COMMENT.sub(b"", body[:_LOOK]))
    meta = _codec((match[1] or match[2]).decode("ascii", "replace")) if match else None
    if meta and meta not in ("utf-8", "utf-16-le", "utf-16-be"):
        return _doubted(_read(body, meta), body)
    text = body.decode("utf-8", "replace")
    bad = len(_BAD.findall(text))
    good = len(body) - len(text)  # about the number of continuation bytes that made sense
    if good > 2 * bad:
        return _read(body, "utf-8")
    name = guess_charset(body)
    found = _read(body, name)
    message = f"no charset is declared; read as {found.charset}"
    return found._replace(notices=(Notice(code="charset_guessed", message=message), *found.notices))


def _read(body: bytes, name: str) -> Decoded:
    if name.startswith(("utf-16", "utf-32")):
        width = 2 if name.startswith("utf-16") else 4
        body = body[: len(body) // width * width]
    text = body.decode(name, "replace")
    bad = text.count("\ufffd")
    if not bad or (name == "utf-8" and bad == body.count(b"\xef\xbf\xbd")):
        return Decoded(text, name, ())
    message = f"{bad:,} characters could not be read as {name}"
    return Decoded(text, name, (Notice(code="decode_replaced", message=message),))
