"""The block tagger: which lines are the posting's body, and what each line of it is about.

Labels: ``T`` the role's heading, ``F`` a header field, ``P`` body text, ``H`` a heading in the
body, ``D`` duty, ``R`` requirement, ``B`` benefit, ``O`` everything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rolecall.core import Page
from rolecall.reader.lines import Line, labelled, prepare
from rolecall.reader.tagger import BlockTagger

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
        object.__setattr__(self, "zones", self._zones())
        object.__setattr__(self, "labelled", labelled(self.lines))
        object.__setattr__(self, "under", _under(self.lines))

    def zone(self, index: int) -> str:
        """``head``, ``after``, the label of a body line, or the role of a line of site chrome."""
        return self.zones[index]

    def _zones(self) -> tuple[str, ...]:
        first, last = self.first, self.last
        out: list[str] = []
        for i, (line, label) in enumerate(zip(self.lines, self.labels, strict=True)):
            role = line.block.role
            if role not in SEEN:
                out.append(role)
            elif i < first or first == last:
                out.append("head")
            else:
                out.append(label if i < last else "after")
        return tuple(out)


def _under(lines: Sequence[Line]) -> tuple[str, ...]:
    last, out = "none", []
    for line in lines:
        last = line.head or last
        out.append(last)
    return tuple(out)


def tag(page: Page, tagger: BlockTagger) -> Tagged:
    """Label every line of ``page`` and find the body."""
    lines = prepare(page)
    if not lines:
        return Tagged(page, (), (), (), (), 0, 0)
    labels = tagger.label(page, lines)
    chances = tagger.shares
    consent = _consent_forms(lines)
    shares: list[dict[str, float]] = []
    inside: list[float] = []
    for i, line in enumerate(lines):
        if line.block.role not in SEEN:
            shares.append({})
            inside.append(0.0)
            continue
        share = chances(BODY, i)
        shares.append(share)
        outside = consent and _form(line.block.path) in consent
        inside.append(0.0 if outside else sum(share.values()))
    home, around = _home_of_body(lines, inside)
    first, last = _with_siblings(lines, *_window(lines, inside, home, around))
    last = _to_end_of_element(lines, around, first, last)
    near = max(first + HEAD_LINES, LEAST_HEAD)
    for i, share in enumerate(shares):
        if lines[i].block.role in READ and (i < near or inside[i] < SURELY_BODY):
            share.update(chances("TF", i))
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
    telling = [line for line in lines if line.cues.get("privacy", 0) >= PRIVACY_WORDS]
    private = {form for line in telling if (form := _form(line.block.path))}
    if not private:
        return private
    words = dict.fromkeys(private, 0)
    for line in lines:
        form = _form(line.block.path)
        if form in words:
            words[form] += len(line.words)
    total = sum([len(line.words) for line in lines])
    return {form for form in private if words[form] * 2 < total}


def _home_of_body(lines: Sequence[Line], inside: Sequence[float]) -> tuple[str, str]:
    """The element that holds most of the body, and the one around it if it holds little else."""
    mass: dict[str, float] = {}
    for share, line in zip(inside, lines, strict=True):
        home, worth = line.home, 0.0
        if share:
            size = len(line.words)
            worth = share * (size if size < 60 else 60)
        mass[home] = mass.get(home, 0.0) + worth
    top = max(mass, key=lambda home: mass[home])
    parent = f"{top.rpartition('/')[0]}/"
    held = sum(value for home, value in mass.items() if home.startswith(parent))
    little_else = parent.count("/") > 4 and held < 1.8 * mass[top]
    return top, parent if little_else else ""


def _to_end_of_element(lines: Sequence[Line], around: str, first: int, last: int) -> int:
    """The body's end moved over the employer's closing texts in the element around the body."""
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
    return _window(lines, inside, *_home_of_body(lines, inside))


def _window(
    lines: Sequence[Line], inside: Sequence[float], top: str, around: str
) -> tuple[int, int]:
    below = f"{top}/"
    best = total = 0.0
    window, begin = (0, 0), 0
    for i, (line, share) in enumerate(zip(lines, inside, strict=True)):
        home, size = line.home, len(line.words)
        near = home == top or home.startswith(below)
        if not near and line.kind == "row":
            share = min(share, FACT_ROW)
        if share >= 0.5:
            worth = (share - 0.4) * min(30, size) * (1.0 if near else 0.6)
        elif near:
            worth = (share - 0.5) * min(8, size) * 0.5
        elif around and home.startswith(around):
            worth = (share - 0.5) * min(16, max(4, size)) * 0.6
        else:
            worth = (share - 0.5) * (8 if size < 8 else size if size < 30 else 30)
        if total <= 0:
            total, begin = 0.0, i
        total += worth
        if total > best:
            best, window = total, (begin, i + 1)
    return window
