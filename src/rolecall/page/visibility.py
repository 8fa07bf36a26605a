"""What a reader of the page cannot see: hidden elements and characters without a shape.

Only what the page itself says is used: attributes, inline styles, class names with an agreed
meaning, and simple rules of its own ``<style>`` elements. In doubt text counts as visible.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rolecall.page.memory import kept

__all__ = ["UNSEEN_TAGS", "Look", "hiding_names", "look", "scrub", "unseen"]

UNSEEN_TAGS = frozenset(
    "script style noscript template iframe svg object canvas video audio noframes noembed datalist"
    " head math embed area rp".split()
)
# Names that frameworks agreed on for text which only a screen reader gets.
SCREEN_READER = frozenset(
    "sr-only visually-hidden visuallyhidden screen-reader-text screenreader-text screen-reader-only"
    " sr-text sronly element-invisible u-hidden-visually a11y-hidden cdk-visually-hidden"
    " show-for-sr is-visually-hidden assistive-text offscreen hidden-accessible".split()
)
# Parts that open at a click: their text is there for the reader although it starts hidden.
_OPENS = re.compile(
    r"accordion|collaps|tab-?(?:pane|panel|content)|tabpanel|expand|read-?more|show-?more|toggle"
    r"|details|description|see-?more|truncat"
)
LONGEST_STYLE = 4000  # characters of an inline style that are read
_FAR = re.compile(r"-\d{3,}")
_ZERO = re.compile(r"0(?:\.0+)?(?:px|em|rem|pt|%)?$")
_TINY = re.compile(r"(?:[012](?:\.\d+)?px|0?\.[01]\d*r?em|[01](?:\.\d+)?pt|0(?:%|r?em)?)$")
_CLIPPED = re.compile(r"rect\(\s*0|rect\(\s*1px|inset\(\s*(?:50|100)%")
_WHITE = re.compile(
    r"(?:#fff(?:fff)?(?:ff)?|white|rgba?\(\s*255\s*,\s*255\s*,\s*255\s*(?:,\s*1\s*)?\))$"
)
_CLEAR = re.compile(r"(?:transparent|rgba\([^)]*,\s*0(?:\.0+)?\s*\)|#[0-9a-f]{6}00)$")


class Look(NamedTuple):
    """What an inline style says about a text."""

    hidden: bool = False
    white: bool = False
    background: bool = False
    backdrop_white: bool = False
    bold: bool = False
    lines: bool = False
    none: bool = False


@kept(4096)
def look(style: str) -> Look:
    """Read an inline style."""
    found: dict[str, str] = {}
    for declaration in style[:LONGEST_STYLE].lower().split(";"):
        name, colon, value = declaration.partition(":")
        if colon:
            found[name.strip()] = value.replace("!important", "").strip()
    background = found.get("background-color") or found.get("background", "")
    color = found.get("color", "")
    weight = found.get("font-weight", "")
    same = bool(color) and color == background
    white = bool(_WHITE.match(color))
    return Look(
        hidden=_hides(found) or same or (white and bool(_WHITE.match(background))),
        white=white,
        background=bool(background) or "background-image" in found,
        backdrop_white=bool(_WHITE.match(background)),
        bold=weight in ("bold", "bolder", "600", "700", "800", "900"),
        lines=found.get("white-space", "").startswith("pre"),
        none=found.get("display") == "none",
    )


def _hides(found: Mapping[str, str]) -> bool:
    """Whether these declarations take a text out of sight."""
    if found.get("display") == "none":
        return True
    moving = any(
        name.startswith(("transition", "animation", "will-change", "transform", "-webkit-trans"))
        for name in found
    )
    if not moving and (
        found.get("visibility") in ("hidden", "collapse")
        or bool(_ZERO.match(found.get("opacity", "1")))
    ):
        return True
    if _TINY.match(found.get("font-size", "1em")) or _CLEAR.match(found.get("color", "black")):
        return True
    if _FAR.match(found.get("text-indent", "")):
        return True
    placed = found.get("position") in ("absolute", "fixed")
    if placed and (
        any(_FAR.match(found.get(side, "")) for side in ("left", "top", "right", "bottom"))
        or _CLIPPED.search(found.get("clip", "") + " " + found.get("clip-path", ""))
    ):
        return True
    if any(_FAR.match(found.get(side, "")) for side in ("margin-left", "margin-top")):
        return True
    return found.get("overflow", "").startswith(("hidden", "clip")) and any(
        _ZERO.match(found.get(side, "auto")) or found.get(side) == "1px"
        for side in ("height", "max-height", "width", "max-width")
    )


def opens(attributes: Mapping[str, str | None]) -> bool:
    """Whether the element is a part that a reader opens with a click (tab panel, accordion)."""
    if attributes.get("role") in ("tabpanel", "region"):
        return True
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}".lower()
    return _OPENS.search(names) is not None


def unseen(attributes: Mapping[str, str | None], hiding: frozenset[str] = frozenset()) -> bool:
    """Whether the element's own attributes hide it.

    ``hiding`` holds the ``.class`` and ``#id`` names that the page's own style rules hide.
    """
    names = attributes.get("class")
    if names and named_unseen(names, hiding):
        return True
    if hiding and f"#{attributes.get('id')}" in hiding:
        return True
    style = attributes.get("style")
    if style:
        seen = look(style)
        if seen.hidden and not (seen.none and opens(attributes)) and not _animated(attributes):
            return True
    if "hidden" in attributes and attributes["hidden"] != "false" and not opens(attributes):
        return True
    return attributes.get("aria-hidden") == "true" and not opens(attributes)


@kept(8192)
def named_unseen(names: str, hiding: frozenset[str]) -> bool:
    """Whether one of an element's class names hides it."""
    if not SCREEN_READER.isdisjoint(names.lower().split()):
        return True
    return bool(hiding) and any(f".{token}" in hiding for token in names.split())


