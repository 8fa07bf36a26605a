"""A linear look at the markup before it is parsed.

The parser is quadratic in nesting depth and in attributes per element. A page within the limits
is returned as it came; from any other page the excess tags and attributes are taken out, never
the text that a reader can see, and a notice says so.
"""

from __future__ import annotations

import re
from itertools import islice

from rolecall.core import Notice
from rolecall.errors import SourceError
from rolecall.page.limits import DEFAULT, Limits
from rolecall.page.visibility import UNSEEN_TAGS, unseen

__all__ = ["attributes_of", "check_size", "prescan", "without_noscript"]

_RAW = "script|style|textarea|title|xmp|iframe|noembed|noframes|noscript"
_ATTRIBUTES = r"""(?:[^>=]++|=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z))?)*+"""
TOKEN = re.compile(
    r"<(?:!--(?:-?>|(?:[^-]++|-(?!-!?>))*+(?:--!?>|\Z))"
    rf"|((?i:{_RAW}))(?=[\s/>])({_ATTRIBUTES})(?:>|\Z)(?:[^<]++|<(?!/(?i:\1)[\s/>]))*+"
    rf"|(/?[a-zA-Z][^\s/>]*+)({_ATTRIBUTES})(?:>|\Z))"
)
ATTRIBUTE = re.compile(
    r"""[\s/]*+([^\s/>=][^\s/>=]*+)(?:\s*+=\s*+("[^"]*+"?|'[^']*+'?|[^\s>]*+))?"""
)
_NOSCRIPT = re.compile(
    r"<(?i:noscript)(?=[\s/>])[^<>]*+>(?:[^<]++|<(?!/?(?i:(?:no)?script)\b))*+</(?i:noscript)\s*>"
)
_NOSCRIPT_TAG = re.compile(r"<(/?)(?i:noscript)(?=[\s/>])")
VOID = frozenset(
    "area base basefont bgsound br col embed frame hr img input keygen link meta param source"
    " track wbr".split()
)
# End tags that may be left out: an open one is closed by its next sibling, so it adds no depth.
IMPLIED = frozenset("p li dt dd option optgroup tr td th tbody thead tfoot rt rp colgroup".split())
FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())
INLINE = FORMATTING | frozenset(
    "span abbr bdi bdo cite del dfn ins kbd label mark q sub sup".split()
)
# A start tag with a few hundred attributes or more; one chunk is a value or up to 64 characters.
CROWDED = re.compile(
    r"""<[a-zA-Z](?:=(?:"[^"]*+"|\s*+(?:"[^"]*+"|'[^']*+')?)|[^>=]{1,64}+){600,}+"""
)
SMALL = 1_000_000  # characters, and ...
FEW = 3_000  # ... tags up to which no nesting can cost more than some hundredths of a second
LONG_TAG = 400  # characters; a shorter tag cannot hold more attributes than half of this


def without_noscript(html: str) -> str:
    """Take out ``<noscript>`` elements, as a browser that runs scripts does.

    The parser reads them as if there were no scripts; one in the head would then spill its text
    into the body. Those that a pattern cannot take out safely become ``<template>`` elements.
    """
    html = _NOSCRIPT.sub("", html)
    return _NOSCRIPT_TAG.sub(r"<\1template", html) if "noscript" in html else html


def check_size(text: str, limits: Limits = DEFAULT) -> None:
    """Raise ``SourceError`` (``too_large``) above ``limits.chars`` characters."""
    if len(text) > limits.chars:
        raise SourceError(
            f"the page has {len(text):,} characters; the limit is {limits.chars:,}",
            hint="cut the file, or raise the limit",
            code="too_large",
        )


def prescan(html: str, limits: Limits = DEFAULT) -> tuple[str, tuple[Notice, ...]]:
    """Return markup that is safe to parse, and what had to be cut."""
    if len(html) <= SMALL and html.count("<") <= FEW and not CROWDED.search(html):
        return html, ()
    tokens = TOKEN.findall(html)
    notices: list[Notice] = []
    if len(tokens) > limits.tags:
        end = next(islice(TOKEN.finditer(html), limits.tags, None)).start()
        notices.append(
            Notice(code="markup_cut", message=f"read up to tag {limits.tags:,} (character {end:,})")
        )
        html, tokens = html[:end], tokens[: limits.tags]
    if _within(tokens, limits):
        return html, tuple(notices)
    html, found = _tame(html, limits)
    return html, tuple(notices + found)


def _within(tokens: list[tuple[str, str, str, str]], limits: Limits) -> bool:
    """Whether depth, formatting and attributes stay within the limits."""
    opened: dict[str, int] = {}
    depth = formatting = selfclosed = 0
    for _, _, name, rest in tokens:
        if len(rest) > LONG_TAG and _too_many_attributes(rest, limits):
            return False
        if not name:
            continue
        name = name.lower()
        if name[0] == "/":
            name = name[1:]
            count = opened.get(name, 0)
            if count:
                opened[name] = count - 1
                depth -= 1
                formatting -= name in FORMATTING
        elif name in VOID or name in IMPLIED:
            continue
        elif rest[-1:] == "/":
            selfclosed += 1
        else:
            opened[name] = opened.get(name, 0) + 1
            depth += 1
            if depth > limits.depth:
                return False
            if name in FORMATTING:
                formatting += 1
                if formatting > limits.formatting:
                    return False
    return selfclosed <= 10 * limits.depth and not any(
        len(rest) > LONG_TAG and _too_many_attributes(rest, limits) for _, rest, _, _ in tokens
    )


