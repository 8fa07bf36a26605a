"""A page of somebody else's for a frame: its markup and its looks, without what acts or asks.

The frame is sandboxed and its policy lets nothing be fetched. What no policy governs, such as
hints to connect to a host, is taken out of the markup besides.
"""

from __future__ import annotations

import html
from typing import Final

from selectolax.lexbor import LexborHTMLParser

from rolecall.core import Source
from rolecall.page.decode import decode, unpack

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


def harmless(source: Source) -> bytes:
    """The page as UTF-8 without scripts, frames, forms' targets, hints and addresses."""
    text = decode(unpack(source.body)[0], source.charset).text[:LARGEST]
    if "<" not in text[:5_000] or (source.media_type or "").startswith("text/plain"):
        shown = f"<!doctype html><pre style='white-space:pre-wrap'>{html.escape(text)}</pre>"
        return shown.encode("utf-8", "replace")
    tree = LexborHTMLParser(text)
    for node in tree.css(OUT):
        node.decompose()
    for node in tree.css("*"):
        for name in list(node.attributes):
            if name.lower() in ADDRESSES or name.lower().startswith("on"):
                del node.attrs[name]
    whole = tree.html or ""
    return ("<!doctype html>" + whole).encode("utf-8", "replace")
