"""Targets on bytes and markup: decode, pre-scan, visibility, whole pages, and the records of the"
"m."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final

from fuzz.checks import page_holds, record_holds
from fuzz.nouns import Draw, Target, hold, plain_text, text_of
from fuzz.words import ATTACKS, MARKUP, PAGES, PLAIN, STYLES
from rolecall.core import Page, Source
from rolecall.errors import SourceError
from rolecall.page import clean
from rolecall.page.decode import decode, sniff_binary, unpack
from rolecall.page.limits import DEFAULT, Limits
from rolecall.page.prescan import prescan, without_noscript
from rolecall.page.visibility import hiding_names, look, scrub, unseen
from rolecall.pipeline import Pipeline, extract_record, prepare
from rolecall.settings import Settings

CHARSETS: Final = (
    None, "utf-8", "windows-1252", "utf-16", "iso-8859-1", "shift_jis", "koi8-r", "gb2312",
    "utf-7", "big5", "iso-2022-jp", "nonsense", "", "\x00", "euc-kr", "utf-32", "base64", "rot13",
    "idna", "unicode_escape",
)  # fmt: skip
TYPES: Final = (None, "text/html", "text/plain", "text/markdown", "application/pdf", "x")
NARROW: Final = Limits(depth=12, formatting=5, attributes=6, tags=60, lines=50, links=20, path=8)
TAMED: Final = Limits(depth=12, formatting=5, attributes=6, tags=200)
MANY: Final = f"<!--{3_001 * '<'}-->"
"""So many signs of tags that a page is looked through whatever its size."""

NEEDLE: Final = "qzneedlezq"


def _decode(data: bytes) -> None:
    draw = Draw(data)
    charset = draw.choice(CHARSETS)
    body = draw.rest()
    try:
        plain, _ = unpack(body, Limits(bytes_=100_000))
    except SourceError as error:
        hold(error.code in ("too_large", "decode_error"), f"the code {error.code}")
        return
    hold(len(plain) <= 100_000, "unpacked to more than the limit")
    sniff_binary(plain)
    found = decode(plain, charset)
    plain_text(found.text)
    hold(found == decode(plain, charset), "decoded in two ways")
    hold(len(found.text) <= len(plain) + 1, "more characters than bytes")
    try:
        told = plain.decode("utf-8")
    except UnicodeDecodeError:
        return
    if found.charset == "utf-8" and not plain.startswith(b"\xef\xbb\xbf"):
        hold(found.text == told, "valid UTF-8, and read as another text")


def _prescan(data: bytes) -> None:
    draw = Draw(data)
    limits = draw.choice((TAMED, DEFAULT))
    html = MANY + draw.rest().decode("utf-8", "replace")
    safe, notices = prescan(without_noscript(html), limits)
    hold(len(safe) <= 3 * len(html) + 100, "more markup than there was")
    again, more = prescan(safe, limits)
    hold(bool(notices) or safe == without_noscript(html), "changed without a word")
    hold(prescan(again, limits)[0] == again, f"never done: {more}")


def _visible(data: bytes) -> None:
    draw = Draw(data)
    style, sheet = text_of(draw.part()), text_of(draw.part())
    names, text = text_of(draw.part()), text_of(draw.rest())
    hold(look(style) == look(style), "a style that means two things")
    hiding = hiding_names([sheet])
    hold(all(name[0] in ".#" for name in hiding), "hides what is no name")
    unseen({"class": names, "id": names, "style": style, "hidden": None}, hiding)
    hold(unseen({"hidden": None}), "hidden, and seen")
    once = scrub(text)
    hold(scrub(once) == once, "scrubbing is never done")


def _page(data: bytes) -> None:
    draw = Draw(data)
    media, charset = draw.choice(TYPES), draw.choice((None, None, None, *CHARSETS))
    limits = draw.choice((DEFAULT, DEFAULT, NARROW))
    source = Source(
        body=draw.rest(), media_type=media, charset=charset, url="https://a.example/jobs/1"
    )
    try:
        page = clean(source, limits)
    except SourceError as error:
        hold(error.code in ("too_large", "decode_error"), f"the code {error.code}")
        return
    page_holds(page)
    hold(page == clean(source, limits), "two pages of one source")
    _again(page)


def _again(page: Page) -> None:
    """A page's own text is read as the same text."""
    if len(page.text) > 20_000:
        return
    source = Source(body=page.text.encode(), media_type="text/plain", charset="utf-8")
    again = clean(source)
    # Letters in parts that stand in two elements come together in the text alone.
    same = again.text == page.text or again.text == unicodedata.normalize("NFC", page.text)
    hold(same, f"its text is read as another: {again.text!r:.300}")


