"""What the skill tagger sees of a line: words, their shapes, their neighbours, known terms.

Features come in families, each a function of few small values, so that the reader can look up the
summed weights of a family instead of building its strings again (see ``skills.py``).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TOKEN = re.compile(r"\.(?=NET\b)|[^\W_]+(?:[.'’][^\W_]+)*[+#]*|[^\w\s]|_")
LONGEST = 8
LONGEST_STEM = 14
NONE = "-"
STEM = re.compile(r"[^\W\d_]{4,14}\*")
JOINERS = frozenset(",/;|•·")

Hit = str
"""``B`` or ``I`` (first or later word), ``1`` or ``2`` (one or more words), the case, the class."""
Ring = tuple[Hit, Hit, Hit, str, str]
"""The known terms at the word before, here and after, the shape, and the list beside it."""
Traits = tuple[str, str, str, str]
Marked = tuple[str, str, Sequence[int], *tuple[Any, ...]]


def spans(text: str) -> list[tuple[int, int]]:
    """Where the words and marks of ``text`` stand; hyphens and slashes are marks of their own."""
    return [match.span() for match in TOKEN.finditer(text)]


def shape(word: str) -> str:
    """The kind of writing: ``x`` lower, ``X`` upper, ``Xx`` title, ``xX`` mixed, ``xd`` digits."""
    if word.islower():
        return "x" if word.isalpha() else "x."
    if word.isupper():
        return ("X" if len(word) > 1 else "X1") if word.isalpha() else "X."
    if word.isdigit():
        return "d"
    if word.istitle():
        return "Xx" if word.isalpha() else "Xx."
    if word.isalpha():
        return "xX"
    if len(word) == 1:
        return word
    return "xd" if any(c.isdigit() for c in word) else "sym"


def key(word: str, stems: Collection[str] = ()) -> str:
    """A word without its inflection, roughly: its listed stem, or lower case with long words cut
    and the plural ``s`` dropped."""
    low = word.lower()
    size = len(low)
    if stems and size > 3:
        for end in range(4, min(size, LONGEST_STEM) + 1):
            if low[:end] in stems:
                return low[:end] + "*"
    if size > 7 or (size > 5 and not low.isascii()):
        return low[: max(5, size - 2)]
    return low[:-1] if size > 3 and low[-1] == "s" else low


@dataclass(frozen=True, slots=True)
class Terms:
    """Known skill terms, by the keys of their words: class, and the spellings that are listed."""

    entries: Mapping[str, str]
    lengths: Mapping[str, Sequence[int]]
    stems: frozenset[str]

    @classmethod
    def of(cls, entries: Mapping[str, str]) -> Terms:
        """Index ``entries`` (``"key key" -> "class|spelling|spelling"``) by first word."""
        lengths: dict[str, set[int]] = {}
        stems: set[str] = set()
        for name in entries:
            words = name.split(" ")
            stems.update(word[:-1] for word in words if len(word) > 4 and word[-1] == "*")
            lengths.setdefault(words[0], set()).add(len(words))
        return cls(
            entries,
            {k: tuple(sorted(v, reverse=True)) for k, v in lengths.items()},
            frozenset(stems),
        )

    def mark(self, words: Sequence[str], entries: Sequence[Marked]) -> dict[int, Hit]:
        """The longest known term at each word, left to right: by index, words without one absent.

        ``entries`` hold each word's key, its shape, and the lengths of terms that begin with it.
        """
        out: dict[int, Hit] = {}
        known, size, free = self.entries, len(words), 0
        for i in [i for i, entry in enumerate(entries) if entry[2]]:
            if i < free:
                continue
            entry = entries[i]
            stem = entry[0]
            for n in entry[2]:
                if n == 1:
                    found = known.get(stem)
                elif n == 2 and i + 1 < size:
                    found = known.get(f"{stem} {entries[i + 1][0]}")
                elif i + n <= size:
                    found = known.get(" ".join([e[0] for e in entries[i : i + n]]))
                else:
                    continue
                if found is not None:
                    _note(out, i, n, found, words)
                    free = i + n
                    break
        return out


def _note(out: dict[int, Hit], at: int, size: int, entry: str, words: Sequence[str]) -> None:
    name, *spellings = entry.split("|")
    said = " ".join(words[at : at + size])
    if said in spellings:
        case = "="
    elif said.lower() in spellings:
        case = "c"
    else:
        case = "~"
    tail = ("1" if size == 1 else "2") + case + name
    out[at] = "B" + tail
    for i in range(at + 1, at + size):
        out[i] = "I" + tail


def compile_terms(rows: Iterable[str]) -> dict[str, str]:
    """The entries of ``Terms`` from lines ``class language: term; term``.

    A ``*`` at the end of a word stands for any ending; such words keep it in their key.
    """
    entries: dict[str, list[str]] = {}
    terms = []
    stems: set[str] = set()
    for row in rows:
        head, colon, tail = row.strip().partition(": ")
        if colon and not row.startswith("#"):
            name = head.partition(" ")[0]
            for term in filter(None, map(str.strip, tail.split(";"))):
                terms.append((name, term))
                stems.update(word[:-1].lower() for word in term.split(" ") if STEM.match(word))
    for name, term in terms:
        words = [term[a:b] for a, b in spans(term) if term[a:b] != "*"]
        if words and len(words) <= LONGEST:
            known = entries.setdefault(" ".join(key(word, stems) for word in words), [name])
            if (spelling := " ".join(words)) not in known:
                known.append(spelling)
    return {k: "|".join(v) for k, v in entries.items()}


def own_features(word: str) -> list[str]:
    """What a word says about itself."""
    low = word.lower()
    return [
        f"w={low}",
        f"W={word}",
        f"s={shape(word)}",
        f"e3={low[-3:]}",
        f"e4={low[-4:]}",
        f"p4={low[:4]}",
        f"n={min(len(word), 8)}",
    ]


def near_features(word: str, offset: int) -> list[str]:
    """What a word says about the one ``offset`` places before (negative) or after it."""
    low = word.lower()
    if offset in (-1, 1):
        return [
            f"{offset}w={low}",
            f"{offset}s={shape(word)}",
            f"{offset}e3={low[-3:]}",
            f"{offset}p5={low[:5]}",
        ]
    return [f"{offset}w={low}", f"{offset}s={shape(word)}"]


def ring_features(ring: Ring) -> list[str]:
    """What known terms say: at the word before, here, after, and across a comma or slash."""
    before, here, after, letters, near = ring
    out = [f"l={near}"] if near else []
    if here != NONE:
        out += [f"g={here}", f"gs={here}{letters}", f"g3={here[:3]}", f"g3s={here[:3]}{letters}"]
    if before != NONE:
        out.append(f"-g={before[:3]}")
    if after != NONE:
        out.append(f"+g={after[:3]}")
    return out


def rings(
    words: Sequence[str], shapes: Sequence[str], hits: Mapping[int, Hit]
) -> list[tuple[int, Ring]]:
    """The words that are, or stand next to or in a list beside, a known term; what is near them."""
    if not hits:
        return []
    size = len(words)
    listed: dict[int, str] = {}
    places = set(hits)
    for i in hits:
        if i:
            places.add(i - 1)
            if i > 1 and words[i - 1] in JOINERS:
                listed[i - 2] = listed.get(i - 2, "") + ">"
        if i + 1 < size:
            places.add(i + 1)
            if i + 2 < size and words[i + 1] in JOINERS:
                listed[i + 2] = "<" + listed.get(i + 2, "")
    places.update(listed)
    tags = [NONE] * (size + 2)
    for i, hit in hits.items():
        tags[i + 1] = hit
    near = listed.get if listed else None
    return [
        (i, (tags[i], tags[i + 1], tags[i + 2], shapes[i], near(i, "") if near else ""))
        for i in places
    ]


def place_features(traits: Traits, letters: str) -> list[str]:
    """What the line says: its section, its length, how list-like and how full of terms it is."""
    section, size, commas, known = traits
    return [
        f"sec={section}",
        f"size={size}",
        f"commas={commas}",
        f"known={known}",
        f"sec={section}{letters}",
        f"commas={commas}{letters}",
        f"known={known}{letters}",
    ]


def first_features(letters: str) -> list[str]:
    """What it says to be the first word of a line."""
    return ["first", f"first={letters}"]


def paren_features(letters: str) -> list[str]:
    """What it says to stand in brackets."""
    return ["paren", f"paren={letters}"]


def inside(words: Sequence[str]) -> list[int]:
    """The words in round brackets, with the opening one."""
    out = []
    opened = False
    for i, word in enumerate(words):
        opened = word == "(" or (opened and word != ")")
        if opened:
            out.append(i)
    return out


def line_traits(section: str, text: str, size: int, known: int) -> Traits:
    """Section, size, commas and known terms of a line of ``size`` words, each in a few steps."""
    count = text.count
    marks = count(",") + count("/") + count(";") + count("|") + count("•") + count("·")
    share = known / size
    return (
        section,
        "s" if size < 6 else "m" if size < 25 else "l",
        "hi" if marks * 6 > size else "mid" if marks * 12 > size else "lo",
        "0" if not known else "lo" if share < 0.15 else "mid" if share < 0.4 else "hi",
    )
