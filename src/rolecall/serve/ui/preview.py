"""A page of somebody else's for a frame: its markup and its looks, without what acts or asks.

The frame is sandboxed and its policy lets nothing be fetched. What no policy governs, such as
hints to connect to a host, is taken out of the markup besides.
"""

from __future__ import annotations

import html
import re
from typing import Final

from selectolax.lexbor import LexborHTMLParser

from rolecall.core import Source
from rolecall.page.decode import decode, unpack
from rolecall.page.prescan import prescan

OUT: Final = (
    "script, link, base, meta, iframe, frame, frameset, object, embed, applet, portal, noscript,"
    " template, audio, video, source, track, dialog"
)
ADDRESSES: Final = frozenset(
    "href src srcset action formaction ping data poster background cite longdesc manifest"
    " xlink:href".split()
)
LARGEST: Final = 4_000_000
"""Characters of a page that are shown."""


# What a style could ask for: an address, a picture, another sheet; and escapes that could hide it.
_ASKS: Final = re.compile(
    r"\\|@import|url|image|src|element|expression|binding|-moz", re.IGNORECASE
)
_URL: Final = re.compile(r"\\|url\s*\(", re.IGNORECASE)


def harmless(source: Source) -> bytes:
    """The page as UTF-8 without scripts, frames, forms' targets, hints and addresses.

    A sheet of style that could ask for something is left out as a whole.
    """
    text = decode(unpack(source.body)[0], source.charset).text[:LARGEST]
    if "<" not in text[:5_000] or (source.media_type or "").startswith("text/plain"):
        shown = f"<!doctype html><pre style='white-space:pre-wrap'>{html.escape(text)}</pre>"
        return shown.encode("utf-8", "replace")
    # Parsing takes the square of the depth: what is nested without end is cut as for reading.
    tree = LexborHTMLParser(prescan(text)[0])
    for node in tree.css(OUT):
        node.decompose()
    for node in tree.css("style"):
        if _ASKS.search(node.text()):
            node.decompose()
    for node in tree.css("*"):
        for name in list(node.attributes):
            own = name.lower()
            value = node.attributes[name] or ""
            # In drawings, other attributes may hold an address as styles do.
            asks = bool(_ASKS.search(value)) if own == "style" else bool(_URL.search(value))
            if asks or own in ADDRESSES or own.startswith("on"):
                del node.attrs[name]
    whole = tree.html or ""
    return ("<!doctype html>" + whole).encode("utf-8", "replace")