def _hidden(data: bytes) -> None:
    """What stands in a hidden element is nowhere in the text, whatever stands around it."""
    draw = Draw(data)
    tag, how = draw.choice(("div", "p", "span", "b", "section", "li")), draw.choice(HIDING)
    around = draw.part().decode("utf-8", "replace")
    inside = draw.rest().decode("utf-8", "replace").replace("<", " ")
    if "<" in around and not around.count("<") == around.count(">") == around.count("<p>"):
        around = around.replace("<", " ")
    html = f"<body><h1>Cook</h1><div>{around}</div><{tag} {how}>{inside} {NEEDLE}</{tag}>"
    page = clean(Source(body=f"<!doctype html>{html}<p>End".encode(), media_type="text/html"))
    hold(NEEDLE not in page.text, "shows what is hidden")
    page_holds(page)


HIDING: Final = (
    "hidden", 'style="display:none"', "style='display : none !important'", 'style="opacity:0"',
    'style="visibility:hidden"', 'style="font-size:0"', "STYLE=display:none", 'aria-hidden="true"',
    'style="position:absolute;left:-9999px"', 'class="sr-only"', 'style="color:transparent"',
)  # fmt: skip


@cache
def pipeline() -> Pipeline:
    """The embedded extraction, with the text in its records."""
    return prepare(Settings(with_text=True))


def _record(data: bytes) -> None:
    draw = Draw(data)
    media, charset = draw.choice(TYPES), draw.choice((None, None, None, *CHARSETS))
    source = Source(body=draw.rest(), media_type=media, charset=charset, url="https://a.example/1")
    record = extract_record(source, 0, pipeline())
    record_holds(record)


_SEEDS: Final = tuple(b"\x00\x00\x00" + page.encode() for page in PAGES)

TARGETS: Final = (
    Target(
        name="page/decode",
        holds="never raises but SourceError; strict UTF-8, within the limit, the same twice",
        run=_decode,
        seeds=(
            b"\x01caf\xc3\xa9", b"\x02caf\xe9 \x93quoted\x94", b"\x00\xff\xfea\x00b\x00c\x00",
            b"\x00\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\x4b\x04\x00\x43\xbe\xb7\xe8\x01\x00"
            b"\x00\x00",
            b"\x00<meta charset=koi8-r>\xcb\xcf\xd4", b"\x06\x1b$B$3$s\x1b(B", b"\x00%PDF-1.7",
        ),
        words=("<meta charset=", "<?xml encoding='", "\x1f\x8b", "\xef\xbb\xbf", "utf-16"),
    ),
    Target(
        name="page/prescan",
        holds="never raises; changes nothing without a notice; its own result is safe",
        run=_prescan,
        seeds=tuple(b"\x00" + page.encode() for page in PAGES),
        words=MARKUP,
    ),
    Target(
        name="page/visibility",
        holds="never raises; a style means one thing; scrubbing is idempotent",
        run=_visible,
        seeds=(
            b"display:none;color:#fff\xff.a,.b{display:none}.a.open{display:block}\xffa b\xffx",
            b"position:absolute;left:-9999px\xff#x{visibility:hidden}\xffsr-only\xffa\xe2\x80\x8bb",
        ),
        words=STYLES,
    ),
    Target(
        name="page/hidden",
        holds="text in a hidden element is nowhere on the page",
        run=_hidden,
        seeds=(b"\x00\x00<p>a\xffb", b"\x01\x04x &amp; y\xffz", b"\x03\x08<p>\xff&lt;/div&gt;"),
        words=MARKUP,
    ),
    Target(
        name="page/clean",
        holds="never raises but SourceError; lines, blocks and spans agree; its text reads as its"
        "elf",
        run=_page,
        seeds=(*_SEEDS, *(b"\x03\x00\x00" + one.encode() for one in PLAIN)),
        words=(*MARKUP, *ATTACKS),
    ),
    Target(
        name="page/record",
        holds="the record is valid, every span quotes its text, the reader's words are the page's",
        run=_record,
        seeds=tuple(
            b"\x00\x00" + one.encode() for one in (*PAGES, *PLAIN)
        ),
        words=(*MARKUP, *ATTACKS),
        seconds=2.0,
    ),
)  # fmt: skip
