"""Put a page together: bytes, markup or text, lines, roles, links, language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser

from rolecall.core import Block, Link, Notice, Page, Role, Source, Span, maker
from rolecall.page.decode import decode, sniff_binary, unpack
from rolecall.page.frame import kind_of
from rolecall.page.language import language_of
from rolecall.page.limits import DEFAULT, Limits
from rolecall.page.orders import find_orders, heeding
from rolecall.page.plaintext import TextLine, looks_like_markdown, read_markdown, read_plain
from rolecall.page.prescan import check_size, prescan, without_noscript
from rolecall.page.roles import assign
from rolecall.page.statements import read_statements
from rolecall.page.walk import Walk, walk

__all__ = ["clean"]

_MARKUP = re.compile(
    r"\s*<(?:[a-z][a-z0-9-]*[\s>/]|!--|!doctype|\?xml)"
    r"|[^<]{0,50000}<(?:!doctype\s|!--|/?(?:html|head|body|title|meta|div|p|table|h[1-6]|ul|ol|li|br|hr"
    r"|section|article|main|span|script|style|form|header|footer|nav|font|center|frameset|img|input"
    r"|noscript|template|abbr|strong|em|b|i|u|dl|dt|dd|tr|td|svg|iframe|button|label|pre)\b[^<>]{0,2000}>)",
    re.I,
)
_TEXT_TYPES = {
    "text/plain": "text/plain", "text/markdown": "text/markdown",
    "text/x-markdown": "text/markdown", "text/html": "text/html",
    "application/xhtml+xml": "text/html",
}  # fmt: skip
_block, _link, _span = maker(Block), maker(Link), maker(Span)
_SCRIPT = re.compile(r"<script\b(?![^<>]{0,300}\bld\+json)", re.I)
_COMBINING = re.compile("[\u0300-\u036f]")
# A tag, which keeps its addresses as they are, or a letter in parts. Of nothing but letters: the
# ``>`` of a tag would be another character with what is put on it.
_TAG_OR_PARTS = re.compile(r"<[^<>]*>|[^\W\d_][\u0300-\u036f]+")
_LITTLE_TEXT = 2000  # characters; the scripts of a page that shows more do not matter
# What shows text in drawings and formulas. Nobody can tell whether it lies within the drawing, has
# a colour, or is covered: so it is no evidence.
DRAWN = ("text", "foreignObject", "math")
FEW_DRAWN = 50
"""As many of each are looked at: they may stand in one another."""
_ABSOLUTE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
# A path from the root that joining leaves as it is.
_PLAIN = r"[A-Za-z0-9_%+~=,@./-]"
_ROOTED = re.compile(rf"/{_PLAIN}*(?:\?[&{_PLAIN[1:]}+)?(?:#{_PLAIN}+)?\Z")


def clean(source: Source, limits: Limits = DEFAULT) -> Page:
    """Turn the bytes of a page into visible text, blocks, links and statements. Pure.

    Bytes that are no text (a PDF, an image) give a page without text whose ``media_type`` says
    what they are. Raises ``SourceError`` for input that is too large or cannot be unpacked.
    """
    body, notices = unpack(source.body, limits)
    said = _TEXT_TYPES.get((source.media_type or "").partition(";")[0].strip().lower())
    binary = (
        None if said in ("text/plain", "text/markdown") and _printable(body) else sniff_binary(body)
    )
    if binary:
        return Page(
            source_id=source.id, url=source.url, text="", blocks=(), captured=source.captured,
            media_type=binary, warnings=notices,
        )  # fmt: skip
    decoded = decode(body, source.charset)
    text = decoded.text
    check_size(text, limits)
    notices += decoded.notices
    if "\0" in text:
        message = f"{text.count(chr(0)):,} NUL characters replaced"
        notices += (Notice(code="nul_replaced", message=message),)
        text = text.replace("\0", "\ufffd")
    media_type = said or _sniff_text(text)
    if media_type == "text/html":
        return _from_html(source, text, notices, limits)
    return _from_text(source, text, media_type, notices, limits)


def _printable(body: bytes) -> bool:
    """Whether bytes that were declared as text are text."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\0" not in body[:8192]


