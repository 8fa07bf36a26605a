"""Human languages asked for, by their English names.

Cues of a find, from strong to weak:

- ``tag``: the string is nothing but names of languages and levels ("English, German");
- ``required``: a word of proficiency, a level or a label stands near ("fluent in English (C1)");
- ``optional``: so, but as a plus ("German is an advantage");
- ``bare``: the mere name, which may be a nationality ("our German customers").
"""

from __future__ import annotations

from typing import Final

from rolecall.normalise.found import Found
from rolecall.normalise.words import Hit, Words, WordSet, lexicon, word_set, words_of

_NEAR: Final = 6
_TAG_WORDS: Final = 10
_INITIALS: Final = frozenset(("aj", "nj", "cj"))
_BUT: Final = frozenset("but aber mais maar ale mas ma но pero men".split())
_VERB_OBJECTS: Final = tuple((word,) for word in "the our your up a an existing".split())
_COMMON: Final = frozenset(
    # Names that are also common words, which only a capital letter tells apart.
    "polish pools turks fins lets thai welsh greek malay russe turc grec arabe deens danes frans "
    "chino greco persan suomi ceco lets catalan persian francia nemet angol".split()
)


_NATIONALITY: Final = frozenset(
    "nationality nationalitat nationalite nacionalidad nacionalidade nazionalita nationaliteit "
    "staatsangehorigkeit nationalitet narodowosc obywatelstwo obcanstvi".split()
)
"""A word behind one of these says which passport is asked for, and no language."""


def find_languages(text: str, *, language: str | None = None) -> list[Found]:
    """All human languages named, in order of position, each with how it is asked for."""
    words = words_of(text)
    hits = [hit for hit in lexicon("languages").hits(words) if _meant(words, hit)]
    if not hits:
        return []
    tag = len(words.keys) <= _TAG_WORDS and _covered(words, hits)
    out = []
    for hit in hits:
        start, end = words.starts[hit.first], words.ends[hit.last - 1]
        cue = "tag" if tag else _cue(words, hit)
        out.append(Found(value=hit.tag, start=start, end=end, cue=cue))
    return out


def _set(name: str) -> WordSet:
    return word_set("languages", name)


def _meant(words: Words, hit: Hit) -> bool:
    key = words.keys[hit.first]
    raw = words.text[words.starts[hit.first] : words.ends[hit.first]]
    if hit.first and words.keys[hit.first - 1] in _NATIONALITY:
        return False
    if key in _INITIALS:
        return raw.isupper()
    if key in _COMMON:
        verb = key == "polish" and hit.first == 0 and words.after(1, 1)[:1] in _VERB_OBJECTS
        return raw[:1].isupper() and not verb
    return True


def _covered(words: Words, hits: list[Hit]) -> bool:
    inside = {index for hit in hits for index in range(hit.first, hit.last)}
    filler, level = _set("filler"), _set("required")
    plain = all(i in inside or k in filler or k in level for i, k in enumerate(words.keys))
    return plain and len(words.text) <= 100


def _cue(words: Words, hit: Hit) -> str:
    """How the language is asked for, from the words around it in its sentence."""
    follow = words.after(hit.last, 1)
    compound = len(words.keys[hit.first]) > 9 and words.keys[hit.first].endswith(
        (
            "kenntnisse",
            "kenntnissen",
            "sprachig",
            "sprachige",
            "talig",
            "talige",
            "niveau",
            "sproget",
        )
    )
    if follow and follow[0] in _set("thing") and words.joined(hit.last):
        return "bare"
    own, then, ago = _clauses(words, hit)
    optional, required = _set("optional"), _set("required")
    for clause in (own, then, ago):
        if optional.any(clause):
            return "optional"
        if compound or required.any(clause):
            return "required"
    return "required" if compound else "bare"


def _clauses(words: Words, hit: Hit) -> tuple[list[str], list[str], list[str]]:
    """The words of the hit's own clause, the next one and the one before, in its sentence."""
    own, index = [], hit.first
    while index > 0 and hit.first - index < _NEAR and _break(words, index) == 0:
        index -= 1
        own.append(words.keys[index])
    ago: list[str] = []
    if index > 0 and _break(words, index) == 1:
        while index > 0 and len(ago) < _NEAR and _break(words, index) < 2:
            index -= 1
            ago.append(words.keys[index])
    index, count = hit.last, len(words.keys)
    while index < count and index - hit.last < _NEAR and _break(words, index) == 0:
        own.append(words.keys[index])
        index += 1
    then: list[str] = []
    if index < count and _break(words, index) == 1:
        while index < count and len(then) < _NEAR and _break(words, index) < 2:
            then.append(words.keys[index])
            index += 1
    return own, then, ago


def _break(words: Words, index: int) -> int:
    """How much parts word ``index`` from the one before: 2 a sentence, 1 a clause, 0 nothing."""
    gap = words.gap(index)
    if any(mark in gap for mark in (". ", "! ", "? ", ";", "\n", "•")):
        return 2
    return 1 if "," in gap or " – " in gap or " - " in gap or words.keys[index] in _BUT else 0
