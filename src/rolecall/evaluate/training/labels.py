"""Gold annotations -> one label per block, by aligning words.

Labels: ``T`` the role's heading, ``F`` a header field, ``P`` body text, ``H`` a heading in the
body, ``D`` duty, ``R`` requirement, ``B`` benefit, ``O`` everything else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from rolecall.reader.lines import Line

WORD = re.compile(r"\w+(?:[.+#/&'’-]*\w+|[+#]+)*")
SECTIONS = (("D", "responsibilities"), ("R", "requirements"), ("B", "benefits"))


def fold(text: str) -> str:
    """``text`` as words between single spaces, with a space at both ends, for substring tests."""
    words = WORD.findall(unicodedata.normalize("NFKC", text.replace("\xad", "")).casefold())
    return f" {' '.join(words)} "


def label_blocks(lines: Sequence[Line], gold: Mapping[str, Any]) -> list[str]:
    """The label of every line according to ``gold``."""
    folded = [fold(line.text) for line in lines]
    start, end = body_window(lines, folded, gold)
    labels = ["O"] * len(lines)
    items = {mark: [fold(x) for x in gold[key]] for mark, key in SECTIONS}
    for i in range(start, end):
        labels[i] = _body_label(lines[i], folded[i], items, folded_body(gold))
    title = fold(gold["title"] or "")
    facts = [fold(x) for x in _fact_quotes(gold)]
    for i in range(min(start, len(lines))):
        if len(title) > 2 and same_words(folded[i], title):
            labels[i] = "T"
        elif any(len(x) > 2 and x in folded[i] for x in facts) and len(folded[i]) < 160:
            labels[i] = "F"
    return labels


def folded_body(gold: Mapping[str, Any]) -> str:
    """The annotated description, folded."""
    return fold(gold.get("description") or "")


def body_window(
    lines: Sequence[Line], folded: Sequence[str], gold: Mapping[str, Any]
) -> tuple[int, int]:
    """First and one-past-last line of the description: the run that shares most words with it."""
    body = folded_body(gold)
    if len(body) <= 2:
        return len(lines), len(lines)
    worth = []
    for line, text in zip(lines, folded, strict=True):
        n = text.count(" ") - 1
        if n <= 0:
            worth.append(0.0)
        elif text in body:
            worth.append(n if n > 2 else 0.3 if line.block.kind == "item" else 0.0)
        elif n > 12 and line.block.kind != "title" and _overlap(text, body) > 0.8:
            worth.append(n * 0.5)
        else:
            worth.append(-0.4 * min(n, 25) if line.block.role == "posting" else -0.1)
    best, window, total, begin = 0.0, (len(lines), len(lines)), 0.0, 0
    for i, value in enumerate(worth):
        if total <= 0:
            total, begin = 0.0, i
        total += value
        if total > best:
            best, window = total, (begin, i + 1)
    return window


def _overlap(text: str, body: str) -> float:
    words = text.split()
    inside = set(body.split())
    return sum(word in inside for word in words) / len(words)


def _body_label(line: Line, text: str, items: Mapping[str, Sequence[str]], body: str) -> str:
    n = text.count(" ") - 1
    if n <= 0 or (text not in body and (n <= 12 or _overlap(text, body) <= 0.8)):
        return "O"
    best, share = "P", 0.4
    for mark, wanted in items.items():
        hit = 0
        for item in wanted:
            if len(item) <= 2:
                continue
            if text in item:
                hit = n
                break
            if item in text:
                hit += item.count(" ") - 1
        if hit / n > share:
            best, share = mark, hit / n
    if best == "P" and is_heading(line):
        return "H"
    return best


def is_heading(line: Line) -> bool:
    """Whether a line looks like a heading inside the body."""
    if line.block.kind == "heading":
        return True
    if len(line.text) > 70:
        return False
    marked = line.block.bold or line.text.endswith((":", "?"))
    return marked or (line.heading is not None and line.heading.cover > 0.5)


def same_words(a: str, b: str) -> bool:
    """Whether two folded texts share at least three fifths of their words (Jaccard)."""
    x, y = set(a.split()), set(b.split())
    return bool(x | y) and len(x & y) / len(x | y) >= 0.6


def _fact_quotes(gold: Mapping[str, Any]) -> list[str]:
    keys = ("employment_type_quote", "salary_quote", "date_posted_quote", "valid_through_quote")
    quotes = [gold[k] for k in (*keys, "company", "workplace_quote") if gold.get(k)]
    return quotes + list(gold["location"])
