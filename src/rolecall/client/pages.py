"""Pages as a caller has them, written as the server takes them, in pieces of bounded size."""

from __future__ import annotations

import asyncio
import base64
import os
import re
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct, structs

from rolecall.core import MEDIA_TYPES, Source
from rolecall.errors import SourceError, UsageError

Given = Source | bytes | str | os.PathLike[str]
"""A page: HTML text or bytes, a file by its path, a `Source`, or ``http(s)://…`` to be fetched."""

MOST_PAGES: Final = 500
MOST_BYTES: Final = 8_000_000
"""Pages and bytes in one piece of a submission; a page that is larger goes alone."""

_ADDRESS: Final = re.compile(r"https?://[^\s<>]+")
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f]")


class Page(Struct, frozen=True, kw_only=True):
    """A page of a submission with what belongs to it alone.

    ``key`` makes it the only one of its name among the submitter's: another with the same key is
    not taken in, and gets the first one's task. ``priority`` and ``delay`` (seconds) stand before
    those of the submission.
    """

    page: Given
    url: str | None = None
    key: str | None = None
    priority: int | None = None
    delay: float | None = None


class Sent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page as it stands in a request."""

    html: str | None = None
    body_base64: str | None = None
    url: str | None = None
    source: str | None = None
    charset: str | None = None
    media_type: str | None = None
    captured: str | None = None
    key: str | None = None
    priority: int | None = None
    delay: float | None = None

    @property
    def size(self) -> int:
        """About how many bytes it takes in a request."""
        return 200 + len(self.body_base64 or "") + len(self.html or "") * 9 // 8


def sent(given: Given | Page, url: str | None = None) -> Sent:
    """``given`` as it is sent; ``url`` is the address that it was found at.

    Raises:
        SourceError: a file cannot be read.
        UsageError: it is none of the things that a page can be.
    """
    if isinstance(given, Page):
        told = sent(given.page, given.url or url)
        return structs.replace(told, key=given.key, priority=given.priority, delay=given.delay)
    if isinstance(given, Source):
        return _of_source(given, url)
    if isinstance(given, bytes | bytearray | memoryview):
        return Sent(body_base64=_text(bytes(given)), url=url)
    if isinstance(given, str):
        if _ADDRESS.fullmatch(given.strip()):
            return Sent(url=given.strip())
        if _names_a_file(given):
            raise UsageError(
                f"{given[:200]!r} is the name of a file, and text is taken for HTML",
                hint="give pathlib.Path(...)",
            )
        try:
            given.encode()
        except UnicodeEncodeError:  # half of a pair: JSON cannot hold it, and the page's reader can
            body = given.encode("utf-8", "surrogatepass")
            return Sent(body_base64=_text(body), url=url, charset="utf-8", media_type="text/html")
        return Sent(html=given, url=url)
    if isinstance(given, os.PathLike):
        return _of_file(Path(given), url)
    raise UsageError(
        f"{type(given).__name__} is no page",
        hint="give HTML, bytes, a pathlib.Path, a rolecall.Source, or an address",
    )


def pieces(pages: Iterable[Given | Page]) -> Iterator[list[Sent]]:
    """``pages`` in pieces of at most `MOST_PAGES` and about `MOST_BYTES`, read as they are needed.

    The same pages always fall into the same pieces, so that a submission can be repeated.
    """
    pile = Pile()
    for given in pages:
        if piece := pile.add(sent(given)):
            yield piece
    if pile.piece:
        yield pile.piece


class Pile:
    """The piece that is being put together."""

    def __init__(self) -> None:
        self.piece: list[Sent] = []
        self._size = 0

    def add(self, one: Sent) -> list[Sent]:
        """Put a page on it; the piece before, if that is full now."""
        full: list[Sent] = []
        if self.piece and (len(self.piece) >= MOST_PAGES or self._size + one.size > MOST_BYTES):
            full, self.piece, self._size = self.piece, [], 0
        self.piece.append(one)
        self._size += one.size
        return full


async def apieces(
    pages: Iterable[Given | Page] | AsyncIterable[Given | Page],
) -> AsyncIterator[list[Sent]]:
    """The same for an event loop, which waits for no file."""
    if not isinstance(pages, AsyncIterable):
        found = pieces(pages)
        while piece := await asyncio.to_thread(next, found, None):
            yield piece
        return
    pile = Pile()
    async for given in pages:
        if piece := pile.add(await asyncio.to_thread(sent, given)):
            yield piece
    if pile.piece:
        yield pile.piece


def body_of(pages: list[Sent] | Sent, rest: Mapping[str, Any]) -> bytes:
    """The body of a request: one page, or several with what goes for all of them."""
    told = msgspec.to_builtins(pages) if isinstance(pages, Sent) else {"pages": pages}
    return msgspec.json.encode(told | dict(rest))


def _of_source(source: Source, url: str | None) -> Sent:
    captured = source.captured
    return Sent(
        body_base64=_text(source.body),
        url=source.url or url,
        source=_name(source.locator),
        charset=source.charset,
        media_type=source.media_type,
        captured=captured.isoformat() if isinstance(captured, date) else None,
    )


def _of_file(path: Path, url: str | None) -> Sent:
    try:
        body = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}") from error
    kind = MEDIA_TYPES.get(path.suffix.lower())
    return Sent(body_base64=_text(body), url=url, source=_name(str(path)), media_type=kind)


def _names_a_file(text: str) -> bool:
    """Whether somebody has forgotten ``Path``: no page is one word that a file is called by."""
    if len(text) > 1_000 or "<" in text or "\n" in text or "\0" in text:
        return False
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


def _name(locator: str) -> str | None:
    """A name as the server takes it: one line, bytes that are no UTF-8 written out."""
    shown = locator.encode("utf-8", "backslashreplace").decode()
    shown = _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", shown)[:2_000]
    return shown if shown not in ("", "-") else None


def _text(body: bytes) -> str:
    return base64.b64encode(body).decode("ascii")
