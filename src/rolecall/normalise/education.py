"""Degrees and schooling asked for: the shortest verbatim phrase with degree and subject.

``value`` is the phrase itself ("Bachelor's degree in Computer Science or related field"), without
"or equivalent experience". Cues: ``degree`` for wordings that name a degree or a school leaving
exam, ``weak`` for words that often speak of something else ("Ausbildung", "formation", "diploma").
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from rolecall.normalise.found import Found
from rolecall.normalise.words import Hit, Words, WordSet, lexicon, word_set, words_of

_MOST_WORDS: Final = 24
TAILS: Final = ("studium", "abschluss", "ausbildung", "uddannelse", "utbildning", "opleiding")
_HARD: Final = re.compile(r"[;:!?\n•|]|\.\s")
_CLOSE: Final = re.compile(r"[()\n]")
_BARE: Final = (("degree",), ("degrees",), ("postgraduate",), ("doctoral",))


def find_education(text: str, *, language: str | None = None) -> list[Found]:
    """All phrases that state a degree, in order of position. ``language`` is not needed."""
    words = words_of(text)
    hits = _accepted(words, lexicon("education").hits(words))
    out: list[Found] = []
    done = 0
    for hit in hits:
        if hit.first < done:
            continue
        phrase = _Phrase(words, hits, hit)
        first = phrase.begin(done)
        last, end = phrase.finish()
        done = last
        start = words.starts[first]
        members = [h for h in hits if first <= h.first < last]
        weak = all(h.tag == "weak" for h in members) or words.keys[first:last] in _BARE
        if weak and last - first < 2 and words.keys[first:last] not in _BARE:
            continue
        out.append(
            Found(
                value=words.text[start:end], start=start, end=end, cue="weak" if weak else "degree"
            )
        )
    return out


def _set(name: str) -> WordSet:
    return word_set("education", name)


def _compounds(words: Words) -> bool:
    return any(map(words.text.__contains__, TAILS))


def _accepted(words: Words, hits: list[Hit]) -> list[Hit]:
    """The hits that really name a degree, and German or Nordic compounds, in order."""
    out = []
    for hit in hits:
        raw = words.text[words.starts[hit.first] : words.ends[hit.last - 1]]
        if hit.tag == "none":
            continue
        if hit.tag == "upper" and not raw[:2].isupper():
            continue
        if hit.tag == "accent" and (raw.isascii() or not raw.isupper()):
            continue
        if hit.tag == "short" and not _in_company(words, hit, hits, raw):
            continue
        out.append(hit)
    if _compounds(words):
        taken = {index for hit in hits for index in range(hit.first, hit.last)}
        out += [
            Hit("degree", index, index + 1)
            for index, key in enumerate(words.keys)
            if index not in taken and key.endswith(TAILS) and key not in TAILS
        ]
        out.sort(key=lambda hit: hit.first)
    return out


def _in_company(words: Words, hit: Hit, hits: list[Hit], raw: str) -> bool:
    """Whether "MS", "BA" and the like stand as degrees: in capitals, beside a degree's words."""
    if not raw.isupper():
        return False
    following = words.keys[hit.last] if hit.last < len(words.keys) else ""
    if following in ("in", "degree", "degrees"):
        return True
    for other in hits:
        near = other.first - hit.last
        far = hit.first - other.last
        if (
            other is not hit
            and other.tag in ("degree", "short")
            and (0 <= near <= 1 or 0 <= far <= 1)
        ):
            return True
    return False


