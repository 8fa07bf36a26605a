"""Where the work is done: remote, hybrid or on site, as a tag or a sentence says it.

Cues of a find, from strong to weak:

- ``tag``: the string is nothing but the label ("Hybrid", "Remote or Hybrid", "100% remote");
- ``field``: the label stands by itself in a short line of other fields ("Remote, Canada");
- ``sentence``: running text says it of this posting ("3 days per week in the office");
- ``weak``: the words are there, but say it of something else or say little ("remote teams").

Rules that are conventions: home office offered now and then is hybrid; "office or remote" is
remote; "no remote" is on site.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from msgspec.structs import replace

from rolecall.normalise.found import Found
from rolecall.normalise.words import MOST_HITS, Hit, Words, WordSet, lexicon, word_set, words_of

_VALUE: Final = {"remote": "remote", "home": "remote", "home office": "hybrid",
                 "hybrid": "hybrid", "onsite": "onsite", "office": "onsite"}  # fmt: skip
_RANK: Final = {"remote": 0, "hybrid": 1, "onsite": 2}
_BARE: Final = frozenset("remote hybrid hybride remoto remota hibrido ibrido hybridni".split())
_PLAIN: Final = ("presencial", "stacjonarn", "in prasenz", "in presenza", "en presentiel")
_WITH: Final = frozenset("with avec mit met s com con med z с".split())
_OR: Final = frozenset(
    "or oder ou of nebo o ou или eller lub and und et en a e i y och og и".split()
)
_LABEL_WORDS: Final = 9
_LABEL_SIZE: Final = 110
_ALONE_BEFORE: Final = re.compile(r"(?:^|[,;:|/()\[\]•·–—-]) *$")
_ALONE_AFTER: Final = re.compile(r" *(?:$|[,;:|/()\[\]•·–—-])")
_SENTENCE_END: Final = re.compile(r"[.!?;](?=\s)|\n")
_SMALL: Final = {
    word: number
    for number, names in enumerate(
        (
            "one ein einen einem un une jeden um en ett jednego",
            "two zwei deux twee dva dois due два dos to tva dwa",
            "three drei trois drie tri tres tre три trzy",
            "four vier quatre ctyri quatro quattro четыре cuatro fire fyra cztery",
            "five funf cinq vijf pet cinco cinque пять fem piec",
        ),
        1,
    )
    for word in names.split()
}


def find_workplace(text: str, *, language: str | None = None) -> list[Found]:
    """All wordings about the workplace, in order of position. ``language`` is not needed."""
    words = words_of(text)
    known = lexicon("workplace")
    hits = known.hits(words)
    days = _days(words)
    if not hits and not (days and known.touches(words)):
        return []
    spoken = [hit for hit in hits if hit.tag in _VALUE]
    if spoken and not days:
        tag = _tag(words, spoken)
        if tag is not None:
            return [tag]
    out = [
        _found(
            words, hit.first, hit.last, "remote" if "remot" in _key(words, hit) else None, "weak"
        )
        for hit in hits
        if hit.tag == "weak"
    ]
    out += [found for hit in spoken if (found := _sentence(words, hit)) is not None]
    out = days + [one for one in out if not any(_overlap(one, day) for day in days)]
    return _settled(text, sorted(out, key=lambda found: found.start))


def _set(name: str) -> WordSet:
    return word_set("workplace", name)


def _key(words: Words, hit: Hit) -> str:
    return " ".join(words.keys[hit.first : hit.last])


def _found(words: Words, first: int, last: int, value: str | None, cue: str) -> Found:
    return Found(value=value, start=words.starts[first], end=words.ends[last - 1], cue=cue)


def _overlap(one: Found, other: Found) -> bool:
    return one.start < other.end and other.start < one.end


def _run(words: Words, hit: Hit, before: int, after: int) -> tuple[list[str], list[str]]:
    """The words joined to a hit on each side, up to the next mark of punctuation."""
    left: list[str] = []
    index = hit.first
    while index > 0 and len(left) < before and words.joined(index):
        index -= 1
        left.append(words.keys[index])
    right: list[str] = []
    index = hit.last
    while index < len(words.keys) and len(right) < after and words.joined(index):
        right.append(words.keys[index])
        index += 1
    return left, right


def _home(words: Words, hit: Hit) -> str:
    """Work from home is hybrid where it is offered, remote where it is the rule."""
    left, right = _run(words, hit, 4, 4)
    for stop, key in enumerate(right):
        if key in _WITH:
            right = right[:stop]
            break
    around = [*left, *right]
    if _set("part").any(around):
        return "hybrid"
    if hit.tag == "remote":
        return "remote"
    if _set("whole").any(around):
        return "remote"
    return "hybrid" if _set("mild").any(around) else _VALUE[hit.tag]


def _value(words: Words, hit: Hit) -> str:
    return _VALUE[hit.tag] if hit.tag in ("hybrid", "onsite", "office") else _home(words, hit)


def _tag(words: Words, spoken: list[Hit]) -> Found | None:
    """The whole string as one label, where nothing but labels and filling words are there."""
    if len(words.keys) > _LABEL_WORDS or len(words.text) > _LABEL_SIZE:
        return None
    covered = {index for hit in spoken for index in range(hit.first, hit.last)}
    filler, mild, part, whole = _set("filler"), _set("mild"), _set("part"), _set("whole")
    for index, key in enumerate(words.keys):
        if index not in covered and not (
            key in filler or key in mild or key in part or key in whole
        ):
            return None
    values = [_value(words, hit) for hit in spoken]
    value = min(values, key=_RANK.__getitem__)
    beside = len(spoken) > 1 and all(
        words.joined(second.first) and first.last == second.first
        for first, second in pairwise(spoken)
    )
    if beside and "hybrid" in values:
        value = "hybrid"
    return _found(words, spoken[0].first, spoken[-1].last, value, "tag")


def _sentence(words: Words, hit: Hit) -> Found | None:
    left, right = _run(words, hit, 3, 3)
    negation = _set("negation")
    value = _value(words, hit)
    negated = negation.any(left) or negation.any(right[:3])
    if negated and not _set("harmless").any((*left, *right)):
        if value == "onsite":
            return None
        return _found(words, hit.first, hit.last, "onsite", "sentence")
    cue = "weak" if hit.tag == "office" else "sentence"
    start, end = words.starts[hit.first], words.ends[hit.last - 1]
    if len(words.text) <= _LABEL_SIZE and _alone(words.text, start, end):
        cue = "field"
    elif _bare(_key(words, hit)) and right and right[0] not in _set("follow"):
        cue = "weak"
    elif value == "onsite" and not _key(words, hit).startswith(_PLAIN):
        beside = [*left, *right, *words.before(hit.first, 1)]
        cue = "sentence" if _set("at work").any(beside) else "weak"
    return _found(words, hit.first, hit.last, value, cue)


def _bare(key: str) -> bool:
    """Whether the find is a mere adjective, whose noun decides what it speaks of."""
    return key in _BARE or (" " not in key and key.startswith(("удаленн", "дистанционн")))


def _alone(text: str, start: int, end: int) -> bool:
    return bool(_ALONE_BEFORE.search(text, max(0, start - 4), start)) and bool(
        _ALONE_AFTER.match(text, end)
    )


def _number(key: str) -> int | None:
    if key.isdecimal():
        return int(key) if len(key) < 4 else None
    return _SMALL.get(key)


def _days(words: Words) -> list[Found]:
    """ "3 days per week in the office", "at least 25% of the time in one of our offices"."""
    out: list[Found] = []
    days, keys, text = _set("days"), words.keys, words.text
    places = days.places(keys)
    if "%" in text:
        places = sorted({*places, *[i for i, key in enumerate(keys) if key.isdecimal()]})
    if not places:
        return out
    week = _set("week")
    tries = 0
    for index in places:
        if tries >= MOST_HITS:
            break
        key = keys[index]
        if key in days:
            if index:
                tries += 1
                number = _number(keys[index - 1])
                if number is not None and 1 <= number <= 7:
                    _share(words, index, number >= 5, out)
        elif text[words.ends[index] : words.ends[index] + 2].strip()[:1] == "%":
            number = _number(key)
            if number is not None and 1 <= number < 100 and week.any(words.after(index + 1, 5)):
                tries += 1
                _share(words, index, False, out)
    return out


def _share(words: Words, index: int, all_week: bool, out: list[Found]) -> None:
    """Note an amount of time at word ``index`` if office or home stands near it."""
    office, home = _set("office word"), _set("home word")
    first = max(0, index - 1)
    near = [*range(index + 1, index + 9), *range(index - 2, index - 8, -1)]
    for place in near:
        if not 0 <= place < len(words.keys):
            continue
        key = words.keys[place]
        where = "onsite" if key in office else "remote" if key in home else None
        begin, last = min(first, place), max(index, place) + 1
        if where is None or _SENTENCE_END.search(
            words.text, words.starts[begin], words.ends[last - 1]
        ):
            continue
        out.append(_found(words, begin, last, where if all_week else "hybrid", "sentence"))
        return


def _settled(text: str, found: list[Found]) -> list[Found]:
    """One sentence says one thing: hybrid beats its parts, "office or remote" is remote."""
    if len(found) < 2:
        return found
    breaks = [m.start() for m in _SENTENCE_END.finditer(text, 0, found[-1].end)]
    sentences: dict[int, list[int]] = {}
    for index, one in enumerate(found):
        sentence = sum(1 for cut in breaks if cut < one.start)
        sentences.setdefault(sentence, []).append(index)
    out = list(found)
    for members in sentences.values():
        strong = [i for i in members if found[i].cue != "weak"]
        values = {found[i].value for i in strong}
        if len(values) < 2:
            continue
        winner = "hybrid" if "hybrid" in values else "remote"
        if winner == "hybrid" and "remote" in values and _either(text, found, strong):
            winner = "remote"
        for i in strong:
            if found[i].value != winner:
                out[i] = replace(found[i], cue="weak")
    return out


def _either(text: str, found: list[Found], strong: list[int]) -> bool:
    """Whether hybrid and remote are offered as a choice."""
    for one, two in pairwise(strong):
        between = text[found[one].end : found[two].start].strip(" ,/").lower()
        if {found[one].value, found[two].value} == {"remote", "hybrid"} and between in ("", *_OR):
            return True
    return False
