"""What the walk knows about an open element, and the draft of a line."""

from __future__ import annotations

from msgspec import Struct

from rolecall.core import Kind
from rolecall.page.limits import DEFAULT
from rolecall.page.visibility import UNSEEN_TAGS

__all__ = ["Draft", "Frame", "kind_of"]

UNSEEN, INLINE, BLOCK, BREAK, TEXT = range(5)
BLOCK_TAGS = (
    "address article aside blockquote body button caption center dd details dialog dir div dl dt"
    " fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup html legend li main"
    " menu nav ol option p pre search section select summary table tbody td textarea tfoot th thead"
    " tr ul".split()
)
SORTS = (
    dict.fromkeys(UNSEEN_TAGS | {"title", "-comment", "!doctype", "-document"}, UNSEEN)
    | dict.fromkeys(BLOCK_TAGS, BLOCK)
    | dict.fromkeys(("br", "hr"), BREAK)
    | {"-text": TEXT}
)
HEADINGS = {f"h{n}": n for n in range(1, 7)}
CELLS = frozenset({"td", "th", "dt", "dd", "tr"})
_TELLING_TAGS = CELLS | HEADINGS.keys() | {"ul", "ol", "pre", "textarea"}
LONGEST_HINTS = 240  # characters
NAMING = ("id", "itemprop", "role")  # besides the class
# Attributes that say more than which class an element is of, and where a link leads.
TELLING = frozenset(
    {*NAMING, "style", "hidden", "aria-hidden", "color"}  # a colour can hide a text
)
EMPHASIS = frozenset({"b", "strong"})
# Inline elements that style a piece of a word or sentence rather than stand beside another.
STYLING = frozenset("b strong i em u s sup sub font mark small big code tt bdi bdo wbr".split())


class Frame:
    """An open element on the walk's stack.

    ``path`` leads to it from the root; after ``longest`` steps ``//`` stands for the rest.
    ``hints`` holds the names (class, id, itemprop, role) of it and its near ancestors in lower
    case.
    """

    __slots__ = (
        "block",
        "bold",
        "cell",
        "counts",
        "depth",
        "first",
        "hints",
        "href",
        "level",
        "lines",
        "own",
        "parent",
        "path",
        "section",
        "steps",
        "tag",
    )

    def __init__(
        self,
        tag: str,
        parent: Frame | None,
        sort: int,
        index: int,
        own: str = "",
        lower: str = "",
        longest: int = DEFAULT.path,
    ) -> None:
        """Open an element; ``own`` are its names, ``lower`` the same in lower case."""
        self.tag = tag
        self.parent = parent
        self.own = own
        self.section: str | None = None
        self.first = 0
        self.counts: dict[str, int] = {}
        if parent is None:
            self.block = tag
            self.level = self.depth = self.steps = 0
            self.bold = self.lines = self.cell = False
            self.href: str | None = None
            self.path = f"/{tag}"
            self.hints = lower
            return
        self.steps = steps = parent.steps + 1
        above = parent.path if steps < longest else f"{parent.path.partition('//')[0]}/"
        self.path = f"{above}/{tag}" if index == 1 else f"{above}/{tag}[{index}]"
        hints = parent.hints
        if own:
            hints = f"{lower} {hints}" if hints else lower.rstrip()
            if len(hints) > LONGEST_HINTS:
                hints = hints.rstrip()[:LONGEST_HINTS]
        self.hints = hints
        self.href = parent.href
        self.lines = parent.lines
        self.depth = parent.depth
        self.bold = parent.bold
        if sort == BLOCK:
            self.block = tag
            self.level = 0
            self.cell = False
            if tag in _TELLING_TAGS:
                self._told(tag)
        else:
            self.block = parent.block
            self.level = parent.level
            self.cell = parent.cell
            if tag in EMPHASIS:
                self.bold = True

    def _told(self, tag: str) -> None:
        """What the tag of a block says of its lines."""
        self.level = HEADINGS.get(tag, 0)
        self.cell = tag in CELLS
        if tag in ("ul", "ol"):
            self.depth += 1
        elif tag in ("pre", "textarea"):
            self.lines = True


class Draft(Struct):
    """A visible line before its role is known. ``linked`` and ``bold`` count characters."""

    text: str
    shift: int
    start: int
    frame: Frame
    linked: int = 0
    bold: int = 0


def kind_of(draft: Draft) -> Kind:
    """The kind of a line, from the element it stands in and its bullet."""
    frame = draft.frame
    if frame.block == "title":
        return "title"
    if frame.level:
        return "heading"
    if draft.shift or frame.block == "li":
        return "item"
    return "row" if frame.cell else "paragraph"
