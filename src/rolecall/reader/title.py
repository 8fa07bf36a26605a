"""The role's title: headings, labelled lines, and parts of the document's title."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecall.core import Span
from rolecall.normalise.places import is_place
from rolecall.reader.blocks import Tagged
from rolecall.reader.lexicon import lexicon, split_words
from rolecall.reader.proposal import Proposal, bins, label_of, place_features, value_span

MOST_WORDS = 28
MOST_PARTS = 6
SPLIT = re.compile(
    r"\s+[-–—|·•»›/]+\s+|\s*[|·•»›]\s*|(?<=\w):\s+|,\s+|\s+@\s*"
    r"|\s+(?:at|bei|chez|bij|ve|hos|presso|para|en|em|in|à|i|w|within|for)\s+(?=[^\W\d_])"
)
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
DIGIT = re.compile("[0-9]")
CUES = frozenset(("chrome", "apply", "legal"))
HINT = re.compile(r"title|headline|position|job-?name|heading|jobtitle|vacan|stelle")
LEVEL = re.compile(r"\b(?:senior|junior|sr|jr|lead|principal|staff|mid|trainee|head|chief)\b", re.I)


def propose_titles(tagged: Tagged) -> list[Proposal]:
    """Every string that may be the role's title, with its features."""
    page, lines = tagged.page, tagged.lines
    document = _fold(lines[0].text) if lines and lines[0].block.kind == "title" else ""
    shown = _fold(page.meta.get("og:title", ""))
    counts: dict[str, int] = {}
    for line in lines:
        if len(line.words) <= MOST_WORDS:
            key = " ".join(line.words)
            counts[key] = counts.get(key, 0) + 1
    headings = [i for i, line in enumerate(lines) if line.block.kind == "heading"]
    first_heading = headings[0] if headings else -1
    near = [i for i in headings if i < tagged.first]
    last_heading = near[-1] if near else -1
    limit = min(len(lines), max(tagged.first + 6, 12))
    site = _fold(page.meta.get("og:site_name", ""))
    marked = {
        " ".join(lines[i].words)
        for i in headings
        if GENDER.search(lines[i].text) or "(" in lines[i].text
    }
    roles = lexicon().names_role
    headed = any(any(map(roles, lines[i].words)) for i in headings if i < max(tagged.first + 3, 8))
    body = " ".join([" ".join(line.words) for line in lines[tagged.first : tagged.last]])
    wordings: dict[str, list[str]] = {}
    out = []
    for i in range(limit):
        line = lines[i]
        role = line.block.role
        if role in ("similar", "cookie") or (role == "chrome" and line.block.kind != "heading"):
            continue
        if not line.words or len(line.text) > 260:
            continue
        around = place_features(tagged, i)
        around.extend(f"l={name}" for name in label_of(tagged, i))
        if HINT.search(line.block.hints[:60]):
            around.append("hint")
        if i == first_heading:
            around.append("h:first")
        if i == last_heading:
            around.append("h:last")
        if line.block.kind == "heading":
            around.append(f"lv={line.block.level}")
        whole_span = value_span(tagged, i)
        for span, part in _parts(tagged, i):
            text = span.of(page.text)
            key = _fold(text)
            wording = wordings.get(text)
            if wording is None:
                wording = wordings[text] = _wording(text, key)
            features = [*around, part, *wording]
            kind = line.block.kind
            features.append(f"part|{kind}|{part}")
            features.append(f"{kind}|{'headed' if headed else 'bare'}")
            inside = _within(key, document, "doc")
            features.extend((inside, f"{inside}|{kind}", f"{inside}|{part}"))
            if document.startswith(key):
                features.append("doc^")
            features.append(_within(key, shown, "og"))
            features.extend(_left_out(page.text, whole_span, span, site))
            features.extend(_tail(text, site))
            if any(other != key and other.startswith(key) for other in marked):
                features.append("longer")
            features.append(f"same={bins(counts.get(key, 0))}")
            features.append("body+" if key in body else "body-")
            out.append(Proposal(unit="title", value=text, span=span, features=tuple(features)))
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
    last = len(starts) - 1
    for i, start in enumerate(starts):
        for j in range(i, len(ends)):
            if (i == 0 and j == last) or ends[j] - start < 3:
                continue
            if i and (led := LEAD.match(text[base.start + start : base.end])) is not None:
                start += led.end()
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
        if not rest:
            continue
        words = split_words(rest)
        if is_place(rest) >= 0.5:
            kind = "place"
        elif site and _fold(rest) in site:
            kind = "site"
        elif any(lexicon().names_role(word) for word in words):
            kind = "role"
        elif _has_digit(rest):
            kind = "code"
        else:
            kind = "other"
        out.append(f"rest{side}{kind}")
    return out


def _tail(text: str, site: str) -> list[str]:
    """Whether the last part of the title itself is a place or the site's name."""
    cuts = list(SPLIT.finditer(text))
    if not cuts:
        return []
    if cuts[-1].group().strip().isalpha():
        return []
    rest = text[cuts[-1].end() :].strip(" -–—|·•»:,@/")
    if not rest:
        return []
    if is_place(rest) >= 0.6:
        return ["tail=place"]
    return ["tail=site"] if site and _fold(rest) == site else []


def _wording(text: str, key: str) -> list[str]:
    words = key.split(" ") if key else []
    lists = lexicon()
    roles = sum(map(lists.names_role, words))
    out = [
        f"n={min(len(words), 9)}",
        f"role={min(roles, 2)}",
        f"rn={min(roles, 1)}|{bins(len(words))}",
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
    if GENDER.search(text):
        out.append("gender")
    if LEVEL.search(text):
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
    cues = sorted(CUES.intersection(map(lists.cue, words)))
    out.extend(f"cue={cue}" for cue in cues)
    if text.count("(") != text.count(")"):
        out.append("unbalanced")
    return out


def _fold(text: str) -> str:
    return " ".join(split_words(text))


def _has_digit(text: str) -> bool:
    return DIGIT.search(text) is not None or (not text.isascii() and any(map(str.isdigit, text)))
