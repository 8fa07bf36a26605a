"""Source -> Page: what a reader of the page can see, with spans that lead back to it."""

from __future__ import annotations

from rolecall.core import Page, Source
from rolecall.page.walk import walk

__all__ = ["clean"]


def clean(source: Source) -> Page:
    """Turn the bytes of a page into visible text, blocks, links and statements. Pure."""
    html = source.body.decode("utf-8", "replace")
    text, blocks, links, tree = walk(html)
    meta = {}
    for node in tree.css("meta[property],meta[name]"):
        name = node.attributes.get("property") or node.attributes.get("name")
        value = node.attributes.get("content")
        if name and value:
            meta.setdefault(name.lower(), value)
    return Page(
        source_id=source.id, url=source.url, text=text, blocks=blocks, links=links, meta=meta,
        captured=source.captured,
    )  # fmt: skip
