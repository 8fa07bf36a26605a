"""The body and its parts: description, duties, requirements, benefits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from rolecall.core import Candidate, Problem, Span
from rolecall.reader.blocks import BODY, SEEN, Tagged

SECTIONS: Final = {"D": "responsibilities", "R": "requirements", "B": "benefits"}
MOST: Final = {"responsibilities": 15, "requirements": 20, "benefits": 20}
"""How many items a list holds at most, as the fields are defined; more is cut and said so."""

SENTENCE = re.compile(r"(?<=[.!?;])\s+(?=[^\W\d_a-zà-öø-þа-я]|[\"“„(])")
LONG_WORDS = 24


def section_labels(tagged: Tagged) -> list[str]:
    """One label per line: the tagger's, with the items of one list deciding together."""
    labels = list(tagged.labels)
    for first, last in _lists(tagged):
        if first < tagged.first or last > tagged.last:
            continue
        sums = dict.fromkeys("DRBP", 0.0)
        for i in range(first, last):
            size = min(20, len(tagged.lines[i].words)) + 2
            for name in sums:
                sums[name] += size * tagged.shares[i].get(name, 0.0)
        best = max(sums, key=lambda name: sums[name])
        if sums[best] > 0:
            for i in range(first, last):
                if labels[i] in "DRBPO":
                    labels[i] = best
    return labels


def _lists(tagged: Tagged) -> list[tuple[int, int]]:
    """Runs of items in one list."""
    runs: list[tuple[int, int]] = []
    start, home = -1, ""
    for i, line in enumerate(tagged.lines):
        block = line.block
        path = block.path.rpartition("/li")[0] if "/li" in block.path else ""
        item = block.kind == "item" and block.role in SEEN
        if not (item and start >= 0 and path == home):
            if start >= 0 and i - start > 1:
                runs.append((start, i))
            start, home = (i, path) if item else (-1, "")
    if start >= 0 and len(tagged.lines) - start > 1:
        runs.append((start, len(tagged.lines)))
    return runs


def sections(tagged: Tagged, labels: Sequence[str]) -> list[Candidate]:
    """Candidates for the three lists; each item is a line, or a sentence of a long line."""
    out = []
    for mark, unit in SECTIONS.items():
        spans: list[Span] = []
        weight = total = 0.0
        for i, label in enumerate(labels):
            line = tagged.lines[i]
            if label != mark or line.block.role not in SEEN or not line.words:
                continue
            if mark != "B" and not tagged.first <= i < tagged.last:
                continue
            spans.extend(_items(tagged, i))
            weight += len(line.words)
            total += len(line.words) * tagged.shares[i].get(mark, 0.0)
        if not spans:
            continue
        problems: tuple[Problem, ...] = ()
        if len(spans) > MOST[unit]:
            note = f"{len(spans)} items stand on the page, the first {MOST[unit]} are kept"
            problems = (Problem(pointer=f"/{unit}", kind="truncated", message=note),)
            spans = spans[: MOST[unit]]
        quotes = tuple(span.of(tagged.page.text) for span in spans)
        out.append(
            Candidate(
                unit=unit,
                value=list(quotes),
                quotes=quotes,
                spans=tuple(spans),
                confidence=round(total / weight, 4),
                problems=problems,
            )
        )
    return out


def _items(tagged: Tagged, index: int) -> list[Span]:
    line = tagged.lines[index]
    start, end = line.block.span.start, line.block.span.end
    if line.block.kind == "item" or len(line.words) < LONG_WORDS:
        return [Span(start, end)]
    spans, at = [], 0
    for m in SENTENCE.finditer(line.text):
        spans.append(Span(start + at, start + m.start()))
        at = m.end()
    return [*spans, Span(start + at, end)]


def description(tagged: Tagged) -> Candidate | None:
    """The body's lines without the chrome between them; the span covers all of it."""
    if tagged.first >= tagged.last:
        return None
    rows = range(tagged.first, tagged.last)
    kept = [i for i in rows if tagged.lines[i].block.role in SEEN]
    kept = _without_lead(tagged, kept)
    if not kept:
        return None
    lines = [tagged.lines[i] for i in kept]
    words = sum(len(line.words) for line in lines)
    if not words:
        return None
    sure = sum(tagged.inside[i] * len(tagged.lines[i].words) for i in kept) / words
    span = Span(lines[0].block.span.start, lines[-1].block.span.end)
    return Candidate(
        unit="description",
        value="\n".join(line.text for line in lines),
        quotes=(span.of(tagged.page.text),),
        spans=(span,),
        confidence=round(sure, 4),
    )


def _without_lead(tagged: Tagged, kept: list[int]) -> list[int]:
    """Bare headings at the start, and a repeated title, are not the body's first line."""
    at = 0
    while at < len(kept) - 1 and tagged.labels[kept[at]] not in BODY.replace("H", ""):
        at += 1
    return kept[at:] if at < 4 else kept
