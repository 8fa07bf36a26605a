"""Kinds of employment: full time, part time, contract, temporary, internship and others.

Cues of a find, from strong to weak:

- ``tag``: the string is nothing but such labels ("Full-time", "FULL_TIME", "Vollzeit / Teilzeit");
- ``label``: it stands behind a label that asks for it ("Job type: Contract");
- ``sentence``: running text names it in a wording that speaks of a position;
- ``title``: a bare word begins or ends a short line, as in a role title ("Legal Intern");
- ``hours``: only a number of weekly hours stands for it;
- ``weak``: the word may speak of something else ("contract negotiations", "our interns").

``permanent``, ``CDI`` and ``unbefristet`` have no value in the vocabulary and are not found.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from rolecall.normalise.found import Found
from rolecall.normalise.words import LONGEST, MOST_HITS, Hit, Words, lexicon, word_set, words_of

_TAG_WORDS: Final = 9
_LABEL_END: Final = re.compile(r"[:：?=]|\s[-–—|]\s|\t")
_CONSTANTS: Final = {
    "FULL_TIME": "full_time", "FULLTIME": "full_time", "PART_TIME": "part_time",
    "PARTTIME": "part_time", "CONTRACTOR": "contract", "CONTRACT": "contract",
    "TEMPORARY": "temporary", "INTERN": "internship", "INTERNSHIP": "internship",
    "VOLUNTEER": "volunteer", "PER_DIEM": "temporary", "APPRENTICESHIP": "apprenticeship",
    "FREELANCE": "freelance", "OTHER": None,
}  # fmt: skip
_CONSTANT: Final = re.compile(r"\b(?:FULL_TIME|PART_TIME|PER_DIEM)\b")
_HOURS: Final = re.compile(
    r"(?<![\d.,])(?:(\d{1,2})(?:[.,]\d{1,2})? ?(?:-|–|to|tot|bis|à|až) ?)?"
    r"(\d{1,2})(?:[.,]\d{1,2})? ?"
    r"(?:-? ?(?:hours?|hrs?|stunden|std\.?|uur|uren|heures|hodin|horas|ore|timer|timmar|часов|h)\b)"
    r" ?(?:/|per|a|pro|par|por|i|om|w|v|в|each|in de|alla|týdně|semanais|settimanali|w)? ?"
    r"(?:week\b|weekly|wk\b|woche|wöchentlich|semaine|týd|semana|settiman|ugen?\b|veckan?\b|недел)",
    re.IGNORECASE,
)
HOUR_HEADS: Final = frozenset(
    "hour hrs hr stun std uur uren heur hodi hora ore time timm часо h".split()
)
_FULL_HOURS: Final = 35
_PART_HOURS: Final = 30


def find_employment(text: str, *, language: str | None = None) -> list[Found]:
    """All wordings that name a kind of employment, in order. ``language`` is not needed."""
    constant = _CONSTANTS.get(text.strip()) if len(text) < 20 else None
    if constant is not None:
        start = len(text) - len(text.lstrip())
        return [Found(value=constant, start=start, end=start + len(text.strip()), cue="tag")]
    out = _constants(text) if "_" in text else []
    words = words_of(text)
    hits = lexicon("employment").hits(words)
    spoken = [hit for hit in hits if hit.tag != "none" and not hit.tag.endswith("hours")]
    if len(spoken) > 1 and _is_label(words, spoken[0]):
        del spoken[0]
    if spoken:
        tag = len(words.keys) <= _TAG_WORDS and _covered(words, spoken)
        out += [_read(words, hit, tag) for hit in spoken if not _company_number(words, hit)]
    if not HOUR_HEADS.isdisjoint(words.head_set):
        out += _hours(text)
    return sorted(out, key=lambda found: found.start)


def _constants(text: str) -> list[Found]:
    return [
        Found(value=_CONSTANTS[m.group()], start=m.start(), end=m.end(), cue="label")
        for m in islice(_CONSTANT.finditer(text, 0, LONGEST), MOST_HITS)
    ]


def _covered(words: Words, hits: list[Hit]) -> bool:
    """Whether all words belong to the finds or are words that such labels are made of."""
    inside = {index for hit in hits for index in range(hit.first, hit.last)}
    filler, label = word_set("employment", "filler"), word_set("employment", "label")
    return all(
        index in inside or key in filler or key in label or key.isdigit()
        for index, key in enumerate(words.keys)
    )


def _read(words: Words, hit: Hit, tag: bool) -> Found:
    value, _, bare = hit.tag.partition(" ")
    start, end = words.starts[hit.first], words.ends[hit.last - 1]
    if tag:
        cue = "tag"
    elif _labelled(words, hit):
        cue = "label"
    elif bare:
        cue = "title" if _in_title(words, hit) else "weak"
    else:
        cue = "sentence"
    return Found(value=value, start=start, end=end, cue=cue)


def _in_title(words: Words, hit: Hit) -> bool:
    """Whether a bare word begins or ends a short line without a sentence's end."""
    ends = (
        hit.first == 0
        or hit.last == len(words.keys)
        or words.gap(hit.last).strip()[:1] in ("(", ",")
    )
    short = len(words.keys) <= _TAG_WORDS and words.text.rstrip()[-1:] not in (".", "!", "?", ":")
    return short and ends and words.keys[hit.first] in word_set("employment", "title")


def _is_label(words: Words, hit: Hit) -> bool:
    """Whether the word is but the label of what follows: "Contract: permanent, full-time"."""
    if hit.first != 0 or not hit.tag.startswith("contract"):
        return False
    return words.gap(hit.last).lstrip().startswith(":")


def _company_number(words: Words, hit: Hit) -> bool:
    """Whether "IČO" labels a company's number and no way of working."""
    if words.keys[hit.first] != "ico" or hit.last >= len(words.keys):
        return False
    return words.keys[hit.last].isdigit()


def _labelled(words: Words, hit: Hit) -> bool:
    """Whether the clause in front of the find ends a label: "Job type: ", "Employment - "."""
    label = word_set("employment", "label")
    for index in range(hit.first, max(0, hit.first - 6), -1):
        gap = words.gap(index)
        if _LABEL_END.search(gap):
            return label.any(words.keys[max(0, index - 3) : index])
        if any(mark in gap for mark in ".;!()"):
            return False
    first = words.keys[:2]
    return hit.first in (2, 3) and first[-1] == "type" and len(words.keys) <= _TAG_WORDS


def _hours(text: str) -> list[Found]:
    out = []
    for m in islice(_HOURS.finditer(text, 0, LONGEST), MOST_HITS):
        most = int(m.group(2))
        least = int(m.group(1) or most)
        value = None
        if most >= _FULL_HOURS and least >= _FULL_HOURS and most <= 48:
            value = "full_time"
        elif 4 <= most <= _PART_HOURS:
            value = "part_time"
        if value:
            out.append(Found(value=value, start=m.start(), end=m.end(), cue="hours"))
    return out
