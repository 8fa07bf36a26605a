"""The role's title: headings, labelled lines, and parts of the document's title."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache, reduce
from itertools import islice
from operator import or_
from typing import NamedTuple

from msgspec import Struct

from rolecall.core import Span
from rolecall.normalise.places import names_place
from rolecall.reader.blocks import Tagged
from rolecall.reader.lexicon import lexicon, split_words
from rolecall.reader.linear import Group
from rolecall.reader.menu import menu_marks
from rolecall.reader.proposal import Proposal, bins, place_features, value_at
from rolecall.reader.word_signs import APPLY, CHROME, LEGAL, LEVEL, LEVELS, ROLE, SIGNS

MOST_WORDS = 28
MOST_PARTS = 6
LONGEST_LINE, LONGEST_PARTED = 260, 220
LEAST_PART = 3
MARKS = " -–—|·•»:,@/"
"""What is left out at the ends of the rest of a line."""

SPLIT = re.compile(
    r"[\s|·•»›:,](?:(?<=\s)\s*(?:[-–—|·•»›/]+\s+|[|·•»›]\s*|@\s*"
    r"|(?:at|bei|chez|bij|ve|hos|presso|para|en|em|in|à|i|w|within|for)\s+(?=[^\W\d_]))"
    r"|(?<=[|·•»›])\s*|(?<=\w:)\s+|(?<=,)\s+)"
)
"""Marks with space around them, and prepositions; the first letter is told so as to be fast."""

LEAD = re.compile(
    r"^(?:(?:job application for|application for|apply for|we are hiring|we're hiring|now hiring"
    r"|stellenangebot|stellenausschreibung|offre d['’]emploi|nabídka práce|volné místo"
    r"|vaga(?: de| para)?|oportunidade|offerta di lavoro|oferta de empleo|stillingsopslag"
    r"|ledig stilling|ledigt jobb|oferta pracy|lowongan kerja|job opening|job title)\b\s*[:\-–—|]*"
    r"|(?:jobs?|vacancy|vacature|careers?|stelle|offre|poste|вакансия|empleo|jobb|praca|hiring|title"
    r"|wir suchen|wanted|position|role|stilling|tjänst)\s*[:–—|-]+\s)\s*(?=\S)",
    re.I,
)
LEAD_HEADS = frozenset(
    "job app we' nab now ste off vol vag opo ofe sti led low vac car pos emp pra hir tit wir wan"
    " rol".split()
) | {"we "}
"""The first three letters of ``LEAD`` where they are ASCII; a text of others is always looked at."""

GENDER = re.compile(
    r"\(?\b[mwfdxhg](?:\s*[/|*]\s*[mwfdxhgi]){1,3}\b\)?|:in\b|\*in\b|/-?in\b|\(a\)|/a\b", re.I
)
GENDER_MARK = re.compile("[/|*:(]")
DIGIT = re.compile("[0-9]")
NO_WORD = re.compile("[-/']")
CUES = (("apply", APPLY), ("chrome", CHROME), ("legal", LEGAL))
HINT = re.compile(r"title|headline|position|job-?name|heading|jobtitle|vacan|stelle")
LEVEL_NAME = re.compile(rf"\b(?:{'|'.join(LEVELS)})\b", re.I)


class Context(Struct, frozen=True):
    """What every proposal of a page is compared with, all folded."""

    document: str
    shown: str
    site: str
    body: str
    counts: Mapping[str, int]
    marked: frozenset[str]
    first_heading: int
    last_heading: int
    headed: str


class Wording(NamedTuple):
    """A text's words, folded, the features of its wording, and what its last part is.

    ``tail`` is that part's words where there are several parts, ``placed`` says it is a place.
    """

    key: str
    marks: Group
    tail: str
    placed: bool


def propose_titles(tagged: Tagged) -> list[Proposal]:
    """Every string that may be the role's title, with its features."""
    lines = tagged.lines
    context = _context(tagged)
    known: dict[str, tuple[str, Group, list[str]]] = {}
    out = []
    for i, line in enumerate(lines[: max(tagged.first + 6, 12)]):
        role, kind = line.block.role, line.block.kind
        if role in ("similar", "cookie") or (role == "chrome" and kind != "heading"):
            continue
        if not line.words or len(line.text) > LONGEST_LINE:
            continue
        around = (place_features(tagged, i), _around(tagged, i, context))
        at = value_at(line)
        whole, start = line.text[at:], line.block.span.start + at
        for first, last, part in _parts(whole, len(line.words)):
            text = whole[first:last]
            told = known.get(text)
            if told is None:
                told = known[text] = _compared(text, context)
            inside, marks, features = told
            span = Span(start + first, start + last)
            if last - first < len(whole):
                features = [*features, *_left_out(whole, first, last, context.site)]
            groups = (*around, _told(part, kind, inside, context.headed), marks)
            out.append(
                Proposal(
                    unit="title", value=text, span=span, features=tuple(features), groups=groups
                )
            )
    return out


