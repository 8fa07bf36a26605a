"""Pure scorers: how right a record's data is, field by field, against an annotated page.

The definitions are those of the corpus guide: text by its words, companies without their legal
form, places by their most specific word, numbers within one per cent, lists by F1.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rolecall.evaluate.training.right import bag_f1, same_company, same_place, words

Data = Mapping[str, Any]
NUMBERS: Final = ("salary_min", "salary_max", "experience_years_min", "experience_years_max")
EQUAL: Final = (
    "workplace",
    "seniority",
    "salary_currency",
    "salary_period",
    "application_email",
    "posting_language",
)
SECTIONS: Final = ("responsibilities", "requirements", "benefits")


@dataclass(frozen=True, slots=True)
class Score:
    """How right a field is (0 to 1), and whether the annotation has a value for it."""

    value: float
    has_value: bool


def field_scores(data: Data, gold: Data) -> dict[str, Score]:
    """The score of every field that is annotated."""
    out = {
        "title": _scalar(data.get("title"), gold["title"], same_text),
        "company": _scalar(
            data.get("company"), gold["company"], lambda a, b: same_company(_words(a), _words(b))
        ),
        "location": _places(data, gold),
        "employment_type": _types(data, gold),
        "education": _scalar(
            data.get("education"),
            gold["education"],
            lambda a, b: bag_f1(_words(a), _words(b)) >= 0.5,
        ),
        "skills": _listed(data.get("skills"), gold["skills"], same_skill),
        "languages_required": _listed(
            data.get("languages_required"),
            gold["languages_required"],
            lambda a, b: fold(a) == fold(b),
        ),
        "description": _scalar(
            data.get("description"), gold.get("description"), lambda a, b: jaccard(a, b) >= 0.8
        ),
        "application_url": _scalar(
            data.get("application_url"),
            gold["application_url"],
            lambda a, b: str(b).split("?")[0].lstrip(".").rstrip("/")[:80] in str(a),
        ),
    }
    for field in EQUAL:
        out[field] = _scalar(data.get(field), gold[field], lambda a, b: fold(a) == fold(b))
    for field in NUMBERS:
        out[field] = _scalar(data.get(field), gold[field], same_number)
    for field in ("date_posted", "valid_through"):
        out[field] = _scalar(data.get(field), gold[field], lambda a, b: str(a)[:10] == str(b)[:10])
    for field in SECTIONS:
        out[field] = _section(data.get(field), gold[field])
    return out


def fold(text: object) -> str:
    """``text`` without markup, case and runs of white space."""
    plain = unicodedata.normalize("NFKC", html.unescape(str(text))).casefold()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", plain)).strip()


def jaccard(a: object, b: object) -> float:
    """Share of the words of either that both have."""
    one, two = set(_words(a)), set(_words(b))
    return len(one & two) / len(one | two) if one | two else 0.0


def same_text(a: object, b: object) -> bool:
    """Equal words, or four fifths of them shared."""
    one, two = _words(a), _words(b)
    return bool(one and two) and (one == two or jaccard(a, b) >= 0.8)


def same_number(a: object, b: object) -> bool:
    """Within one per cent."""
    try:
        return abs(float(str(a)) - float(str(b))) <= 0.01 * abs(float(str(b)))
    except ValueError:
        return False


def same_skill(a: object, b: object) -> bool:
    """Equal but for case, plural and punctuation, or one the greater part of the other."""
    one, two = skill_stem(a), skill_stem(b)
    if one == two or re.sub(r"\W", "", one) == re.sub(r"\W", "", two):
        return True
    return _inside(one.split(), two.split()) or _inside(two.split(), one.split())


def set_f1(found: Sequence[Any], gold: Sequence[Any], same: Callable[[Any, Any], bool]) -> float:
    """F1 of two lists whose items match one to one by ``same``."""
    if not found or not gold:
        return float(not found and not gold)
    left, hit = list(gold), 0
    for item in found:
        match = next((other for other in left if same(item, other)), None)
        if match is not None:
            left.remove(match)
            hit += 1
    return 2 * hit / (len(found) + len(gold))


def _words(text: object) -> list[str]:
    return words(fold(text))


def skill_stem(text: object) -> str:
    """Case, marks at the ends and a plural ``s`` removed."""
    word = fold(text).strip(" .;,:")
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


def _inside(short: list[str], long: list[str]) -> bool:
    n = len(short)
    return n * 2 > len(long) and any(long[i : i + n] == short for i in range(len(long) - n + 1))


def _scalar(found: Any, gold: Any, same: Callable[[Any, Any], bool]) -> Score:
    found = None if found in ("", [], {}) else found
    if gold in (None, ""):
        return Score(float(found is None), False)
    return Score(float(found is not None and same(found, gold)), True)


def _listed(found: Any, gold: Sequence[Any], same: Callable[[Any, Any], bool]) -> Score:
    return Score(set_f1(found or [], gold, same), bool(gold))


def _types(data: Data, gold: Data) -> Score:
    found = {fold(x) for x in data.get("employment_type") or []}
    return Score(float(found == set(gold["employment_type"])), bool(gold["employment_type"]))


def _places(data: Data, gold: Data) -> Score:
    found = [_words(place["text"]) for place in data.get("locations") or []]
    wanted = [_words(place) for place in gold["location"]]
    if not wanted:
        return Score(float(not found), False)
    return Score(set_f1(found, wanted, same_place), True)


def _section(found: Any, gold: Sequence[str]) -> Score:
    text = "\n".join(found or [])
    if not gold:
        return Score(float(not text.strip()), False)
    a, b = Counter(_words(text)), Counter(_words("\n".join(gold)))
    shared = sum((a & b).values())
    total = sum(a.values()) + sum(b.values())
    return Score(2 * shared / total if a and b else 0.0, True)