def _animated(attributes: Mapping[str, str | None]) -> bool:
    """Whether a script of a known kind fades the element in when it is scrolled to."""
    return any(name in attributes for name in ("data-w-id", "data-aos", "data-framer-appear-id"))


def hiding_names(sheets: Iterable[str]) -> frozenset[str]:
    """The ``.class`` and ``#id`` names that simple top-level rules of these sheets hide.

    A name that another rule also speaks of together with a state (``.box.open``) is left out: a
    script may show it.
    """
    hidden: set[str] = set()
    states: set[str] = set()
    for sheet in sheets:
        depth = 0
        for part in sheet.split("}"):
            count = part.count("{")
            if depth <= 0 and count == 1:
                selectors, _, body = part.partition("{")
                body = body.lower()
                if "display" in body or "visibility" in body or "none" in body or "hidden" in body:
                    _rule(selectors, body, hidden, states)
            depth += count - 1
            if depth < 0:
                depth = 0
    return frozenset(hidden - states)


_SIMPLE = re.compile(r"[.#][\w-]+$")
_NAMES = re.compile(r"[.#][\w-]+")


def _rule(selectors: str, body: str, hidden: set[str], states: set[str]) -> None:
    """Enter the names of a rule whose ``body`` may hide or show."""
    hides = ("none" in body or "hidden" in body) and look(body).hidden
    for selector in selectors.split(","):
        selector = selector.strip()
        if not _SIMPLE.match(selector):
            if "display" in body or "visibility" in body:
                states.update(_NAMES.findall(selector))
        elif hides and not _OPENS.search(selector.lower()):
            hidden.add(selector)
        elif "display" in body and not hides:
            states.add(selector)


# Word's symbol bullets, which stand in the private use area.
_SYMBOLS = {0xF0B7: "•", 0xF0A7: "▪", 0xF0D8: "‣", 0xF0FC: "✓", 0xF076: "▪", 0xF02D: "-"}
_CLASS = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\ue000-\uf8ff\U000e0000-\U000e0fff\U000f0000-\U0010ffff\U0001d173-\U0001d17a"
)
_SHAPELESS = re.compile(f"[{_CLASS}]|(?<![\u0600-\u10ff\u1780-\u18af])[\u200c\u200d]")
_PERHAPS = re.compile(f"[{_CLASS}\u200c\u200d]")  # a quick look: most texts have none of these


def scrub(text: str) -> str:
    """Take out the characters that have no shape: zero-width, soft hyphens, tags, controls.

    Joiners stay after letters of scripts that need them.
    """
    if _PERHAPS.search(text) is None:
        return text
    return _SHAPELESS.sub("", text.translate(_SYMBOLS))
