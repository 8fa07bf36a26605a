"""Years of experience: figures in years, as a lower and an upper bound.

``value`` is ``{"experience_years_min", "experience_years_max"}``. "5+ years" is 5/None, "3-5" 3/5,
"3 to 7+" 3/None, "up to 2" None/2, a bare "3 years" 3/None. Cues of a find:

- ``experience``: an experience word stands near ("5+ years of experience", "3 roky praxe");
- ``bare``: nothing says what the years are of;
- ``other``: the years are of something else (age, a contract's term, the firm's history).
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from msgspec import Struct

from rolecall.normalise.found import Found
from rolecall.normalise.words import Words, fold, lexicon, word_list, word_set, words_of

_WINDOW: Final = 56
_MOST: Final = 40
_BEFORE_UP_TO: Final = 26
_NUMBER_REACH: Final = 8
"""Words in front of the word for years among which its number begins; the patterns allow five."""
_JOIN: Final = (
    r" *(?:-|–|—|‐|‑|−|~|/|to|or|till|until|bis|oder|a|au|ou|tot|of|az|nebo|e|o|y|до|или|til|eller"
    r"|do|lub|and|und|et|en|i|и) *"
)
_FILL: Final = (
    r" *(?:\((?:\d{1,2}\+?|[a-z]{3,8})\) *)?"
    r"(?:(?:full|solid|whole|consecutive|plus|or more|and more|and above|oder mehr|ou plus|of meer"
    r"|ou mais|или более|volle|pelne|last|or greater|minimum|odd|\+) *)?[-‐‑'’ ]*"
)
_MOST_KNOWN: Final = 4096
_LONGEST_KNOWN: Final = 40
_NORDIC: Final = frozenset(("to", "en", "et", "ett", "tva"))
"""Number words that are something else in other languages ("to an")."""
_MORE_INSIDE: Final = re.compile(r"more|mehr|above|plus")
_LABELLED: Final = re.compile(
    r"[a-zа-я ]{0,24}"
    r"(?:experience|required|praxe|опыта|esperienza|experiencia|erfahrung|ervaring)?\)?"
    r" *[:：=] *(?:at least |min\.? )?(\d{1,2})(\+)?(?: *(?:-|–|to) *(\d{1,2})(\+)?)?(?![\d.,%])"
)


class _Forms(Struct, frozen=True):
    """The patterns that are made from the word lists, built when first needed."""

    compounds: dict[str, int]
    tail: re.Pattern[str]
    bracket: re.Pattern[str]
    up_to: re.Pattern[str]
    more: re.Pattern[str]


class _NumberWords(dict[str, bool]):
    """Word -> whether a number may begin with it; worked out when first asked for."""

    def __missing__(self, key: str) -> bool:
        found = key[0].isdigit() or key.startswith(tuple(_numbers()))
        if len(key) <= _LONGEST_KNOWN:
            if len(self) >= _MOST_KNOWN:
                self.clear()
            self[key] = found
        return found


_NUMBERS: Final = _NumberWords()


@cache
def _numbers() -> dict[str, int]:
    return {
        word: number for number in range(1, 21) for word in word_list("years", f"number {number}")
    }


@cache
def _forms() -> _Forms:
    compounds = {
        word: number for number in range(2, 11) for word in word_list("years", f"compound {number}")
    }
    words = "|".join(sorted(_numbers(), key=len, reverse=True))
    num = rf"(\d{{1,2}}(?:[.,]5)?|{words})"
    over = "|".join(word_list("years", "over"))
    return _Forms(
        compounds,
        re.compile(
            rf"(?<![\w.,$€£])(?:{num} *(\+|plus)?{_JOIN})?"
            rf"(?:over |mehr als |more than )?{num} *(\+|plus\b)?{_FILL}$"
        ),
        re.compile(
            rf"(?<!\w)(?:{num}) *\( *(\d{{1,2}}) *(\+)? *\) *(\+)? *(?:or more|plus)?[ -]*$"
        ),
        re.compile(rf"(?<!\w)(?:{'|'.join(word_list('years', 'up to'))})\.? *$"),
        re.compile(rf" *(?:\+|{over})"),
    )


def find_years(text: str, *, language: str | None = None) -> list[Found]:
    """All figures in years, in order of position. ``language`` is not needed."""
    words = words_of(text)
    out: list[Found] = []
    for hit in lexicon("years").hits(words):
        if hit.tag == "compound":
            found = _compound(words, hit.first)
        else:
            found = _before(words, hit.first, hit.last) or _after(words, hit.first)
        if found is not None and (not out or found.start >= out[-1].end):
            out.append(found)
    return out


def _amount(raw: str) -> float:
    numbers = _numbers()
    if raw in numbers:
        return numbers[raw]
    number = float(raw.replace(",", "."))
    return int(number) if number == int(number) else number


class _Letters(dict[str, str]):
    """Character -> one folded character in its place; worked out when first asked for."""

    def __missing__(self, letter: str) -> str:
        plain = (fold(letter) or " ")[:1]
        if len(self) < _MOST_KNOWN:
            self[letter] = plain
        return plain


_LETTERS: Final = _Letters()


def _plain(text: str) -> str:
    """Folded text of the same length, so that positions stay."""
    low = text.lower()
    if low.isascii() and len(low) == len(text):
        return low
    return "".join(map(_LETTERS.__getitem__, text))


def _before(words: Words, index: int, last: int) -> Found | None:
    """Read the number that stands in front of the word for years."""
    near = words.keys[max(0, index - _NUMBER_REACH) : index]
    if not any(map(_NUMBERS.__getitem__, near)):
        return None
    end = words.starts[index]
    begin = max(0, end - _WINDOW)
    window = _plain(words.text[begin:end])
    paren = _forms().bracket.search(window)
    m = paren or _forms().tail.search(window)
    if m is None:
        return None
    if not paren and m.group(3) in _NORDIC and words.keys[index] != "ar":
        return None
    after = _plain(words.text[words.ends[last - 1] : words.ends[last - 1] + 24])
    if paren:
        low, high = _amount(paren.group(2)), None
        plus = True
        start = begin + paren.start()
    else:
        first, plus1, second, plus2 = m.groups()
        plus = (
            bool(plus2 or plus1)
            or bool(_forms().more.match(after))
            or bool(_MORE_INSIDE.search(m.group()))
        )
        low = _amount(first or second)
        high = _amount(second) if first else None
        start = begin + m.start()
    return _bounds(words, index, last, (low, high, plus), start)


def _after(words: Words, index: int) -> Found | None:
    """Read "Experience (years): 3", "Years of experience: 5+", "Лет опыта - 3"."""
    end = words.ends[index]
    behind = words.text[end : end + 60]
    if not (":" in behind or "=" in behind or "：" in behind):
        return None
    m = _LABELLED.match(_plain(behind))
    if m is None:
        return None
    low = _amount(m.group(1))
    high = _amount(m.group(3)) if m.group(3) else None
    value = _value(low, high, bool(m.group(2) or m.group(4)))
    if value is None:
        return None
    return Found(value=value, start=words.starts[index], end=end + m.end(), cue="experience")


def _compound(words: Words, index: int) -> Found | None:
    """Read "zweijährige", "3-jährige", "dvouletá praxe", "3-letnie"."""
    key = words.keys[index]
    for stem, number in _forms().compounds.items():
        if key.startswith(stem):
            return _bounds(words, index, index + 1, (number, None, True), words.starts[index])
    return _before(words, index, index + 1)


def _value(low: float, high: float | None, plus: bool) -> dict[str, float | None] | None:
    if low > _MOST or (high is not None and (high > _MOST or high < low)):
        return None
    return {"experience_years_min": low, "experience_years_max": None if plus else high}


def _bounds(
    words: Words,
    index: int,
    last: int,
    amounts: tuple[float, float | None, bool],
    start: int,
) -> Found | None:
    low, high, plus = amounts
    value = _value(low, high, plus)
    if value is None:
        return None
    begin = max(0, start - _BEFORE_UP_TO)
    ahead = _plain(words.text[begin:start])
    capped = _forms().up_to.search(ahead) if high is None and not plus else None
    if capped is not None:
        value = {"experience_years_min": None, "experience_years_max": low}
        start = begin + capped.start()
    cue = _cue(words, index, last, start, plus or high is not None)
    return Found(value=value, start=start, end=words.ends[last - 1], cue=cue)


def _cue(words: Words, index: int, last: int, start: int, plus: bool) -> str:
    near = _sentence(words, index, last)
    after = words.after(last, 3)
    other, skill = word_set("years", "other"), word_set("years", "experience")
    number = next((i for i in range(index, -1, -1) if words.starts[i] <= start), index)
    before = words.before(number, 4)
    experienced = skill.any(near)
    if word_set("years", "age").any(words.after(last, 2)):
        return "other"
    if word_set("years", "past").any(before) and not skill.any(words.after(last, 5)):
        return "other"
    if other.any(after[:3]) and not skill.any(after[:3]):
        return "other"
    if experienced:
        return "experience"
    follow = after[0] if after else ""
    if plus and (follow in ("in", "of", "as", "with", "of", "using") or follow.endswith("ing")):
        return "experience"
    return "bare"


def _sentence(words: Words, first: int, last: int) -> list[str]:
    """The words of the same sentence, at most twenty before and sixteen behind."""
    left: list[str] = []
    for index in range(first, max(0, first - 20), -1):
        if _stop(words.gap(index)):
            break
        left.append(words.keys[index - 1])
    right: list[str] = []
    for index in range(last, min(len(words.keys), last + 16)):
        if index and _stop(words.gap(index)):
            break
        right.append(words.keys[index])
    return left + right


def _stop(gap: str) -> bool:
    return any(mark in gap for mark in (". ", "! ", "? ", "; ", "\n", "•"))