def _context(tagged: Tagged) -> Context:
    page, lines = tagged.page, tagged.lines
    counts: dict[str, int] = {}
    for line in lines:
        if len(line.words) <= MOST_WORDS:
            key = " ".join(line.words)
            counts[key] = counts.get(key, 0) + 1
    headings = [i for i, line in enumerate(lines) if line.block.kind == "heading"]
    near = [i for i in headings if i < tagged.first]
    role = lexicon().names_role
    headed = any(any(map(role, lines[i].words)) for i in headings if i < max(tagged.first + 3, 8))
    texts = [lines[i] for i in headings]
    return Context(
        document=_fold(lines[0].text) if lines and lines[0].block.kind == "title" else "",
        shown=_fold(page.meta.get("og:title", "")),
        site=_fold(page.meta.get("og:site_name", "")),
        body=" ".join([" ".join(line.words) for line in lines[tagged.first : tagged.last]]),
        counts=counts,
        marked=frozenset(
            " ".join(line.words) for line in texts if "(" in line.text or _gendered(line.text)
        ),
        first_heading=headings[0] if headings else -1,
        last_heading=near[-1] if near else -1,
        headed="headed" if headed else "bare",
    )


def _around(tagged: Tagged, i: int, context: Context) -> Group:
    """What else the line says that a proposal is taken from: labels, hints, rank of heading."""
    block = tagged.lines[i].block
    return _headed(
        tagged.labelled[i],
        _hints(block.hints[:60]),
        i == context.first_heading,
        i == context.last_heading,
        block.level if block.kind == "heading" else None,
    )


@lru_cache(maxsize=1024)
def _headed(
    labels: tuple[str, ...], hint: bool, first: bool, last: bool, level: int | None
) -> Group:
    out = [f"l={name}" for name in labels]
    marks = (("hint", hint), ("h:first", first), ("h:last", last))
    out += [name for name, holds in marks if holds]
    return (*out, f"lv={level}") if level is not None else tuple(out)


@lru_cache(maxsize=1024)
def _told(part: str, kind: str, inside: str, headed: str) -> Group:
    """How a proposal was cut from its line, and whether the document's title has it."""
    names = (part, f"part|{kind}|{part}", f"{kind}|{headed}")
    return (*names, inside, f"{inside}|{kind}", f"{inside}|{part}")


def _compared(text: str, context: Context) -> tuple[str, Group, list[str]]:
    """How a text stands in the document's title, its wording, and where else the page has it."""
    key, marks, tail, placed = _wording(text)
    inside = _within(key, context.document, "doc")
    out = [_within(key, context.shown, "og"), f"same={bins(context.counts.get(key, 0))}"]
    out.append("body+" if key in context.body else "body-")
    if context.document.startswith(key):
        out.append("doc^")
    if placed:
        out.append("tail=place")
    elif tail and tail == context.site:
        out.append("tail=site")
    if context.marked and any(other != key and other.startswith(key) for other in context.marked):
        out.append("longer")
    return inside, marks, out


def _parts(whole: str, words: int) -> Iterator[tuple[int, int, str]]:
    """The whole line, the line without lead-in words, and runs of its parts from either end."""
    end = len(whole)
    base = _led(whole, 0, end)
    if words <= MOST_WORDS:
        yield base, end, "whole"
    cuts = [m.span() for m in islice(SPLIT.finditer(whole[base:]), MOST_PARTS - 1)]
    if not cuts or end - base > LONGEST_PARTED:
        return
    starts = [base, *(base + last for _, last in cuts)]
    ends = [*(base + first for first, _ in cuts), end]
    last, free = len(starts) - 1, -1
    for i, start in enumerate(starts):
        for j in range(i, last + 1):
            if (i == 0 and j == last) or ends[j] - start < LEAST_PART:
                continue
            if i and start != free:
                start, free = _led(whole, start, end), start
                if start >= ends[j]:
                    continue
            name = "front" if i == 0 else "back" if j == last else "middle"
            yield start, ends[j], f"{name}1" if i == j else f"{name}+"


