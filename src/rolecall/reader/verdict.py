"""Whether a page is one posting, and if not, what it is; and whether the posting is closed.

What the page is built of is asked first (its own data, sections, repeated titles, an empty shell),
its words second. In doubt a page is a posting: a wrong refusal loses it, a wrong acceptance is
still caught by the fields that are missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rolecall.core import Candidate, Notice, Reason
from rolecall.reader.blocks import SEEN, Tagged
from rolecall.reader.lines import Line
from rolecall.reader.verdict_phrases import closings
from rolecall.reader.verdict_signs import (
    DENSE,
    LONG_BODY,
    THIN,
    Group,
    Signs,
    line_sizes,
    names_role,
    signs,
)

TEXT_TYPES = frozenset(("text/html", "text/plain", "text/markdown", "application/xhtml+xml"))
LANGUAGES = frozenset(("en", "de", "fr", "nl", "cs", "pt", "it", "ru", "es", "da", "sv", "pl"))
CLEAR_BODY = 150
"""Words of the body that make a page whose data states one posting a posting."""
PROSE = 8
PARAGRAPH = 60
"""Words that make a page worth reading on where its title names a role."""
VARIED = 30
"""Different words, at least, of a text in a language that is not known here."""
LONGEST_LINK = 12
LONGEST_NOTICE = 30
LONGEST_QUOTE = 160
MESSAGES = {
    "not_html": "the input is no text page",
    "empty_text": "the page shows no text",
    "needs_javascript": "the page shows its content only with JavaScript",
    "login_wall": "the page asks to sign in",
    "blocked_page": "the page was withheld by a check against robots or by the server",
    "expired_notice": "the page says that the vacancy is gone and does not show it",
    "list_page": "the page lists postings",
    "several_postings": "the page holds several postings",
    "other": "the page shows no vacancy",
}
WALLS = (
    ("blocked", "blocked_page"),
    ("login", "login_wall"),
    ("missing", "other"),
    ("js", "needs_javascript"),
)


def judge(tagged: Tagged, candidates: Sequence[Candidate]) -> Reason | None:
    """Why the page is not one posting, or ``None`` if it is one. Pure; never raises."""
    if tagged.page.media_type not in TEXT_TYPES:
        return _reason("not_html", tagged.page.media_type)
    stated = any(c.origin == "stated" and c.unit == "title" for c in candidates)
    if stated and sum(line_sizes(tagged)[tagged.first : tagged.last]) >= CLEAR_BODY:
        return None
    seen = signs(tagged, candidates)
    code = _shell(seen) or _wall(seen, tagged) or _many(seen, tagged) or _elsewhere(seen, tagged)
    return _reason(code) if code else None


def closed_notice(tagged: Tagged) -> Notice | None:
    """A warning with the line that says the vacancy is closed, filled or expired, if one does."""
    known = closings()
    for line in tagged.lines:
        if len(line.words) > LONGEST_NOTICE or line.block.role in ("similar", "cookie"):
            continue
        if known.find(line.words):
            quote = line.text[:LONGEST_QUOTE]
            return Notice(
                code="closed", message=f"the page says that the vacancy is closed: {quote}"
            )
    return None


def _shell(seen: Signs) -> str | None:
    """A page that shows nothing at all."""
    if seen.visible >= 4:
        return None
    return "needs_javascript" if seen.scripts or seen.stated or "js" in seen.said else "empty_text"


def _wall(seen: Signs, tagged: Tagged) -> str | None:
    """Something that stands in the place of the posting."""
    visible = seen.vacancy - 3 * seen.shown
    gone = "gone" in seen.early and visible < 4 and seen.body < 50
    if gone and (seen.content < (40 if seen.titled else 140) or _listed(seen, tagged)):
        return "expired_notice"
    if seen.vacancy >= 5 or seen.content > 140:
        return None
    for name, code in WALLS:
        if name not in seen.early:
            continue
        if name == "js" and (seen.content > 60 or seen.vacancy >= 2):
            continue
        if name == "login" and (seen.content > (40 if seen.titled else 80) or seen.vacancy >= 3):
            continue
        if seen.vacancy < 4:
            return code
    cookie = sum(len(line.words) for line in tagged.lines if line.block.role == "cookie")
    said = "cookie" in seen.said and seen.said["cookie"] < 12
    if (said or cookie) and seen.content < 70 and seen.vacancy <= 1 and not seen.groups:
        return "needs_javascript" if cookie and seen.scripts and seen.visible < THIN else "other"
    return None


def _many(seen: Signs, tagged: Tagged) -> str | None:
    """More postings than one: each with its own text, or a list of them."""
    if not seen.shown and _repeated(tagged):
        return "several_postings"
    if seen.stated > 1 and seen.headings >= 4 and seen.body >= CLEAR_BODY and not seen.titled:
        return "several_postings"
    if _listed(seen, tagged) or _openings(seen, tagged):
        return "list_page"
    return "other" if "nothing" in seen.early and seen.vacancy <= 1 and not seen.groups else None


def _listed(seen: Signs, tagged: Tagged) -> bool:
    """Whether titles of postings are repeated, and little else is told."""
    hint = seen.counted or "list" in seen.early or seen.stated > 1
    titled = [group for group in seen.groups if group.titled]
    if not seen.groups or not (titled or hint):
        return False
    group = max(titled or seen.groups, key=lambda g: (g.roles, len(g.members)))
    own = _outside(tagged, group, told=seen.vacancy >= 4 or seen.telling >= 2)
    if seen.shown and own >= 20:
        return False
    count = group.roles if titled else len(group.members) // 3
    if own < (80 if hint else 55) and count >= 6:
        return True
    if own < (60 if hint else 25) and count >= 3:
        return True
    return seen.counted and count >= 8 and own < 150


def _openings(seen: Signs, tagged: Tagged) -> bool:
    """Whether a page without a role of its own links to several, as a careers page does."""
    if seen.titled or seen.shown:
        return False
    links = [
        len(line.words)
        for line in tagged.lines
        if line.block.role in SEEN
        and line.block.link > 0.3
        and len(line.words) <= LONGEST_LINK
        and names_role(line)
    ]
    text = sum(len(line.words) for line in tagged.lines if line.block.role in SEEN)
    return len(links) >= 3 and sum(links) >= 0.15 * text


def _outside(tagged: Tagged, group: Group, *, told: bool) -> int:
    """Words of the body that stand outside the list that ``group`` heads.

    On a page that has the parts of a posting (``told``), longer lines count as much as the body:
    the tagger may have missed it.
    """
    first, last = group.members[0], group.members[-1]
    steps = sorted(b - a for a, b in pairwise(group.members))
    last += steps[len(steps) // 2]
    sizes = line_sizes(tagged)
    body = prose = 0
    for i, line in enumerate(tagged.lines):
        if first <= i < last:
            continue
        if tagged.first <= i < tagged.last:
            body += sizes[i]
        if told and sizes[i] >= PROSE and line.block.role in SEEN and line.block.link < 0.5:
            prose += sizes[i]
    return max(body, prose)


def _repeated(tagged: Tagged) -> bool:
    """Whether two or more role titles of one rank each head the same section heading again."""
    by_rank: dict[tuple[str, int], list[int]] = {}
    for line in tagged.lines:
        block = line.block
        if block.role not in SEEN or block.kind == "title" or len(line.words) > 12:
            continue
        if (block.kind == "heading" or block.bold) and line.text[-1:] not in ".?!:":
            if line.heading is not None and line.heading.cover >= 0.5:
                continue
            if names_role(line):
                by_rank.setdefault((block.tag, block.level), []).append(line.index)
    for found in by_rank.values():
        starts = [i for n, i in enumerate(found) if n == 0 or i - found[n - 1] > 2]
        if _alike([_telling_words(tagged.lines[i]) for i in starts]):
            continue
        ends = [*starts[1:], len(tagged.lines)]
        heads = [
            {
                line.text
                for line in tagged.lines[start + 1 : end]
                if line.heading is not None
                and line.heading.cover >= 0.5
                and line.heading.name in ("duties", "requirements", "benefits")
            }
            for start, end in zip(starts, ends, strict=True)
        ]
        for mine in heads:
            if sum(bool(mine & other) for other in heads) >= 2:
                return True
    return False


def _telling_words(line: Line) -> frozenset[str]:
    return frozenset(word for word in line.words if len(word) > 2 and "/" not in word)


def _alike(titles: Sequence[frozenset[str]]) -> bool:
    """Whether all titles share most of their words: one role, named again or in two languages."""
    return all(2 * len(title & titles[0]) >= len(title | titles[0]) for title in titles)


def _elsewhere(seen: Signs, tagged: Tagged) -> str | None:
    """A page of another kind: a template without content, an article, a product, a profile."""
    if seen.shown:
        return None
    if seen.content < THIN and not seen.titled and seen.body < THIN:
        if "nothing" in seen.said:
            return "other"
        return "needs_javascript" if seen.scripts else "empty_text" if seen.visible < 8 else "other"
    if seen.counted or seen.lists >= (1 if seen.groups else 2) or _cards(seen, tagged):
        other = "list_page"
    else:
        other = "other"
    foreign = tagged.page.language not in LANGUAGES
    if foreign and other == "other" and seen.content >= PARAGRAPH and _varied(tagged):
        return None
    if seen.titled and (seen.content >= (THIN if foreign else PARAGRAPH) or seen.applies):
        return None
    return other if not seen.telling or (seen.vacancy <= 1 and seen.body < LONG_BODY) else None


def _varied(tagged: Tagged) -> bool:
    """Whether there are as many different words as a text in an unknown language has.

    Tables of numbers, filler and one line said again and again have not.
    """
    found: set[str] = set()
    for line in tagged.lines:
        if line.block.role in SEEN:
            found.update(word for word in line.words if word.isalpha())
            found.update(DENSE.findall(line.text))
            if len(found) >= VARIED:
                return True
    return False


def _cards(seen: Signs, tagged: Tagged) -> bool:
    """Whether headings that are links each head a few lines, as results do."""
    for group in seen.groups:
        heads = [i for i in group.members if tagged.lines[i].block.kind == "heading"]
        if group.linked == len(group.members) == len(heads):
            steps = [b - a for a, b in pairwise(heads)]
            if min(steps) >= 3 and max(steps) <= 30:
                return True
    return False


def _reason(code: str, detail: str = "") -> Reason:
    message = MESSAGES[code]
    return Reason(
        code=code, stage="verdict", message=f"{message} ({detail})" if detail else message
    )
