"""The block tagger: which lines are the posting's body, and what each line of it is about.

Labels: ``T`` the role's heading, ``F`` a header field, ``P`` body text, ``H`` a heading in the
body, ``D`` duty, ``R`` requirement, ``B`` benefit, ``O`` everything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pycrfsuite

from rolecall.core import Page
from rolecall.reader.block_features import block_features
from rolecall.reader.lines import Line, labelled, prepare

BODY = "PHDRB"
SEEN = ("posting", "header")
READ = ("posting", "header", "chrome")
"""Roles of lines in which a title or a place may stand."""

HEAD_LINES, LEAST_HEAD = 8, 14
"""Lines behind the body's start, and from the page's start, that may hold the role's heading."""

SURELY_BODY = 0.76
"""The probability of being body that leaves less than a quarter to ``T`` and ``F``: too little."""

PRIVACY_WORDS = 3
SIBLING_WORDS = 10
FACT_ROW = 0.2
CLOSING_SHARE, CLOSING_WORDS = 0.8, 60


@dataclass(frozen=True, slots=True)
class Tagged:
    """A page as the tagger read it.

    ``labels`` and ``inside`` (the probability of standing in the body) run parallel to ``lines``;
    the body is ``lines[first:last]``, empty where no body was found. ``shares`` maps labels to
    their probability, line by line: those of the body for posting and header lines, ``T`` and
    ``F`` where the line may be either; a missing one is next to nothing, and never read. What
    follows from these is worked out once: ``zones`` (see ``zone``), ``labelled`` (the fields that
    label a line) and ``under`` (the class of the last heading above a line, its own where it is
    one).
    """

    page: Page
    lines: tuple[Line, ...]
    labels: tuple[str, ...]
    inside: tuple[float, ...]
    shares: tuple[dict[str, float], ...]
    first: int
    last: int
    zones: tuple[str, ...] = field(init=False, repr=False, compare=False)
    labelled: tuple[tuple[str, ...], ...] = field(init=False, repr=False, compare=False)
    under: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out what all finders ask for."""
        object.__setattr__(self, "zones", tuple(map(self._zone, range(len(self.lines)))))
        object.__setattr__(self, "labelled", labelled(self.lines))
        object.__setattr__(self, "under", _under(self.lines))

    def zone(self, index: int) -> str:
        """``head``, ``after``, the label of a body line, or the role of a line of site chrome."""
        return self.zones[index]

    def _zone(self, index: int) -> str:
        role = self.lines[index].block.role
        if role not in SEEN:
            return role
        if index < self.first or self.first == self.last:
            return "head"
        return self.labels[index] if index < self.last else "after"


def _under(lines: Sequence[Line]) -> tuple[str, ...]:
    last, out = "none", []
    for line in lines:
        last = line.head or last
        out.append(last)
    return tuple(out)


def tag(page: Page, tagger: pycrfsuite.Tagger) -> Tagged:
    """Label every line of ``page`` and find the body."""
    lines = prepare(page)
    if not lines:
        return Tagged(page, (), (), (), (), 0, 0)
    labels = tagger.tag(block_features(page, lines))
    marginal = tagger.marginal
    consent = _consent_forms(lines)
    shares: list[dict[str, float]] = []
    inside: list[float] = []
    for i, line in enumerate(lines):
        if line.block.role not in SEEN:
            shares.append({})
            inside.append(0.0)
            continue
        share = {name: marginal(name, i) for name in BODY}
        shares.append(share)
        outside = consent and _form(line.block.path) in consent
        inside.append(0.0 if outside else sum(share.values()))
    first, last = _with_siblings(lines, *body_window(lines, inside))
    last = _to_end_of_element(lines, inside, first, last)
    near = max(first + HEAD_LINES, LEAST_HEAD)
    for i, share in enumerate(shares):
        if lines[i].block.role in READ and (i < near or inside[i] < SURELY_BODY):
            share["T"], share["F"] = marginal("T", i), marginal("F", i)
    return Tagged(page, lines, tuple(labels), tuple(inside), tuple(shares), first, last)


def _form(path: str) -> str:
    """The path of the innermost form or dialog around a line, or nothing."""
    at = max(path.rfind("/form"), path.rfind("/dialog"))
    if at < 0:
        return ""
    end = path.find("/", at + 1)
    return path if end < 0 else path[:end]


def _consent_forms(lines: Sequence[Line]) -> set[str]:
    """Forms with a text on how personal data are processed, unless they hold most of the page."""
    words: dict[str, int] = {}
    private: set[str] = set()
    for line in lines:
        form = _form(line.block.path)
        if form:
            words[form] = words.get(form, 0) + len(line.words)
            if line.cues.get("privacy", 0) >= PRIVACY_WORDS:
                private.add(form)
    total = sum(len(line.words) for line in lines)
    return {form for form in private if words[form] * 2 < total}


def _home_of_body(lines: Sequence[Line], inside: Sequence[float]) -> tuple[str, str]:
    """The element that holds most of the body, and the one around it if it holds little else."""
    mass: dict[str, float] = {}
    for share, line in zip(inside, lines, strict=True):
        mass[line.home] = mass.get(line.home, 0.0) + share * min(60, len(line.words))
    top = max(mass, key=lambda home: mass[home])
    parent = f"{top.rpartition('/')[0]}/"
    held = sum(value for home, value in mass.items() if home.startswith(parent))
    little_else = parent.count("/") > 4 and held < 1.8 * mass[top]
    return top, parent if little_else else ""


def _to_end_of_element(
    lines: Sequence[Line], inside: Sequence[float], first: int, last: int
) -> int:
    """The body's end moved over the employer's closing texts in the element around the body."""
    _, around = _home_of_body(lines, inside)
    if not around or first >= last:
        return last
    end, more = last, 0
    for i in range(last, len(lines)):
        line = lines[i]
        if line.block.role not in SEEN or not line.home.startswith(around):
            break
        if line.kind == "row" or line.label:
            break
        if len(line.words) >= SIBLING_WORDS and line.block.link < 0.5:
            end = i + 1
            more += len(line.words)
    body = sum(len(line.words) for line in lines[first:last])
    return end if CLOSING_WORDS <= more <= CLOSING_SHARE * body else last


def _with_siblings(lines: Sequence[Line], first: int, last: int) -> tuple[int, int]:
    """The window with the paragraphs beside its ends that stand in the same element."""
    if first >= last:
        return first, last
    home = lines[first].block.path.rpartition("/")[0]
    while first > 0 and _sibling(lines[first - 1], home):
        first -= 1
    home = lines[last - 1].block.path.rpartition("/")[0]
    while last < len(lines) and _sibling(lines[last], home):
        last += 1
    return first, last


def _sibling(line: Line, home: str) -> bool:
    block = line.block
    prose = block.role in SEEN and len(line.words) >= SIBLING_WORDS and block.link < 0.5
    return prose and block.tag in ("p", "li") and block.path.rpartition("/")[0] == home


def body_window(lines: Sequence[Line], inside: Sequence[float]) -> tuple[int, int]:
    """The run of lines with the greatest sum of words that probably are body.

    A doubtful line costs little inside the element that holds most of the body and much outside
    of it, so that a gap in a description does not end it while a company profile below does not
    join it. A row of facts outside of that element is no body, however it reads.
    """
    homes = [line.home for line in lines]
    top, around = _home_of_body(lines, inside)
    best = total = 0.0
    window, begin = (0, 0), 0
    for i, share in enumerate(inside):
        near = homes[i] == top or homes[i].startswith(f"{top}/")
        size = len(lines[i].words)
        if not near and lines[i].kind == "row":
            share = min(share, FACT_ROW)
        if share >= 0.5:
            worth = (share - 0.4) * min(30, size) * (1.0 if near else 0.6)
        elif near:
            worth = (share - 0.5) * min(8, size) * 0.5
        elif around and homes[i].startswith(around):
            worth = (share - 0.5) * min(16, max(4, size)) * 0.6
        else:
            worth = (share - 0.5) * max(8, min(30, size))
        if total <= 0:
            total, begin = 0.0, i
        total += worth
        if total > best:
            best, window = total, (begin, i + 1)
    return window