def _sniff_text(text: str) -> str:
    if _MARKUP.match(text):
        return "text/html"
    return "text/markdown" if looks_like_markdown(text) else "text/plain"


def _from_html(source: Source, html: str, notices: tuple[Notice, ...], limits: Limits) -> Page:
    markup = html
    html, cut = prescan(without_noscript(html), limits)
    tree = LexborHTMLParser(html)
    statements, stated = read_statements(tree)
    found = walk(tree, limits)
    text = "\n".join(draft.text for draft in found.drafts)
    if _in_parts(text) and (composed := _composed(html)) != html:
        return _from_html(source, composed, notices + cut, limits)
    notices += cut + stated + _unread(tree, found, limits)
    roles = assign(found.drafts, found.sections)
    meta = _meta(tree)
    if len(text) < _LITTLE_TEXT and (scripts := len(_SCRIPT.findall(html))):
        meta["x-scripts"] = str(scripts)
    blocks, orders = heeding(_blocks(found, roles), find_orders(text, markup))
    base = _base(meta.get("base"), source.url)
    return Page(
        source_id=source.id,
        url=source.url,
        text=text,
        blocks=blocks,
        links=tuple(
            _link(span, href, path)
            for (span, _, path), href in zip(found.links, _hrefs(found, base), strict=True)
        ),
        statements=statements,
        meta=meta,
        language=language_of(_posting(found, blocks), meta.get("lang")),
        captured=source.captured,
        media_type="text/html",
        warnings=notices + orders,
    )


def _unread(tree: LexborHTMLParser, found: Walk, limits: Limits) -> tuple[Notice, ...]:
    """What a reader of the page sees, or could follow, and this text does not hold."""
    notices: tuple[Notice, ...] = ()
    if found.full:
        notices += (Notice(code="lines_cut", message=f"read up to line {limits.lines:,}"),)
    if found.cut_links:
        notices += (_links_cut(limits, found.cut_links),)
    drawn = (node for name in DRAWN for node in tree.tags(name)[:FEW_DRAWN])
    if any(node.text().strip() for node in drawn):
        message = "words in drawings or formulas left out"
        notices += (Notice(code="drawings_unread", message=message),)
    return notices


def _links_cut(limits: Limits, left_out: int) -> Notice:
    message = f"read up to link {limits.links:,}, {left_out:,} left out"
    return Notice(code="links_cut", message=message)


def _in_parts(text: str) -> bool:
    """Whether letters stand in parts, an ``a`` and its dots: words and spans would end between
    the two."""
    return not text.isascii() and _COMBINING.search(text) is not None


def _composed(html: str) -> str:
    """``html`` with the letters between its tags in one piece."""
    return _TAG_OR_PARTS.sub(
        lambda one: one[0] if one[0][0] == "<" else unicodedata.normalize("NFC", one[0]), html
    )