def _too_many_attributes(rest: str, limits: Limits) -> bool:
    found = ATTRIBUTE.finditer(rest)
    return next(islice(found, limits.attributes, None), None) is not None


def attributes_of(rest: str, limits: Limits = DEFAULT) -> dict[str, str | None]:
    """The first attributes of a tag's source text, as the parser would give them."""
    found: dict[str, str | None] = {}
    for match in islice(ATTRIBUTE.finditer(rest), limits.attributes):
        name, value = match.groups()
        if value and value[0] in "\"'":
            value = value[1:].removesuffix(value[0])
        found.setdefault(name.lower(), value)
    return found


class _Tamer:
    """Rewrites one page: keeps the text, leaves out the tags that are too many."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.opened: dict[str, int] = {}
        self.dropped: dict[str, int] = {}
        self.depth = self.formatting = 0
        self.cut_tags = self.cut_attributes = 0
        self.muted: str | None = None  # the name of the dropped element that hides its content
        self.mute_depth = 0

    def close(self, name: str, token: str) -> str:
        """What stands for an end tag."""
        if self.muted:
            if name == self.muted:
                self.mute_depth -= 1
                if not self.mute_depth:
                    self.muted = None
            return ""
        if self.dropped.get(name):
            self.dropped[name] -= 1
            return "" if name in INLINE else "<br>"
        if name in IMPLIED:
            return token
        count = self.opened.get(name, 0)
        if not count:
            return ""
        self.opened[name] = count - 1
        self.depth -= 1
        self.formatting -= name in FORMATTING
        return token

    def open(self, name: str, rest: str, token: str) -> str:
        """What stands for a start tag."""
        if self.muted:
            self.mute_depth += name == self.muted and name not in VOID
            return ""
        if len(rest) > LONG_TAG and _too_many_attributes(rest, self.limits):
            self.cut_attributes += 1
            token = _rebuild(name, attributes_of(rest, self.limits))
        if name in VOID or name in IMPLIED:
            return token
        if rest[-1:] == "/":
            return ""
        full = self.depth >= self.limits.depth
        if full or (name in FORMATTING and self.formatting >= self.limits.formatting):
            self.cut_tags += 1
            if name in UNSEEN_TAGS or unseen(attributes_of(rest, self.limits)):
                self.muted, self.mute_depth = name, 1
                return ""
            self.dropped[name] = self.dropped.get(name, 0) + 1
            return "" if name in INLINE else "<br>"
        self.opened[name] = self.opened.get(name, 0) + 1
        self.depth += 1
        self.formatting += name in FORMATTING
        return token


def _rebuild(name: str, attributes: dict[str, str | None]) -> str:
    parts = [
        key if value is None else '{}="{}"'.format(key, value.replace('"', "&quot;"))
        for key, value in attributes.items()
    ]
    return f"<{name} {' '.join(parts)}>"


def _tame(html: str, limits: Limits) -> tuple[str, list[Notice]]:
    tamer = _Tamer(limits)
    pieces: list[str] = []
    position = 0
    for match in TOKEN.finditer(html):
        if not tamer.muted:
            pieces.append(html[position : match.start()])
        position = match.end()
        raw, raw_rest, name, rest = match.groups()
        if raw:
            if not tamer.muted:
                pieces.append(_raw_element(raw, raw_rest, match, limits))
                tamer.opened[raw.lower()] = tamer.opened.get(raw.lower(), 0) + 1
                tamer.depth += 1
        elif name and name[0] == "/":
            pieces.append(tamer.close(name[1:].lower(), match.group()))
        elif name:
            pieces.append(tamer.open(name.lower(), rest, match.group()))
    if not tamer.muted:
        pieces.append(html[position:])
    notices = []
    if tamer.cut_tags:
        notices.append(
            Notice(code="nesting_cut", message=f"{tamer.cut_tags:,} tags nested too deep left out")
        )
    if tamer.cut_attributes:
        notices.append(
            Notice(
                code="attributes_cut",
                message=f"{tamer.cut_attributes:,} elements with over {limits.attributes}"
                " attributes cut",
            )
        )
    return "".join(pieces), notices


def _raw_element(name: str, rest: str, match: re.Match[str], limits: Limits) -> str:
    if len(rest) > LONG_TAG and _too_many_attributes(rest, limits):
        content = match.group()[len(name) + len(rest) + 1 :]
        return _rebuild(name, attributes_of(rest, limits)).removesuffix(">") + content
    return match.group()
