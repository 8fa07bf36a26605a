"""What the walk knows about an open element, and the draft of a line."""

from __future__ import annotations

from dataclasses import dataclass

from rolecall.core import Kind
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
TELLING = CELLS | HEADINGS.keys() | {"ul", "ol", "pre", "textarea"}
NAMING = ("id", "itemprop", "role")  # besides the class
EMPHASIS = frozenset({"b", "strong"})
# Inline elements that style a piece of a word or sentence rather than stand beside another.
STYLING = frozenset("b strong i em u s sup sub font mark small big code tt bdi bdo wbr".split())


class Frame:
    """An open element on the walk's stack; path and hints are put together only when asked for."""

    __slots__ = (
        "_hints",
        "_path",
        "block",
        "bold",
        "cell",
        "counts",
        "depth",
        "first",
        "href",
        "index",
        "level",
        "lines",
        "own",
        "parent",
        "section",
        "steps",
        "tag",
    )

    def __init__(self, tag: str, parent: Frame | None, sort: int, index: int) -> None:
        self.tag = tag
        self.parent = parent
        self.index = index
        self.first = 0
        self.own = ""
        self.section: str | None = None
        self.counts: dict[str, int] | None = None
        self._path: str | None = None
        self._hints: str | None = None
        if parent is None:
            self.block = tag
            self.level = self.depth = self.steps = 0
            self.bold = self.lines = self.cell = False
            self.href: str | None = None
            return
        self.steps = parent.steps + 1
        self.href = parent.href
        self.lines = parent.lines
        self.depth = parent.depth
        self.bold = parent.bold
        if sort == BLOCK:
            self.block = tag
            self.level = 0
            self.cell = False
            if tag in TELLING:
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

    def path(self, longest: int) -> str:
        """The steps from the root; after ``longest`` of them ``//`` stands for the rest."""
        if self._path is not None:
            return self._path
        parent = self.parent
        if parent is not None and parent._path is not None and self.steps < longest:
            index = self.index
            path = (
                f"{parent._path}/{self.tag}"
                if index == 1
                else (f"{parent._path}/{self.tag}[{index}]")
            )
            self._path = path
            return path
        chain: list[Frame] = []
        frame: Frame | None = self
        while frame is not None and frame._path is None:
            chain.append(frame)
            frame = frame.parent
        above = frame._path if frame is not None else ""
        for step in reversed(chain):
            name = step.tag if step.index == 1 else f"{step.tag}[{step.index}]"
            if step.steps < longest:
                above = f"{above}/{name}"
                step._path = above
            elif step is self:
                step._path = f"{above}//{name}"
        return self._path or above or ""

    def hints(self) -> str:
        """Lower-case class, id, itemprop and role of the element and its near ancestors."""
        if self._hints is not None:
            return self._hints
        parent = self.parent
        if parent is not None and (above := parent._hints) is not None:
            own = self.own
            self._hints = f"{own.lower()} {above}".rstrip()[:240] if own else above
            return self._hints
        chain: list[Frame] = []
        frame: Frame | None = self
        while frame is not None and frame._hints is None:
            chain.append(frame)
            frame = frame.parent
        hints = (frame._hints or "") if frame is not None else ""
        for step in reversed(chain):
            if step.own:
                hints = f"{step.own.lower()} {hints}".rstrip()[:240]
            step._hints = hints
        return hints


@dataclass(slots=True)
class Draft:
    """A visible line before its role is known. ``linked`` and ``bold`` count characters."""

    text: str
    shift: int
    start: int
    frame: Frame
    bulleted: bool
    linked: int = 0
    bold: int = 0


def kind_of(draft: Draft) -> Kind:
    """The kind of a line, from the element it stands in and its bullet."""
    frame = draft.frame
    if frame.block == "title":
        return "title"
    if frame.level:
        return "heading"
    if draft.bulleted or frame.block == "li":
        return "item"
    return "row" if frame.cell else "paragraph"
