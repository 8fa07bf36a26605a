"""Our own example pages, as the engine is asked about them."""

from __future__ import annotations

import mimetypes
from functools import cache
from pathlib import Path

from rolecall import Page, Source, clean
from rolecall.ask.render import sheet_of

ROOT = Path(__file__).parent.parent
FOLDERS = ("examples", *(f"tests/samples/{one}" for one in ("da", "es", "pl", "sv")))


@cache
def pages() -> dict[str, Page]:
    """The example postings of the docs and of the tests, by their place."""
    found = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix not in (".html", ".md", ".txt"):
                continue
            media_type = mimetypes.guess_type(path.name)[0]
            page = clean(Source(body=path.read_bytes(), media_type=media_type))
            if sheet_of(page).lines:
                found[str(path.relative_to(ROOT))] = page
    return found
