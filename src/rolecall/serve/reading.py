"""What is sent to the API, read strictly: JSON as RFC 8259 has it, known names only."""

from __future__ import annotations

import asyncio
import re
import threading
from datetime import date
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Raw, Struct, field
from starlette.requests import ClientDisconnect, Request

from rolecall.core import Source
from rolecall.serve.problems import ProblemError

T = TypeVar("T")

LARGE: Final = 262_144
"""Bytes from which on a body is read in another thread, so that nobody else waits for it."""
MOST_PAGES: Final = 1_000
SCHEMA_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
DATE: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"

_room = threading.local()
"""How many more pages the batch that this thread decodes may have."""

_Line = Meta(min_length=1, max_length=2_000, pattern=r"^[^\x00-\x1f\x7f]+$")
_Address = Meta(min_length=8, max_length=2_000, pattern=r"^https?://[^\x00-\x20\x7f]+$")
_Word = Meta(
    min_length=1, max_length=100, pattern=r"^[A-Za-z0-9!#$&^_.+-]+(/[A-Za-z0-9!#$&^_.+-]+)?$"
)
_Key = Meta(min_length=1, max_length=200, pattern=r"^[!-~]+$")
_Day = Meta(pattern=DATE)
_Priority = Meta(ge=-100, le=100)
_Delay = Meta(ge=0, le=2_592_000)


class Page(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A page: its ``html``, ``text`` or ``body_base64``, or only the ``url`` to fetch it from.

    ``url`` is otherwise where it was found, ``source`` what the sender calls it, ``captured`` the
    day it was saved.
    """

    html: str | None = None
    text: str | None = None
    body_base64: bytes | None = None
    url: Annotated[str, _Address] | None = None
    source: Annotated[str, _Line] | None = None
    charset: Annotated[str, _Word] | None = None
    media_type: Annotated[str, _Word] | None = None
    captured: Annotated[str, _Day] | None = None


class OnePage(Page, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A page to be extracted at once, and the ``schema`` of its record: a name, a hash or the
    schema itself."""

    schema: Raw = field(default_factory=Raw)


class QueuedPage(Page, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A page of a batch. With ``key`` it is the only one of that key: another is not taken in.

    ``priority`` (the higher, the sooner) and ``delay`` (seconds) stand before those of the batch.
    """

    key: Annotated[str, _Key] | None = None
    priority: Annotated[int, _Priority] | None = None
    delay: Annotated[float, _Delay] | None = None

    def __post_init__(self) -> None:
        """Stop at the first page that is too many: a list is only measured once it is whole, and
        three bytes on the wire make a page of some hundred here."""
        left = getattr(_room, "pages", None)
        if left is not None:
            if left <= 0:
                raise ValueError(f"a batch has at most {MOST_PAGES:,} pages")
            _room.pages = left - 1


class CallbackSent(Struct, kw_only=True, forbid_unknown_fields=True):
    """Where to tell that the batch has ended, and the secret to sign with."""

    url: Annotated[str, _Address]
    secret: Annotated[str, Meta(min_length=16, max_length=256, pattern=r"^[!-~]+$")]


class BatchSent(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Pages to be extracted when their turn comes."""

    pages: Annotated[list[QueuedPage], Meta(min_length=1, max_length=MOST_PAGES)]
    schema: Raw = field(default_factory=Raw)
    priority: Annotated[int, _Priority] = 0
    delay: Annotated[float, _Delay] = 0.0
    callback: CallbackSent | None = None


class SchemaSent(Struct, kw_only=True, forbid_unknown_fields=True):
    """A JSON Schema to be kept, and the name it gets."""

    schema: Raw
    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")] | None = None


def media_type(request: Request) -> tuple[str, str | None]:
    """The media type of a body, in small letters, and its charset."""
    kind, _, rest = request.headers.get("content-type", "").partition(";")
    found = re.search(r"charset\s*=\s*\"?([A-Za-z0-9._:-]{1,40})", rest, re.IGNORECASE)
    return kind.strip().lower(), found[1] if found else None


async def body_of(request: Request) -> bytes:
    """The whole body; its size and time are bounded already."""
    try:
        return await request.body()
    except ClientDisconnect:
        raise ProblemError(400, "gone", "the request was cut off") from None


async def read_json(request: Request, kind: type[T]) -> T:
    """The body as a ``kind``.

    Raises:
        ProblemError: 415 for another media type, 400 for what is no JSON, 422 for another shape.
    """
    if media_type(request)[0] != "application/json":
        raise wrong_media_type("application/json")
    body = await body_of(request)
    if len(body) < LARGE:
        return decoded(body, kind)
    return await asyncio.to_thread(decoded, body, kind)


def decoded(body: bytes, kind: type[T], place: str = "") -> T:
    """JSON text as a ``kind``; see `read_json`. ``place`` is where it stands, for messages."""
    _room.pages = MOST_PAGES
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        path = re.sub(r"\.([^.\[]+)|\[([0-9]+)\]", r"/\1\2", where.rstrip("`"))
        told = {"pointer": place + path, "message": what}
        raise ProblemError(
            422, "invalid", f"{place + path or 'the body'}: {what}", errors=[told]
        ) from None
    except RecursionError:
        raise ProblemError(400, "malformed", "the JSON is nested too deep") from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise ProblemError(400, "malformed", f"this is no JSON: {error}") from None


def wrong_media_type(*allowed: str) -> ProblemError:
    """The refusal of a body of another kind."""
    return ProblemError(
        415,
        "media_type",
        f"send {' or '.join(allowed)}, and say so in Content-Type",
        headers={"Accept": ", ".join(allowed)},
    )


def source_of(page: Page, pointer: str = "") -> Source | None:
    """The page as the path takes it; ``None`` where it is to be fetched from its address.

    Raises:
        ProblemError: it is given twice or not at all, or what is given does not fit together.
    """
    given = [name for name in ("html", "text", "body_base64") if getattr(page, name) is not None]
    if len(given) > 1:
        raise wrong(pointer, f"give one of {' and '.join(given)}, not both")
    if page.url is not None:
        check_address(page.url, f"{pointer}/url")
    if not given:
        if page.url is None:
            raise wrong(pointer, "give the page as html, text or body_base64")
        return None
    captured = read_day(page.captured, f"{pointer}/captured")
    if given[0] != "body_base64":
        if page.charset is not None:
            raise wrong(f"{pointer}/charset", "goes with body_base64 only: JSON text is Unicode")
        words = page.html if page.html is not None else page.text
        kind: str | None = page.media_type
        kind = kind or ("text/html" if page.html is not None else "text/plain")
        body = (words or "").encode()
    else:
        kind, body = page.media_type, page.body_base64 or b""
    return Source(
        body=body,
        locator=page.source or page.url or "-",
        url=page.url,
        media_type=kind,
        charset=page.charset if given[0] == "body_base64" else "utf-8",
        captured=captured,
    )


def check_address(url: str, pointer: str) -> None:
    """Refuse what is no web address."""
    try:
        parts = urlsplit(url)
        _ = parts.port
        named = bool(parts.hostname)
    except ValueError:
        named = False
    if not named:
        raise wrong(pointer, "is no web address")


def read_day(day: str | None, pointer: str) -> date | None:
    """A day; refuses one that is not in the calendar."""
    if day is None:
        return None
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise wrong(pointer, "is no day like 2026-05-31") from None


def wrong(pointer: str, message: str) -> ProblemError:
    """The refusal of something that was sent, with its place."""
    told: dict[str, Any] = {"pointer": pointer, "message": message}
    return ProblemError(422, "invalid", f"{pointer or 'the body'}: {message}", errors=[told])
