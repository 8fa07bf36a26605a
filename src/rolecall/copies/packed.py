"""A cleaned page as bytes and back: it travels to the process that decides, and on to a worker.

Pickling the nouns one by one takes as long as half of the cleaning; their columns do not.
"""

from __future__ import annotations

import pickle
from typing import Final

from rolecall.core import Block, Link, Page, Span, maker

_block: Final = maker(Block)
_link: Final = maker(Link)
_span: Final = maker(Span)


def pack(page: Page) -> bytes:
    """``page`` as bytes, for a process of the same installation."""
    blocks = [
        (one.kind, one.role, one.span.start, one.span.end, one.path, one.tag, one.level, one.hints,
         one.link, one.bold)
        for one in page.blocks
    ]  # fmt: skip
    links = [(one.span.start, one.span.end, one.href, one.path) for one in page.links]
    rest = (
        page.source_id, page.url, page.text, page.statements, dict(page.meta), page.language,
        page.captured, page.media_type, page.warnings,
    )  # fmt: skip
    return pickle.dumps((blocks, links, rest), protocol=5)


def unpack(packed: bytes) -> Page:
    """The page that ``pack`` was given."""
    blocks, links, rest = pickle.loads(packed)
    source_id, url, text, statements, meta, language, captured, media_type, warnings = rest
    return Page(
        source_id=source_id,
        url=url,
        text=text,
        blocks=tuple(
            _block(kind, role, _span(start, end), path, *more)
            for kind, role, start, end, path, *more in blocks
        ),
        links=tuple(_link(_span(start, end), href, path) for start, end, href, path in links),
        statements=statements,
        meta=meta,
        language=language,
        captured=captured,
        media_type=media_type,
        warnings=warnings,
    )
