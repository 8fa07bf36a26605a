"""The role's title: headings, labelled lines, and parts of the document's title."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from rolecall.core import Span
from rolecall.normalise.places import is_place
from rolecall.reader.blocks import Tagged
from rolecall.reader.lexicon import lexicon, split_words
from rolecall.reader.menu import menu_marks
from rolecall.reader.proposal import Proposal, bins, label_of, place_features, value_span

MOST_WORDS = 28
MOST_PARTS = 6
LONGEST_LINE = 260
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
GENDER = re.compile(
    r"\(?\b[mwfdxhg](?:\s*[/|*]\s*[mwfdxhgi]){1,3}\b\)?|:in\b|\*in\b|/-?in\b|\(a\)|/a\b", re.I
)
GENDER_MARK = re.compile("[/|*:(]")
DIGIT = re.compile("[0-9]")
NO_WORD = re.compile("[-/']")
CUES = frozenset(("chrome", "apply", "legal"))
HINT = re.compile(r"title|headline|position|job-?name|heading|jobtitle|vacan|stelle")
LEVELS = (
    "senior",
    "junior",
    "sr",
    "jr",
    "lead",
    "principal",
    "staff",
    "mid",
    "trainee",
    "head",
    "chief",
)
LEVEL = re.compile(rf"\b(?:{'|'.join(LEVELS)})\b", re.I)
LEVEL_WORDS = frozenset(LEVELS)


@dataclass(frozen=True, slots=True)
class Context:
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


def propose_titles(tagged: Tagged) -> list[Proposal]:
    """Every string that may be the role's title, with its features."""
    lines = tagged.lines
    context = _context(tagged)
    out = []
    for i in range(min(len(lines), max(tagged.first + 6, 12))):
        line = lines[i]
        role = line.block.role
        if role in ("similar", "cookie") or (role == "chrome" and line.block.kind != "heading"):
            continue
        if not line.words or len(line.text) > LONGEST_LINE:
            continue
        around = _around(tagged, i, context)
        whole = value_span(tagged, i)
        for span, part in _parts(tagged, i):
            text = span.of(tagged.page.text)
            features = [*around, *_features(text, part, line.block.kind, context)]
            features.extend(_left_out(tagged.page.text, whole, span, context.site))
            out.append(Proposal(unit="title", value=text, span=span, features=tuple(features)))
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


def _around(tagged: Tagged, i: int, context: Context) -> list[str]:
    """The features of the line that a proposal is taken from."""
    block = tagged.lines[i].block
    out = place_features(tagged, i)
    out.extend([f"l={name}" for name in label_of(tagged, i)])
    if _hints(block.hints[:60]):
        out.append("hint")
    if i == context.first_heading:
        out.append("h:first")
    if i == context.last_heading:
        out.append("h:last")
    if block.kind == "heading":
        out.append(f"lv={block.level}")
    return out


def _features(text: str, part: str, kind: str, context: Context) -> list[str]:
    """The features of a proposal's own wording, and of where else the page has it."""
    key, wording = _wording(text)
    inside = _within(key, context.document, "doc")
    out = [part, *wording, f"part|{kind}|{part}", f"{kind}|{context.headed}"]
    out += [inside, f"{inside}|{kind}", f"{inside}|{part}"]
    if context.document.startswith(key):
        out.append("doc^")
    out.append(_within(key, context.shown, "og"))
    out += _tail(text, context.site)
    if any(other != key and other.startswith(key) for other in context.marked):
        out.append("longer")
    out.append(f"same={bins(context.counts.get(key, 0))}")
    out.append("body+" if key in context.body else "body-")
    return out


def _parts(tagged: Tagged, index: int) -> Iterator[tuple[Span, str]]:
    """The whole line, the line without lead-in words, and runs of its parts from either end."""
    text = tagged.page.text
    base = value_span(tagged, index)
    lead = LEAD.match(base.of(text))
    if lead and base.start + lead.end() < base.end:
        base = Span(base.start + lead.end(), base.end)
    if len(tagged.lines[index].words) <= MOST_WORDS:
        yield base, "whole"
    cuts = [(m.start(), m.end()) for m in SPLIT.finditer(base.of(text))][: MOST_PARTS - 1]
    if not cuts or base.end - base.start > 220:
        return
    starts = [0, *(end for _, end in cuts)]
    ends = [*(start for start, _ in cuts), base.end - base.start]
    last, free = len(starts) - 1, -1
    for i, start in enumerate(starts):
        for j in range(i, len(ends)):
            if (i == 0 and j == last) or ends[j] - start < 3:
                continue
            if i and start != free:
                led, free = LEAD.match(text[base.start + start : base.end]), start
                start += led.end() if led is not None else 0
                if start >= ends[j]:
                    continue
            name = "front" if i == 0 else "back" if j == last else "middle"
            size = "1" if i == j else "+"
            yield Span(base.start + start, base.start + ends[j]), f"{name}{size}"


