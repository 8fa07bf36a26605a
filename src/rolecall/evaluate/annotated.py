"""Annotated pages: a page, what is right for it, and the site it came from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rolecall.core import Page, Source
from rolecall.page import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotated:
    """One annotated page. ``gold`` maps the keys of the corpus guide to the right values."""

    id: str
    site: str
    language: str
    page: Page
    gold: Mapping[str, Any]


def load_annotated(corpus: Path) -> list[Annotated]:
    """The annotated pages of a corpus folder (``index.jsonl``, ``pages/``, ``gold/``), by id."""
    samples = []
    for line in (corpus / "index.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        path = corpus / "gold" / f"{row['id']}.json"
        if not row["gold"] or not path.exists():
            continue
        gold = json.loads(path.read_text("utf-8"))
        if gold["kind"] == "not_vacancy":
            continue
        body = (corpus / "pages" / f"{row['id']}.html").read_bytes()
        source = Source(body=body, locator=f"{row['id']}.html", url=row["url"] or None)
        samples.append(
            Annotated(
                id=row["id"], site=row["site"], language=row["lang"], page=clean(source), gold=gold
            )
        )
    return sorted(samples, key=lambda sample: sample.id)
