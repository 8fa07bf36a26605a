"""Levels of seniority: from an explicit level field, or from a level word in a role title.

A title may hold several level words. The one that says most about the position wins: "Senior
Manager" is a manager, "Senior Staff Engineer" is staff, "Marketing Lead" a lead; of two career
steps as alternatives ("Junior/Pleno") the first counts. Functional managers ("Project Manager")
count as managers.
"""

from __future__ import annotations

from typing import Final

from rolecall.normalise.found import Found
from rolecall.normalise.words import Hit, Words, lexicon, word_set, words_of

_ORDER: Final = {
    level: rank
    for rank, level in enumerate(
        ("internship", "executive", "director", "manager", "lead", "principal", "staff")
    )
}
_TITLE_SIZE: Final = 300
_FIELD_SIZE: Final = 120


def read_level(text: str, *, language: str | None = None) -> Found | None:
    """The level that an explicit level field states, or ``None``; cue ``field``.

    "Mid-Senior level" is senior, "Expert/Leader" is lead, "Associate" is entry, "Not Applicable" is
    nothing. Of several ("Entry level, Mid level") the first counts.
    """
    if len(text) > _FIELD_SIZE:
        return None
    words = words_of(text.replace("/", " "))
    hits = lexicon("levels").hits(words)
    if not hits:
        return find_title_level(text, language=language)
    hit = hits[0]
    if hit.tag == "none":
        return None
    return _found(words, hit, "field")


def find_title_level(title: str, *, language: str | None = None) -> Found | None:
    """The level that a role title states, or ``None``; cue ``title``."""
    words = words_of(title[:_TITLE_SIZE])
    hits = [hit for hit in lexicon("seniority").hits(words) if _meant(words, hit)]
    if not hits:
        return None
    ranked = [hit for hit in hits if hit.tag in _ORDER]
    if ranked:
        best = min(ranked, key=lambda hit: _ORDER[hit.tag])
        return _found(words, best, "title")
    return _found(words, hits[0], "title")


def _meant(words: Words, hit: Hit) -> bool:
    """Leave out words that only look like a level where they stand."""
    if hit.tag == "none":
        return False
    key = " ".join(words.keys[hit.first : hit.last])
    left = words.before(hit.first, 3)
    if word_set("seniority", "reports").any(left):
        return False
    if key in ("chief", "head", "stage", "student", "students", "staff", "entry", "mid", "middle"):
        return _meant_bare(words, hit, key)
    return key != "lead" or "mis" not in left


def _meant_bare(words: Words, hit: Hit, key: str) -> bool:
    follow = words.keys[hit.last] if hit.last < len(words.keys) else ""
    if key == "head":
        return hit.first == 0 or not follow
    if key == "staff":
        return bool(follow) or words.gap(hit.first)[-1:] == "("
    if key == "stage":
        return hit.first == 0 or not follow
    return True


def _found(words: Words, hit: Hit, cue: str) -> Found:
    return Found(
        value=hit.tag, start=words.starts[hit.first], end=words.ends[hit.last - 1], cue=cue
    )