def _posting(found: Walk, blocks: Sequence[Block]) -> str:
    """A sample from all over the posting's text, enough to tell its language.

    Lines are taken evenly and cut short, so that one long notice in the site's own language does
    not outweigh the posting.
    """
    both = zip(found.drafts, blocks, strict=True)
    lines = [draft.text for draft, block in both if block.role == "posting"]
    long = [line[:160] for line in lines if len(line) > 40]
    if len(long) < 3:
        return "\n".join(lines)[:2000]
    return "\n".join(long[:: max(1, len(long) // 14)])


def _blocks(found: Walk, roles: Sequence[Role]) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for draft, role in zip(found.drafts, roles, strict=True):
        frame, size, start, shift = draft.frame, len(draft.text), draft.start, draft.shift
        blocks.append(
            _block(
                kind_of(draft),
                role,
                _span(start + shift, start + size),
                frame.path,
                frame.block,
                frame.level or frame.depth,
                frame.hints,
                min(1.0, draft.linked / size) if draft.linked else 0.0,
                draft.bold >= size - shift - 1,
            )
        )
    return tuple(blocks)


def _from_text(
    source: Source, text: str, media_type: str, notices: tuple[Notice, ...], limits: Limits
) -> Page:
    if _in_parts(text):
        text = unicodedata.normalize("NFC", text)
    read = read_markdown if media_type == "text/markdown" else read_plain
    lines, cut = read(text, limits.lines)
    if cut:
        message = f"read up to line {limits.lines:,}"
        notices += (Notice(code="lines_cut", message=message),)
    blocks: list[Block] = []
    links: list[Link] = []
    start = cut_links = 0
    for number, line in enumerate(lines, 1):
        path = f"/line[{number}]"
        blocks.append(_text_block(line, start, path))
        for begin, end, href in line.links:
            if len(links) < limits.links:
                links.append(Link(span=Span(start + begin, start + end), href=href, path=path))
            else:
                cut_links += 1
        start += len(line.text) + 1
    if cut_links:
        notices += (_links_cut(limits, cut_links),)
    visible = "\n".join(line.text for line in lines)
    kept, orders = heeding(tuple(blocks), find_orders(visible))
    said = (line.text for line, block in zip(lines, kept, strict=True) if block.role != "orders")
    return Page(
        source_id=source.id,
        url=source.url,
        text=visible,
        blocks=kept,
        links=tuple(links),
        language=language_of("\n".join(said)[:4000], None),
        captured=source.captured,
        media_type=media_type,
        warnings=notices + orders,
    )


def _text_block(line: TextLine, start: int, path: str) -> Block:
    linked = sum(end - begin for begin, end, _ in line.links)
    tag = {"item": "li", "heading": f"h{line.level or 2}", "row": "td"}.get(line.kind, "p")
    return Block(
        kind=line.kind,
        role="posting",
        span=Span(start + line.start, start + line.end),
        path=path,
        tag=tag,
        level=line.level,
        link=min(1.0, linked / max(1, len(line.text))),
        bold=line.bold,
    )


def _meta(tree: LexborHTMLParser) -> dict[str, str]:
    """``<meta>`` values by name, and ``lang``, ``canonical`` and ``base`` of the document.

    A page of little text also gets ``x-scripts``, how many scripts it has: it may be a shell.
    """
    found: dict[str, str] = {}
    root = tree.root
    if root is not None and root.tag == "html" and (lang := root.attributes.get("lang")):
        found["lang"] = lang
    head = tree.head
    node = head.child if head is not None else None
    while node is not None:
        tag = node.tag
        if tag == "meta":
            get = node.attributes.get
            name, value = get("property") or get("name"), get("content")
            if name and value:
                found.setdefault(name.lower(), value)
        elif tag == "link" and (node.attributes.get("rel") or "").lower() == "canonical":
            found.setdefault("canonical", node.attributes.get("href") or "")
        elif tag == "base" and (base := node.attributes.get("href")):
            found.setdefault("base", base)
        node = node.next
    return found


def _base(declared: str | None, url: str | None) -> str | None:
    """The address that relative links start from, if the page or the user says it."""
    if declared and url:
        return _joined(url, declared)
    base = declared or url
    return base if base and base.startswith(("http://", "https://")) else None


def _hrefs(found: Walk, base: str | None) -> list[str]:
    """The addresses of all links, absolute where the page or the user says where it stands."""
    hrefs = [href.strip() for _, href, _ in found.links]
    if base is None:
        return hrefs
    origin = _joined(base, "/").removesuffix("/")
    known: dict[str, str] = {}
    for href in hrefs:
        if href not in known:
            if _ABSOLUTE.match(href):
                known[href] = href
            elif _ROOTED.match(href) and "/." not in href and "//" not in href:
                known[href] = origin + href
            else:
                known[href] = _joined(base, href)
    return [known[href] for href in hrefs]


def _joined(base: str, href: str) -> str:
    try:
        return urljoin(base, href)
    except ValueError:
        return href