def _within(key: str, whole: str, name: str) -> str:
    """Whether ``key`` is all, a part, or no part of another title of the page."""
    if not whole:
        return f"{name}?"
    if key == whole:
        return f"{name}="
    return f"{name}+" if f" {key} " in f" {whole} " else f"{name}-"


def _left_out(text: str, whole: Span, span: Span, site: str) -> list[str]:
    """What stands in the rest of the line: a place, a role, a code, the site's name."""
    out = []
    for side, rest in (("<", text[whole.start : span.start]), (">", text[span.end : whole.end])):
        rest = rest.strip(" -–—|·•»:,@/")
        if rest:
            out.append(f"rest{side}{_kind_of(rest, site)}")
    return out


@lru_cache(maxsize=4096)
def _kind_of(rest: str, site: str) -> str:
    if is_place(rest) >= 0.5:
        return "place"
    words = split_words(rest)
    if site and " ".join(words) in site:
        return "site"
    if any(map(lexicon().names_role, words)):
        return "role"
    return "code" if _has_digit(rest) else "other"


def _tail(text: str, site: str) -> list[str]:
    """Whether the last part of the title itself is a place or the site's name."""
    last = None
    for last in SPLIT.finditer(text):  # noqa: B007
        pass
    if last is None or last.group().strip().isalpha():
        return []
    rest = text[last.end() :].strip(" -–—|·•»:,@/")
    if not rest:
        return []
    if is_place(rest) >= 0.6:
        return ["tail=place"]
    return ["tail=site"] if site and _fold(rest) == site else []


@lru_cache(maxsize=1024)
def _hints(hints: str) -> bool:
    return HINT.search(hints) is not None


def _gendered(text: str) -> bool:
    return GENDER_MARK.search(text) is not None and GENDER.search(text) is not None


@lru_cache(maxsize=4096)
def _wording(text: str) -> tuple[str, tuple[str, ...]]:
    """A text's words, folded, and the features of its wording."""
    key = _fold(text)
    words = key.split(" ") if key else []
    lists = lexicon()
    roles = sum(map(lists.names_role, words))
    out = [
        f"n={min(len(words), 9)}",
        f"role={min(roles, 2)}",
        f"rn={min(roles, 1)}|{bins(len(words))}",
        *menu_marks(words),
    ]
    if words:
        if lists.names_role(words[-1]):
            out.append("role$")
        if lists.names_role(words[0]):
            out.append("role^")
    heading = lists.heading(words)
    if is_place(text) >= 0.5:
        out.append("place")
    if heading is not None:
        out.append(f"hd={'hi' if heading.cover >= 0.5 else 'lo'}")
    if lists.label(key):
        out.append("label")
    if _gendered(text):
        out.append("gender")
    told = not LEVEL_WORDS.isdisjoint(words) or NO_WORD.search(key) is not None
    if told and LEVEL.search(text):
        out.append("level")
    if text[-1:] in ".!?:":
        out.append(f"end{text[-1]}")
    if text.isupper():
        out.append("upper")
    if text[:2].islower():
        out.append("lower")
    if _has_digit(text):
        out.append("digit")
    if "@" in text or "http" in text or "www." in text:
        out.append("address")
    cues = CUES.intersection(map(lists.cue, words))
    out.extend([f"cue={cue}" for cue in sorted(cues)] if cues else ())
    if text.count("(") != text.count(")"):
        out.append("unbalanced")
    return key, tuple(out)


def _fold(text: str) -> str:
    return " ".join(split_words(text))


def _has_digit(text: str) -> bool:
    return DIGIT.search(text) is not None or (not text.isascii() and any(map(str.isdigit, text)))
