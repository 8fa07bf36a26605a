"""The data that pages state of themselves (JSON-LD, microdata) -> samples; pages without them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from rolecall.core import Page, Source
from rolecall.errors import SourceError, UsageError
from rolecall.evaluate.nouns import Sample
from rolecall.evaluate.samples.row import site_of
from rolecall.inputs.read import load
from rolecall.inputs.stream import expand, stream
from rolecall.page import clean
from rolecall.page.decode import decode, unpack
from rolecall.page.limits import DEFAULT
from rolecall.settle import settle
from rolecall.stated import stated

_SCRIPT: Final = re.compile(r"<script\b[^>]*>.*?</script\s*>", re.IGNORECASE | re.DOTALL)
_TAG: Final = re.compile(r"<[a-zA-Z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
_MICRODATA: Final = re.compile(
    r"\sitem(?:prop|scope|type|id|ref)\b(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>\"']+))?",
    re.IGNORECASE,
)
BOM: Final = b"\xef\xbb\xbf"


class Stated(Struct):
    """What importing had to say: how many pages state a posting, do not, or cannot be used."""

    silent: int = 0
    unreadable: tuple[str, ...] = ()
    kept_data: tuple[str, ...] = ()
    changed_text: tuple[str, ...] = ()


def stated_samples(
    paths: Iterable[str], told: Stated, strip_into: Path | None = None
) -> Iterator[Sample]:
    """A sample for every page that states a posting: its values are the labels.

    What a page does not state is not labelled. With ``strip_into`` the sample's page is a copy
    without the data, so that a reader of the text is measured, and what the text does not show is
    not labelled either. ``told`` is filled while this runs.
    """
    for entry in stream(expand(list(paths)), limit=DEFAULT.bytes_):
        if entry is None:
            continue
        if entry.path is None:
            raise UsageError(
                f"{entry.locator} is no page of its own",
                hint="name files or folders of pages",
            )
        try:
            source, _ = load(entry, limit=DEFAULT.bytes_)
            page = clean(source)
        except SourceError as error:
            told.unreadable += (f"{entry.locator}: {error}",)
            continue
        expected, quotes = labels_of(page, shown=strip_into is not None)
        if not expected:
            told.silent += 1
            continue
        path = Path(entry.path)
        if strip_into is not None:
            path = _stripped_copy(path, source, page, strip_into, told)
        yield Sample(
            id=entry.locator,
            site=site_of("", page.url or _stated_address(page), entry.path),
            path=str(path),
            url=page.url,
            language=page.language or "",
            expected=expected,
            evidence=quotes,
        )


def labels_of(page: Page, *, shown: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
    """Field -> value, of what the page's own data states and the schema allows; and its quotes.

    With ``shown`` only of what stands in the visible text as well: the rest cannot be read there.
    The quotes are of the visible text, by the pointers of a record's evidence.
    """
    found = settle(page, stated(page))
    told: dict[str, bool] = {}
    quotes: dict[str, Any] = {}
    for pointer, one in found.evidence.items():
        if one.origin != "stated":
            continue
        name = pointer.split("/")[1]
        told[name] = told.get(name, True) and (one.span is not None or not shown)
        if one.span is not None:
            quote = one.span.of(page.text)
            quotes[pointer] = {"quote": quote, "start": one.span.start, "end": one.span.end}
    data = found.data or {}
    labels = {
        name: data[name]
        for name, stands in told.items()
        if stands and name != "location" and data.get(name) is not None
    }
    return labels, {at: one for at, one in quotes.items() if at.split("/")[1] in labels}


def _stated_address(page: Page) -> str | None:
    """The address that the page's data gives for the posting; it tells the site."""
    found = (one.data.get("url") for one in page.statements)
    return next((url for url in found if isinstance(url, str) and "://" in url), None)


def without_data(html: str) -> str:
    """A page without its scripts (JSON-LD and state lie in them) and without microdata."""
    bare = _SCRIPT.sub("", html)
    return _TAG.sub(lambda tag: _MICRODATA.sub("", tag.group()), bare)


def _stripped_copy(path: Path, source: Source, page: Page, folder: Path, told: Stated) -> Path:
    """Write the copy; tell if it still states something, or shows another text."""
    body, _ = unpack(source.body, DEFAULT)
    bare = BOM + without_data(decode(body, None).text).encode("utf-8", "replace")
    again = clean(Source(body=bare, locator=str(path), url=page.url, media_type=source.media_type))
    if again.statements:
        told.kept_data += (str(path),)
    if again.text != page.text:
        told.changed_text += (str(path),)
    copy = folder / _below_here(path)
    if copy.exists():
        raise UsageError(f"{copy} exists", hint="name a new folder for the copies")
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(bare)
    except OSError as error:
        raise UsageError(
            f"cannot write {copy}: {(error.strerror or str(error)).lower()}",
            hint="name a folder that can be written to",
        ) from None
    return copy


def _below_here(path: Path) -> Path:
    """The path of a page from the working folder, or from the root if it lies elsewhere."""
    full, here = Path(os.path.abspath(path)), Path.cwd()
    below = full.relative_to(here if full.is_relative_to(here) else full.anchor)
    return below.with_name(below.name.removesuffix(".gz"))
