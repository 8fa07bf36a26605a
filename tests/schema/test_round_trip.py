"""A stated posting, exported to schema.org and read again, is the same posting."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

import pytest

from rolecall import Page, Source, clean, to_schema_org
from rolecall.schema.posting import FIELDS
from rolecall.settle import settle
from rolecall.stated import stated

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "pages"


def read(page: Page) -> dict[str, Any]:
    """What a page states, settled."""
    return dict(settle(page, stated(page)).data or {})


def again(data: dict[str, Any], page: Page) -> dict[str, Any]:
    """The same after an export, on a page with the same text and nothing else."""
    script = json.dumps(to_schema_org(data)).replace("</", "<\\/")
    text = "".join(f"<p>{html.escape(line)}</p>" for line in page.text.split("\n"))
    body = f'<script type="application/ld+json">{script}</script><body>{text}</body>'
    return read(clean(Source(body=body.encode())))


def same(one: Any, two: Any) -> bool:
    """Whether a value is there again; a place may lose words of its line that are no part of it."""
    if isinstance(one, list) and isinstance(two, list) and one and isinstance(one[0], dict):
        return len(one) == len(two) and all(map(same_place, one, two))
    return bool(one == two)


def same_place(one: dict[str, Any], two: dict[str, Any]) -> bool:
    """Whether two places have the same parts, and the second no words that the first lacks."""
    parts = ("city", "region", "country")
    return two["text"] in one["text"] and all(one[part] == two[part] for part in parts)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not there")
def test_nothing_that_schema_org_can_say_is_lost() -> None:
    lost: list[str] = []
    count = 0
    for path in sorted(CORPUS.glob("*.html")):
        page = clean(Source(body=path.read_bytes()))
        if not page.statements:
            continue
        count += 1
        first = read(page)
        second = again(first, page)
        lost += [
            f"{path.name} {name}: {first[name]!r} -> {second.get(name)!r}"
            for name in FIELDS
            if first.get(name) is not None and not same(first[name], second.get(name))
        ]
    assert count
    assert not lost, "\n".join(lost)
