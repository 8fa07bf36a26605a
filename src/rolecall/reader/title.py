"""The role's title: headings, labelled lines, and parts of the document's title."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecall.core import Span
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
    r"^(?:job application for|application for|job opening|job|vacancy|vacature|career|careers"
    r"|stellenangebot|stellenausschreibung|stelle|offre d['’]emploi|offre|poste|nabídka práce"
    r"|volné místo|vaga|vaga de|oportunidade|offerta di lavoro|вакансия|oferta de empleo|empleo"
    r"|stillingsopslag|ledig stilling|jobb|ledigt jobb|oferta pracy|praca|lowongan kerja|apply for"
    r"|we are hiring|we're hiring|hiring|now hiring|wir suchen|wanted|job title|position|title|role"
    r")\b\s*[:\-–—|]*\s*(?=\S)",
    re.I,
)
GENDER = re.compile(r"\(?\b[mwfdxhg](?:\s*[/|*]\s*[mwfdxhgi]){1,3}\b\)?|:in\b|\*in\b|/-?in\b|\(a\)|/a\b", re.I)
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
            key = _fold(line.text)
            counts[key] = counts.get(key, 0) + 1
    headings = [i for i, line in enumerate(lines) if line.block.kind == "heading"]
    first_heading = headings[0] if headings else -1
    near = [i for i in headings if i < tagged.first]
    last_heading = near[-1] if near else -1
    limit = min(len(lines), max(tagged.first + 6, 12))
    body = _fold(page.text[_start(tagged) : _end(tagged)])
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
        for span, part in _parts(tagged, i):
            text = span.of(page.text)
            key = _fold(text)
            features = [*around, part, *_wording(text, key)]
            features.append(f"part|{line.block.kind}|{part}")
            if document:
                whole = key == document
                features.append("doc=" if whole else "doc+" if f" {key} " in f" {document} " else "doc-")
                if document.startswith(key):
                    features.append("doc^")
            if shown:
                features.append("og+" if key in shown else "og-")
            features.append(f"same={bins(counts.get(key, 0))}")
            features.append("body+" if key in body else "body-")
            out.append(Proposal(unit="title", value=text, span=span, features=tuple(features)))
    return out


def _parts(tagged: Tagged, index: int) -> Iterator[tuple[Span, str]]:
    """The whole line, the line without lead-in words, and runs of its parts from either end."""
    text = tagged.page.text
    whole = value_span(tagged, index)
    if len(tagged.lines[index].words) <= MOST_WORDS:
        yield whole, "whole"
    lead = LEAD.match(whole.of(text))
    base = whole
    if lead and whole.start + lead.end() < whole.end:
        base = Span(whole.start + lead.end(), whole.end)
        yield base, "led"
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
            name = "front" if i == 0 else "back" if j == last else "middle"
            size = "1" if i == j else "+"
            yield Span(base.start + start, base.start + ends[j]), f"{name}{size}"


def _wording(text: str, key: str) -> list[str]:
    words = split_words(text)
    lists = lexicon()
    roles = sum(lists.names_role(word) for word in words)
    out = [f"n={min(len(words), 9)}", f"role={min(roles, 2)}", f"rn={min(roles, 1)}|{bins(len(words))}"]
    if words:
        if lists.names_role(words[-1]):
            out.append("role$")
        if lists.names_role(words[0]):
            out.append("role^")
    heading = lists.heading(words)
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
    if text[:1].islower():
        out.append("lower")
    if any(ch.isdigit() for ch in text):
        out.append("digit")
    if "@" in text or "http" in text or "www." in text:
        out.append("address")
    cues = {cue for word in words if (cue := lists.cue(word)) in ("chrome", "apply", "legal")}
    out.extend(f"cue={cue}" for cue in cues)
    if text.count("(") != text.count(")"):
        out.append("unbalanced")
    return out


def _fold(text: str) -> str:
    return " ".join(split_words(text))


def _start(tagged: Tagged) -> int:
    return tagged.lines[tagged.first].block.span.start if tagged.first < tagged.last else 0


def _end(tagged: Tagged) -> int:
    return tagged.lines[tagged.last - 1].block.span.end if tagged.first < tagged.last else 0