def _led(text: str, start: int, end: int) -> int:
    """Where the text from ``start`` on begins without lead-in words."""
    head = text[start : start + 3]
    if head.isascii() and head.lower() not in LEAD_HEADS:
        return start
    led = LEAD.match(text[start:])
    return start + led.end() if led is not None and start + led.end() < end else start


def _within(key: str, whole: str, name: str) -> str:
    """Whether ``key`` is all, a part, or no part of another title of the page."""
    if not whole:
        return f"{name}?"
    if key == whole:
        return f"{name}="
    return f"{name}+" if f" {key} " in f" {whole} " else f"{name}-"


def _left_out(whole: str, first: int, last: int, site: str) -> Iterator[str]:
    """What stands in the rest of the line: a place, a role, a code, the site's name."""
    for side, rest in (("<", whole[:first]), (">", whole[last:])):
        rest = rest.strip(MARKS)
        if rest:
            yield f"rest{side}{_kind_of(rest, site)}"


@lru_cache(maxsize=4096)
def _kind_of(rest: str, site: str) -> str:
    if names_place(rest, 0.5):
        return "place"
    words = split_words(rest)
    if site and " ".join(words) in site:
        return "site"
    if any(map(lexicon().names_role, words)):
        return "role"
    return "code" if _has_digit(rest) else "other"


def _tail(text: str) -> str:
    """The last part of a text of several parts."""
    last = None
    for last in SPLIT.finditer(text):  # noqa: B007
        pass
    if last is None or last.group().strip().isalpha():
        return ""
    return text[last.end() :].strip(MARKS)


@lru_cache(maxsize=1024)
def _hints(hints: str) -> bool:
    return HINT.search(hints) is not None


def _gendered(text: str) -> bool:
    return GENDER_MARK.search(text) is not None and GENDER.search(text) is not None


@lru_cache(maxsize=4096)
def _wording(text: str) -> Wording:
    key = _fold(text)
    words = key.split(" ") if key else []
    signs = list(map(SIGNS.__getitem__, words))
    lists = lexicon()
    roles = sum([sign & ROLE for sign in signs])
    out = [
        f"n={min(len(words), 9)}",
        f"role={min(roles, 2)}",
        f"rn={min(roles, 1)}|{bins(len(words))}",
        *menu_marks(words),
    ]
    if roles:
        out.extend(["role$"] * (signs[-1] & ROLE) + ["role^"] * (signs[0] & ROLE))
    heading = lists.heading(words)
    if heading is not None:
        out.append(f"hd={'hi' if heading.cover >= 0.5 else 'lo'}")
    if names_place(text, 0.5):
        out.append("place")
    if lists.label(key):
        out.append("label")
    if text.isupper():
        out.append("upper")
    if text[:2].islower():
        out.append("lower")
    every = reduce(or_, signs, 0)
    out.extend([f"cue={name}" for name, bit in CUES if every & bit])
    ranked = every & LEVEL or NO_WORD.search(key) is not None
    if ranked and LEVEL_NAME.search(text):
        out.append("level")
    if text.replace(" ", "").isalpha() and "http" not in text:
        return Wording(key, tuple(out), "", False)
    tail = _tail(text)
    placed = tail != "" and names_place(tail, 0.6)
    return Wording(key, (*out, *_marks(text)), "" if placed else _fold(tail), placed)


def _marks(text: str) -> Iterator[str]:
    """What the marks and digits of a text say."""
    if _gendered(text):
        yield "gender"
    if text[-1:] in ".!?:":
        yield f"end{text[-1]}"
    if _has_digit(text):
        yield "digit"
    if "@" in text or "http" in text or "www." in text:
        yield "address"
    if text.count("(") != text.count(")"):
        yield "unbalanced"


def _fold(text: str) -> str:
    return " ".join(split_words(text))


def _has_digit(text: str) -> bool:
    return DIGIT.search(text) is not None or (not text.isascii() and any(map(str.isdigit, text)))