class _Phrase(Struct):
    """The widening of one hit to the phrase it stands in."""

    words: Words
    hits: list[Hit]
    hit: Hit

    def begin(self, done: int) -> int:
        """The first word: adjectives in front of the degree belong to it."""
        words, left = self.words, _set("left")
        first = self.hit.first
        floor = max(done, first - 5)
        bare = words.keys[first].startswith("degree") or self.hit.tag == "weak"
        while first > floor and words.gap(first) in (" ", "-", "/", "\xa0", " / "):
            key = words.keys[first - 1]
            raw = words.text[words.starts[first - 1] : words.ends[first - 1]]
            capital = bare and raw[:1].isupper() and key not in _set("stop") and first - 1 > 0
            own = key in left and key not in _set("stop")
            shown = (capital or (bare and raw.isupper())) and key not in _set("link")
            if not own and not shown:
                break
            first -= 1
        return first

    def finish(self) -> tuple[int, int]:
        """Behind the last word, and the end in characters."""
        words = self.words
        keys, count = words.keys, len(words.keys)
        starts = {h.first: h for h in self.hits}
        index, subject, brackets = self.hit.last, False, 0
        limit = min(count, index + _MOST_WORDS)
        good = index
        end = words.ends[index - 1]
        while index < limit:
            gap = words.gap(index)
            if "(" in gap:
                jump = self._bracket(index)
                brackets += 1
                if jump is None or brackets > 1:
                    break
                index = good = jump
                end = words.ends[index - 1] + 1
                continue
            if (
                ")" in gap
                and "(" not in words.text[words.starts[self.hit.first] : words.starts[index]]
            ):
                break
            if _HARD.search(gap) and not (gap == ". " and keys[index] in _set("link")):
                break
            inner = starts.get(index)
            if inner is not None:
                index = good = inner.last
                end = words.ends[index - 1]
                continue
            ahead = self._other_degree(index)
            if ahead is not None:
                index = ahead
                continue
            step = self._step(index, gap, subject)
            if step is None:
                break
            keep, subject = step
            index += 1
            if keep:
                good, end = index, words.ends[index - 1]
        return good, end

    def _other_degree(self, index: int) -> int | None:
        """The first word of a degree that follows "or" at word ``index``: "or a completed MSc"."""
        if self.words.keys[index] not in _set("or"):
            return None
        for hit in self.hits:
            if index < hit.first <= index + 4 and hit.tag != "weak":
                between = range(index + 1, hit.first + 1)
                if _set("stop").any(self.words.keys[index + 1 : hit.first]):
                    return None
                if not any(_HARD.search(self.words.gap(place)) for place in between):
                    return hit.first
        return None

    def _step(self, index: int, gap: str, subject: bool) -> tuple[bool, bool] | None:
        """Whether word ``index`` may end the phrase and whether a subject has begun, or stop."""
        words = self.words
        key = words.keys[index]
        raw = words.text[words.starts[index] : words.ends[index]]
        follow = words.after(index + 1, 3)
        if key in ("with", "mit", "com", "con", "s", "med"):
            return (False, True) if _set("focus").any(follow) else None
        if key in _set("or"):
            step = self._choice(index, subject)
            if step is not None or key not in _set("link"):
                return step
        if key in ("higher", "above") and words.keys[index - 1] in _set("or"):
            return True, subject
        if key == "equivalent" and follow[:1] in (("in",), ("degree",)):
            return False, subject
        if key in _set("stop") or key.isdigit():
            return None
        if key in _set("link"):
            return (len(key) > 4, True) if "," not in gap or subject else None
        if subject:
            return True, True
        if raw[:1].isupper() and key not in _set("experience"):
            return True, "," in gap or subject
        return (True, False) if key in _set("left") or key == "level" else None

    def _choice(self, index: int, subject: bool) -> tuple[bool, bool] | None:
        """What follows "or" and "and": a degree, a related field, or something else."""
        words = self.words
        follow = words.after(index + 1, 4)
        if not follow:
            return None
        if follow[0] in ("higher", "above"):
            return False, subject
        if follow[0] == "equivalent" and follow[1:2] == ("in",):
            return False, subject
        if _set("stop").any(follow[:2]) or follow[0].isdigit():
            return None
        if not subject:
            return None
        if _set("related").any(follow[:2]):
            named = any(
                w in ("experience", "work", "qualification", "training") for w in follow[:4]
            )
            return None if named else (False, True)
        return None if follow[0] in _set("experience") else (False, True)

    def _bracket(self, index: int) -> int | None:
        """The word behind a bracket that opens before ``index``, if it belongs to the phrase."""
        words = self.words
        opened = words.text.rfind("(", words.ends[index - 1], words.starts[index])
        m = _CLOSE.search(words.text, opened + 1, opened + 160)
        if m is None or m.group() != ")":
            return None
        behind = index
        while behind < len(words.keys) and words.starts[behind] < m.start():
            behind += 1
        inside = words.keys[index:behind]
        leads_on = (
            behind < len(words.keys)
            and words.keys[behind] in _set("link")
            and words.gap(behind).strip() == ")"
        )
        has_degree = any(index <= h.first < behind for h in self.hits)
        listed = not _set("stop").any(inside) and not _set("experience").any(inside)
        return behind if leads_on or has_degree or (listed and len(inside) <= 10) else None
