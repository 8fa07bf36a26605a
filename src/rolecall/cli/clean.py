"""``rolecall clean``: what a model would see of one page."""

from __future__ import annotations

import sys
from typing import Any

from rolecall.cli import OK
from rolecall.cli.options import Parser
from rolecall.cli.options import settings as load_settings
from rolecall.core import Block, Page
from rolecall.errors import SourceError, UsageError
from rolecall.inputs.files import shown
from rolecall.inputs.read import load
from rolecall.inputs.stream import STDIN, stream
from rolecall.page import clean

DESCRIPTION = """\
Prints the visible text of a page's posting and header parts: what a model would
be asked about. Navigation, cookie notices and similar postings are left out."""

EXAMPLES = """\
examples:
  rolecall clean page.html            the text
  rolecall clean page.html --blocks   every visible line with its kind, role,
                                      span in the text, and path in the DOM
  rolecall clean page.html --json     the whole page for programs: text, blocks,
                                      links, language, warnings"""

SEEN = frozenset({"header", "posting"})
WIDTH = 100


def run(words: list[str]) -> int:
    """Clean one page, print it, and return the exit code."""
    parser = Parser("clean", DESCRIPTION, EXAMPLES)
    parser.add_argument("input", metavar="FILE", help="a file, or - for stdin")
    parser.add_argument("--blocks", action="store_true", help="all blocks as a table")
    parser.add_argument("--json", action="store_true", help="all of the page as JSON")
    told = parser.parse_intermixed_args(words)
    page = _page(told.input)
    if told.json:
        import orjson

        sys.stdout.buffer.write(orjson.dumps(as_json(page)) + b"\n")
    elif told.blocks:
        sys.stdout.buffer.write(table(page).encode("utf-8", "replace"))
    else:
        lines = (page.line(block) for block in page.blocks if block.role in SEEN)
        sys.stdout.buffer.write("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))
    sys.stdout.flush()
    for notice in page.warnings:
        sys.stderr.write(f"{notice.code}: {shown(notice.message)}\n")
    return OK


def as_json(page: Page) -> dict[str, Any]:
    """The page as plain data; spans count in ``text``."""
    return {
        "source_id": page.source_id,
        "url": page.url,
        "language": page.language,
        "media_type": page.media_type,
        "text": page.text,
        "blocks": [_block(page, block) for block in page.blocks],
        "links": [
            {"start": link.span.start, "end": link.span.end, "href": link.href, "path": link.path}
            for link in page.links
        ],
        "warnings": [{"code": one.code, "message": one.message} for one in page.warnings],
    }


def table(page: Page) -> str:
    """One row per block: kind, role, span, path, text."""
    rows = [("kind", "role", "span", "path", "text")]
    rows += [
        (
            block.kind,
            block.role,
            f"{block.span.start}:{block.span.end}",
            block.path,
            shown(page.line(block)),
        )
        for block in page.blocks
    ]
    widths = [min(60, max(len(row[column]) for row in rows)) for column in range(4)]
    return "".join(
        "  ".join(
            [*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4][:WIDTH]]
        ).rstrip()
        + "\n"
        for row in rows
    )


def _block(page: Page, block: Block) -> dict[str, Any]:
    return {
        "kind": block.kind,
        "role": block.role,
        "start": block.span.start,
        "end": block.span.end,
        "path": block.path,
        "level": block.level,
        "text": page.line(block),
    }


def _page(path: str) -> Page:
    """The one page that ``path`` names."""
    limit = load_settings({}).max_bytes
    entry = next((one for one in stream([path], limit=limit) if one is not None), None)
    if entry is None:
        raise UsageError(f"{shown(path)} holds no page", hint="name one file, or - for stdin")
    if entry.path != path and path != STDIN:
        raise UsageError(f"{shown(path)} holds several pages", hint="rolecall clean takes one file")
    try:
        source, _ = load(entry, limit=limit)
        return clean(source)
    except SourceError as error:
        raise UsageError(f"{shown(path)}: {error}", hint=error.hint) from error
