"""Facts above a posting's text, which every board sets in its own way: whole parts of short lines.

Where the line of a quote has no counterpart, the same words may stand there as a fact of their own:
a line, the part behind a label, or a part between marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rolecall.copies.original import Lines
from rolecall.normalise.places import is_place
from rolecall.reader.wording import wording

LABELS: Final = {
    "title": "title",
    "company": "company",
    "places": "location",
    "salary": "salary",
    "employment_type": "employment_type",
    "workplace": "workplace",
    "seniority": "seniority",
    "date_posted": "date_posted",
    "valid_through": "valid_through",
}
"""Units that boards set above the text, and the label each may have there."""

DATES: Final = frozenset({"date_posted", "valid_through"})

LONGEST: Final = 200
"""Characters of a line above the text."""

BODY_WORDS: Final = 8
"""Words of the line with which the text begins: the first long one that both pages have."""

SURE_PLACE: Final = 0.8
MAYBE_PLACE: Final = 0.5
NAME_WORDS: Final = 5
"""Words of a line that may be an employer's name."""

_MARKS: Final = "·|•–—,:;()/"
_PARTS: Final = re.compile(rf"\s*[{_MARKS}]\s*|\s-\s")
_LEFT: Final = re.compile(rf"(?:^|[{_MARKS}]|\s-)\s*$")
_RIGHT: Final = re.compile(rf"\s*(?:$|[{_MARKS}]|-\s)")


def size_of_head(page: Lines, pairs: list[int | None]) -> int:
    """How many lines stand above the text; the document's title, the first, is none of it."""
    for at, there in enumerate(pairs):
        if at and there is not None and page.roles[at] == "v":
            line = page.line(at)
            if line.count(" ") >= BODY_WORDS and len(line) > LONGEST // 4:
                return at
    return 0


def standing(unit: str, page: Lines, head: int, quote: str) -> Iterator[tuple[int, str | None]]:
    """Where ``quote`` stands as a fact in the first ``head`` lines, and the label it has there.

    The document's title comes last.
    """
    for at in (*range(1, head), 0):
        line = page.line(at)
        if at >= head or page.roles[at] != "v" or len(line) > LONGEST:
            continue
        start = line.find(quote)
        while start >= 0:
            label = _label(page, at, line[:start])
            own = label is not None and (not label or LABELS[unit] in label)
            if own and _RIGHT.match(line, start + len(quote)):
                yield page.starts[at] + start, label[0] if label else None
            start = line.find(quote, start + 1)


def _label(page: Lines, at: int, before: str) -> tuple[str, ...] | None:
    """The label of a fact behind ``before``, empty if it has none; ``None`` if it is no fact."""
    if not before.strip():
        above = wording(page.line(at - 1)) if at else None
        bare = above is not None and above.label and above.value_at >= len(page.line(at - 1))
        return above.label if above is not None and bare else ()
    its = wording(before.strip())
    if its.label and its.value_at >= len(before.strip()):
        return its.label
    return () if _LEFT.search(before) else None


def other_places(page: Lines, pairs: list[int | None], head: int, known: str) -> bool:
    """Whether changed lines above the text name places that ``known``, the original, does not."""
    changed = (at for at in range(1, head) if page.roles[at] == "v" and pairs[at] is None)
    text = known.casefold()
    parts = (part for at in changed for part in _PARTS.split(page.line(at)[:LONGEST]))
    return any(
        is_place(part) >= SURE_PLACE and part.strip().casefold() not in text for part in parts
    )


def unsaid(text: str, known: str) -> bool:
    """Whether a part of ``text`` between marks stands nowhere in ``known``."""
    said = known.casefold()
    return any(part.strip().casefold() not in said for part in _PARTS.split(text[:LONGEST]))


def other_names(page: Lines, pairs: list[int | None], head: int, original: str) -> bool:
    """Whether new lines above the text may name an employer that the ``original`` does not.

    Short lines in capitals that are no place, no label, and nothing that a finder knows.
    """
    text = original.casefold()
    for at in range(1, head):
        line = page.line(at)
        if page.roles[at] != "v" or pairs[at] is not None or line.casefold() in text:
            continue
        its = wording(line)
        short = len(its.words) <= NAME_WORDS and line[:1].isupper()
        known = its.triggers or its.label or its.heading or its.cues
        if short and not known and is_place(line) < MAYBE_PLACE:
            return True
    return False
